// Two loops on real interfaces: flows are shared between them, and neither a pulled cable nor a port that comes or goes
// costs a connection, a datagram's place in its flow, or a frame that need not be lost.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {
namespace {

constexpr int flow_count = 8;

std::string box_address(int flow) {
  return "192.168.10." + std::to_string(100 + flow);
}

/// A bond of two loops in which BPF carries nothing.
struct LoopHouse : House {
  std::string words(std::string_view lines = {}) const {
    const std::string usual = config(std::string("offload = \"off\"\n").append(lines));
    write_text(config_path(), "loops = 2\n" + read_text(config_path()));
    return usual;
  }
};

/// How often the second loop has been woken.
long wakes_of_second_loop(const Daemon& daemon) {
  const std::string tasks = "/proc/" + std::to_string(daemon.pid()) + "/task";
  const std::string found = run_command("grep -l '^bondbox-2$' " + tasks + "/*/comm").output;
  if (found.empty()) return -1;
  const std::string status = read_text(found.substr(0, found.rfind('/')) + "/status");
  const std::size_t at = status.find("\nvoluntary_ctxt_switches:");
  return at == std::string::npos ? -1 : std::stol(status.substr(at + 25));
}

/// Numbered datagrams in several flows between addresses of their own, in one direction, a few thousand a second.
class Datagrams {
 public:
  struct Report {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t out_of_order = 0;  ///< a number that is not above all before it in its flow: late, or double
  };

  Datagrams(const Namespace& box, const Namespace& town, bool out) {
    for (int flow = 0; flow < flow_count; ++flow) {
      const sockaddr_in at_box = address_of(box_address(flow));
      const sockaddr_in at_town = address_of(House::town_v4);
      senders_.push_back(bound(out ? box : town, out ? at_box : at_town, out ? 0 : 20'000 + flow));
      receivers_.push_back(bound(out ? town : box, out ? at_town : at_box, 10'000 + flow));
      sockaddr_in to = out ? at_town : at_box;
      to.sin_port = htons(static_cast<std::uint16_t>(10'000 + flow));
      if (::connect(senders_.back().get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
        throw std::runtime_error("no datagrams: " + std::string(std::strerror(errno)));
    }
    writer_ = std::thread([this] { write(); });
    reader_ = std::thread([this] { read(); });
  }
  ~Datagrams() { (void)stop(); }
  Datagrams(const Datagrams&) = delete;
  Datagrams& operator=(const Datagrams&) = delete;

  Report stop() {
    stopping_ = true;
    if (writer_.joinable()) writer_.join();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    all_sent_ = true;
    if (reader_.joinable()) reader_.join();
    return report_;
  }

 private:
  static sockaddr_in address_of(const std::string& text) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    (void)::inet_pton(AF_INET, text.c_str(), &address.sin_addr);
    return address;
  }
  static lnx::UniqueFd bound(const Namespace& space, sockaddr_in address, int port) {
    const Namespace::Stay inside(space);
    lnx::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int room = 1 << 20;
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("no datagrams: " + std::string(std::strerror(errno)));
    return fd;
  }
  void write() {
    std::uint64_t number = 0;
    while (!stopping_) {
      ++number;
      for (const lnx::UniqueFd& sender : senders_)
        if (::send(sender.get(), &number, sizeof number, 0) == sizeof number) ++report_.sent;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  void read() {
    std::array<std::uint64_t, flow_count> highest{};
    while (!all_sent_) {
      for (std::size_t flow = 0; flow < receivers_.size(); ++flow) {
        std::uint64_t number = 0;
        while (::recv(receivers_[flow].get(), &number, sizeof number, 0) == sizeof number) {
          ++report_.received;
          if (number <= highest[flow]) ++report_.out_of_order;
          highest[flow] = std::max(highest[flow], number);
        }
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  std::vector<lnx::UniqueFd> senders_;
  std::vector<lnx::UniqueFd> receivers_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> all_sent_ = false;
  Report report_;
  std::thread writer_;
  std::thread reader_;
};

void add_flow_addresses(const House& house) {
  std::string command;
  for (int flow = 0; flow < flow_count; ++flow) command += "ip addr add " + box_address(flow) + "/24 dev bond0; ";
  house.box.must(command);
}

/// False, with the reason printed, where the kernel cannot.
bool has_two_loops(const Daemon& daemon) {
  if (daemon.status("/bonds/0/loops/serving") == "2") return true;
  const std::string why = daemon.status("/bonds/0/loops/reason");
  BOOST_TEST_MESSAGE("two loops: not tried, " << why);
  BOOST_TEST(contains(why, "bpf(2)"), why);
  return false;
}

void check_flow(const char* direction, const Datagrams::Report& report, std::uint64_t lost_max) {
  BOOST_TEST_CONTEXT(direction << ": " << report.received << " of " << report.sent) {
    BOOST_TEST(report.received > 0U);
    BOOST_TEST(report.out_of_order == 0U);
    BOOST_TEST(report.sent - report.received <= lost_max);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_loops)

BOOST_AUTO_TEST_CASE(two_loops_share_the_flows_and_lose_and_reorder_none) {
  const LoopHouse house;
  const Daemon daemon(house.box, house.words());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  if (!has_two_loops(daemon)) return;
  BOOST_TEST(contains(daemon.log(), "2 loops share the flows"), daemon.log());
  add_flow_addresses(house);
  const long wakes = wakes_of_second_loop(daemon);
  Datagrams out(house.box, house.town, true);
  Datagrams in(house.box, house.town, false);
  TcpStream stream_out(house.box, house.town, House::town_v6);
  TcpStream stream_in(house.town, house.box, House::box_v4);
  BOOST_TEST(stream_out.goes_on());
  BOOST_TEST(stream_in.goes_on());
  std::this_thread::sleep_for(std::chrono::seconds(1));
  BOOST_TEST(wakes_of_second_loop(daemon) > wakes + 100);
  BOOST_TEST(stream_out.finish());
  BOOST_TEST(stream_in.finish());
  const Datagrams::Report datagrams_out = out.stop();
  check_flow("out", datagrams_out, 0);
  check_flow("in", in.stop(), 0);
  const std::string sent = daemon.status("/bonds/0/ports/0/tx/frames");
  // What both loops have sent, counted in one place.
  BOOST_TEST(std::stoul(sent) >= datagrams_out.sent, sent);
}

BOOST_AUTO_TEST_CASE(a_pulled_cable_reorders_no_flow_of_either_loop) {
  const LoopHouse house;
  const Daemon daemon(house.box, house.words());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  if (!has_two_loops(daemon)) return;
  add_flow_addresses(house);
  Datagrams out(house.box, house.town, true);
  TcpStream stream(house.town, house.box, House::box_v4);
  BOOST_TEST(stream.goes_on());
  // It is not put back: the switch's port would drop what comes until the kernel has told the bridge of the link.
  house.pull(0);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(stream.goes_on());
  BOOST_TEST(stream.finish());
  // A frame that meets the dead cable takes the other one in the same step, in both loops; what is lost left in the
  // 0.1 ms for which a look at the carrier is believed: two datagrams of each flow at most.
  check_flow("out", out.stop(), 2 * flow_count);
}

BOOST_AUTO_TEST_CASE(a_pulled_cable_costs_flows_that_only_come_in_far_less_than_a_poll) {
  const LoopHouse house;
  const Daemon daemon(house.box, house.words());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  if (!has_two_loops(daemon)) return;
  BOOST_TEST(daemon.ask("set bond0 miimon 1000").status == 0);
  add_flow_addresses(house);
  Datagrams in(house.box, house.town, false);
  // Two polls: from then on the links are looked at as often as frames come, by whichever loop.
  std::this_thread::sleep_for(std::chrono::milliseconds(2'500));
  house.pull(0);
  BOOST_TEST(daemon.comes_to("eth1"));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  check_flow("in", in.stop(), 50 * flow_count);
}

BOOST_AUTO_TEST_CASE(a_port_that_leaves_and_comes_back_under_traffic_costs_no_connection) {
  const LoopHouse house;
  const Daemon daemon(house.box, house.words());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  if (!has_two_loops(daemon)) return;
  add_flow_addresses(house);
  Datagrams out(house.box, house.town, true);
  TcpStream stream_out(house.box, house.town, House::town_v4);
  TcpStream stream_in(house.town, house.box, House::box_v6);
  for (int round = 0; round < 5; ++round) {
    for (const std::string port : {"eth1", "eth0"}) {
      BOOST_TEST(daemon.ask("release bond0 " + port).status == 0);
      BOOST_TEST(daemon.ask("enslave bond0 " + port).status == 0);
      BOOST_TEST(stream_out.goes_on(50'000));
      BOOST_TEST(stream_in.goes_on(50'000));
    }
  }
  BOOST_TEST(daemon.status("/bonds/0/loops/serving") == "2");
  BOOST_TEST(stream_out.finish());
  BOOST_TEST(stream_in.finish());
  const Datagrams::Report report = out.stop();
  BOOST_TEST(report.out_of_order == 0U);
  BOOST_TEST(report.received > report.sent / 2);
}

BOOST_AUTO_TEST_CASE(the_second_loop_sleeps_while_one_order_is_needed) {
  const LoopHouse house;
  const Daemon daemon(house.box, house.words());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  if (!has_two_loops(daemon)) return;
  add_flow_addresses(house);
  Datagrams out(house.box, house.town, true);
  Datagrams in(house.box, house.town, false);
  BOOST_TEST(daemon.ask("set bond0 arp_ip_target +192.168.10.254").status == 0);
  BOOST_TEST(daemon.ask("set bond0 arp_interval 100").status == 0);
  BOOST_TEST(daemon.status("/bonds/0/loops/serving") == "1");
  BOOST_TEST(contains(daemon.status("/bonds/0/loops/reason"), "ARP monitor"));
  // A port that goes down and up is bound anew by the kernel; the main thread must still have its frames.
  house.box.must("ip link set eth1 down; ip link set eth1 up; ip link set eth0 down; ip link set eth0 up");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const long wakes = wakes_of_second_loop(daemon);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  BOOST_TEST(wakes_of_second_loop(daemon) == wakes);
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.ask("set bond0 miimon 20").status == 0);
  BOOST_TEST(daemon.status("/bonds/0/loops/serving") == "2");
  BOOST_TEST(wait_until([&] { return wakes_of_second_loop(daemon) > wakes + 100; }, 5'000));
  const Datagrams::Report report = in.stop();
  BOOST_TEST(report.received > report.sent / 2);
}

BOOST_AUTO_TEST_CASE(an_interface_that_vanishes_under_traffic_and_comes_again_is_shared_again) {
  const LoopHouse house;
  const Daemon daemon(house.box, house.words());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  if (!has_two_loops(daemon)) return;
  add_flow_addresses(house);
  Datagrams out(house.box, house.town, true);
  Datagrams in(house.box, house.town, false);
  TcpStream stream(house.box, house.town, House::town_v4);
  for (int round = 0; round < 3; ++round) {
    BOOST_TEST(stream.goes_on(50'000));
    house.box.must("ip link del eth0");
    BOOST_TEST(daemon.comes_to("eth1"));
    BOOST_TEST(stream.goes_on(50'000));
    house.lay(0);
    BOOST_TEST(daemon.comes_to("eth0"));
  }
  BOOST_TEST(daemon.status("/bonds/0/loops/serving") == "2");
  const long wakes = wakes_of_second_loop(daemon);
  BOOST_TEST(wait_until([&] { return wakes_of_second_loop(daemon) > wakes + 100; }, 5'000));
  BOOST_TEST(stream.goes_on(50'000));
  BOOST_TEST(stream.finish());
  BOOST_TEST(out.stop().out_of_order == 0U);
  BOOST_TEST(in.stop().received > 0U);
}

BOOST_AUTO_TEST_CASE(programs_that_take_frames_from_two_loops_and_give_them_back_lose_none) {
  const LoopHouse house;
  const Daemon daemon(house.box, house.words());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  if (!has_two_loops(daemon)) return;
  if (const auto taken = daemon.ask("set bond0 offload bpf"); taken.status != 0) {
    BOOST_TEST_MESSAGE("not tried, " << taken.err);
    return;
  }
  BOOST_TEST(daemon.ask("set bond0 offload off").status == 0);
  add_flow_addresses(house);
  Datagrams out(house.box, house.town, true);
  Datagrams in(house.box, house.town, false);
  for (int round = 0; round < 5; ++round) {
    for (const std::string use : {"bpf", "off"}) {
      BOOST_TEST(daemon.ask("set bond0 offload " + use).status == 0);
      BOOST_TEST(
          wait_until([&] { return (daemon.status("/bonds/0/offload/serving") == "true") == (use == "bpf"); }, 5'000));
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  BOOST_TEST(daemon.status("/bonds/0/loops/serving") == "2");
  // While the first programs are loaded nobody reads the main thread's queue of bond0.
  const unsigned long unread = std::stoul(house.box.must("cat /sys/class/net/bond0/statistics/tx_dropped"));
  const Datagrams::Report sent = out.stop();
  BOOST_TEST(sent.received + unread >= sent.sent);
  const Datagrams::Report received = in.stop();
  BOOST_TEST(received.received == received.sent);
}

BOOST_AUTO_TEST_CASE(a_mode_is_chosen_anew_and_the_daemon_ends_under_traffic_of_two_loops) {
  const LoopHouse house;
  Daemon daemon(house.box, house.words());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  if (!has_two_loops(daemon)) return;
  add_flow_addresses(house);
  Datagrams out(house.box, house.town, true);
  Datagrams in(house.box, house.town, false);
  const auto does = [&](const std::string& command) {
    const Answer answer = daemon.ask(command);
    BOOST_TEST(answer.status == 0, command << ": " << answer.err << answer.out << daemon.log());
  };
  does("set bond0 primary ''");
  for (const std::string mode : {"balance-alb", "802.3ad", "balance-tlb", "balance-rr", "active-backup"}) {
    // As with the kernel's driver: set down and without ports.
    for (const std::string port : {"eth0", "eth1"}) does("release bond0 " + port);
    house.box.must("ip link set bond0 down");
    does("set bond0 mode " + mode);
    house.box.must("ip link set bond0 up");
    for (const std::string port : {"eth0", "eth1"}) does("enslave bond0 " + port);
    BOOST_TEST_CONTEXT(mode) {
      BOOST_TEST(daemon.status("/bonds/0/loops/serving") == "2");
      BOOST_TEST(reaches(house.box, House::town_v4));
    }
  }
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(out.stop().received > 0U);
  BOOST_TEST(in.stop().received > 0U);
}

BOOST_AUTO_TEST_CASE(queue_id_keeps_one_loop_and_says_so) {
  const LoopHouse house;
  const Daemon daemon(house.box, house.words("port.eth1.queue_id = 2\n"));
  BOOST_TEST(daemon.status("/bonds/0/loops/serving") == "1");
  BOOST_TEST(contains(daemon.status("/bonds/0/loops/reason"), "queue_id"));
}

BOOST_AUTO_TEST_CASE(bond0_that_is_deleted_comes_back_with_both_loops) {
  const LoopHouse house;
  const Daemon daemon(house.box, house.words());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  if (!has_two_loops(daemon)) return;
  house.box.must("ip link del bond0");
  BOOST_TEST(wait_until([&] { return house.box.run("ip link show bond0").ok(); }, 5'000));
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.status("/bonds/0/loops/serving") == "2");
  TcpStream stream(house.town, house.box, House::box_v4);
  BOOST_TEST(stream.goes_on());
  BOOST_TEST(stream.finish());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

// A process takes the place of another that carries: no packet is lost, and whatever goes wrong, somebody carries.
// REPEAT=N in the environment makes it N takeovers a case instead of three (make takeover).
#include <unistd.h>

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "firmware/takeover.hpp"
#include "tests/bench/numbered_flow.hpp"
#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

constexpr const char* words = "bond0 eth0 eth1 miimon=20 address=192.168.10.52/24,fd10::52/64 ";

int number_from(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr && *text != '\0' ? std::atoi(text) : otherwise;
}

int takeovers() {
  return number_from("REPEAT", 3);
}
/// One costs a second: a fifth of them.
int kills() {
  return std::max(takeovers() / 5, 2);
}
/// Packets a second, each way.
int rate() {
  return number_from("RATE", 1'000);
}

/// Starts a successor and waits until it carries.
Process take_over(const Namespace& space, const Daemon& daemon, const std::string& arguments, pid_t old,
                  const std::string& log) {
  Process next =
      space.start("exec " + program() + " run --takeover --run-dir " + daemon.run_dir() + " " + arguments, log);
  const std::string told = std::to_string(next.pid()) + "\n";
  const bool carries = wait_until([&] { return read_text(daemon.path("pid")) == told || !next.is_running(); }, 10'000);
  BOOST_TEST((carries && next.is_running()), read_text(log));
  BOOST_TEST(next.pid() != old);
  return next;
}

bool serves(const Daemon& daemon) {
  return daemon.status("/bonds/0/offload/serving") == "true";
}

struct Lost {
  std::size_t sent = 0;
  std::size_t lost = 0;
  std::size_t first_lost = 0;  ///< its number
  std::size_t doubled = 0;
  std::size_t reordered = 0;
  double delay_ms = 0;  ///< the longest on the way
};

Lost count(const bench::NumberedFlow& flow) {
  Lost result;
  result.sent = flow.sent();
  for (std::size_t i = 0; i < flow.sent(); ++i) {
    const bench::NumberedFlow::Packet& packet = flow.packets()[i];
    if (packet.copies == 0 && result.lost++ == 0) result.first_lost = i;
    if (packet.copies > 1) ++result.doubled;
    if (packet.reordered) ++result.reordered;
    if (packet.copies != 0)
      result.delay_ms = std::max(result.delay_ms, static_cast<double>(packet.arrived_ns - packet.sent_ns) / 1e6);
  }
  return result;
}

std::string text_of(const char* name, const Lost& lost) {
  return std::string(name) + ": sent " + std::to_string(lost.sent) + ", lost " + std::to_string(lost.lost) + " from " +
         std::to_string(lost.first_lost) + " on" + ", doubled " + std::to_string(lost.doubled) + ", reordered " +
         std::to_string(lost.reordered) + ", longest on the way " + std::to_string(lost.delay_ms) + " ms";
}

}  // namespace

/// As on an appliance, where /run is memory: what a busy disk does to the files there is not what is measured.
struct FilesInMemory {
  FilesInMemory() {
    if (::access("/dev/shm", W_OK) == 0) (void)::setenv("TMPDIR", "/dev/shm", 0);
  }
};

BOOST_AUTO_TEST_SUITE(lab_takeover, *boost::unit_test::fixture<FilesInMemory>())

/// What a successor tells of the time between the last step of the one and its own first; -1: nothing.
double pause_ms(const std::string& log) {
  constexpr std::string_view before = "nobody forwarded for ";
  const std::size_t found = log.find(before);
  return found == std::string::npos ? -1 : std::strtod(log.c_str() + found + before.size(), nullptr);
}

/// What a case has at the far end of the cables.
struct Far {
  const Namespace& space;
  const char* address = nullptr;
};

/// Takes over again and again under packets both ways, none of which may be lost. Leaves the last process.
Process take_over_under_load(const Namespace& box, const char* box_v4, const Far& far, const Daemon& daemon,
                             const std::string& arguments, const ScratchDirectory& scratch, bool copies = false) {
  Process carrying;
  std::vector<double> pauses;
  const auto capacity = static_cast<std::size_t>(rate()) * 120;
  bench::NumberedFlow out(box, box_v4, far.space, far.address, 7001, capacity);
  bench::NumberedFlow in(far.space, far.address, box, box_v4, 7002, capacity);
  bench::FlowDriver driver({&out, &in}, rate());
  pid_t old = daemon.pid();
  for (int i = 0; i < takeovers(); ++i) {
    Process next = take_over(box, daemon, arguments, old, scratch.path() + "/" + std::to_string(i));
    const auto ended = [&] { return i == 0 ? !daemon.is_running() : !carrying.is_running(); };
    BOOST_TEST(wait_until(ended, 5'000));
    pauses.push_back(pause_ms(read_text(scratch.path() + "/" + std::to_string(i))));
    old = next.pid();
    carrying = std::move(next);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  driver.stop();
  std::sort(pauses.begin(), pauses.end());
  BOOST_TEST_MESSAGE("nobody forwarded for " << pauses[pauses.size() / 2] << " ms in the median, " << pauses.back()
                                             << " ms at worst of " << pauses.size());
  for (const auto& [name, flow] : {std::pair("out", &out), std::pair("in", &in)}) {
    const Lost lost = count(*flow);
    BOOST_TEST_MESSAGE(text_of(name, lost));
    BOOST_TEST(flow->overrun() == 0U);
    BOOST_TEST(lost.sent > 0U);
    BOOST_TEST(lost.lost == 0U, text_of(name, lost));
    if (!copies) BOOST_TEST(lost.doubled == 0U, text_of(name, lost));
  }
  return carrying;
}

std::string shown_to_host(const Namespace& box) {
  return box.must("cat /sys/class/net/bond0/carrier_changes /sys/class/net/bond0/ifindex /sys/class/net/bond0/address");
}

BOOST_DATA_TEST_CASE(takeovers_lose_and_double_no_packet,
                     boost::unit_test::data::make({"mode=1 offload=off", "mode=1", "mode=5 offload=off", "mode=5",
                                                   "mode=6 offload=off", "mode=6", "mode=1 fail_over_mac=follow"}),
                     mode) {
  const House house;
  const std::string before = house.portraits();
  const std::string arguments = words + std::string(mode);
  Daemon daemon(house.box, arguments);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const bool below = wait_until([&] { return serves(daemon) || contains(mode, "off"); }, 3'000) && serves(daemon);
  const std::string shown = shown_to_host(house.box);
  const std::string active = daemon.active();
  const std::string ports = house.box.must("cat /sys/class/net/eth0/address /sys/class/net/eth1/address");
  const ScratchDirectory scratch;
  Process carrying =
      take_over_under_load(house.box, House::box_v4, {house.town, House::town_v4}, daemon, arguments, scratch);
  BOOST_TEST(shown_to_host(house.box) == shown);
  BOOST_TEST(daemon.active() == active);
  BOOST_TEST(serves(daemon) == below);
  BOOST_TEST(house.box.must("cat /sys/class/net/eth0/address /sys/class/net/eth1/address") == ports);
  BOOST_TEST(daemon.status("/bonds/0/failovers") == "0");
  // What they knew goes on: the first event is that of the first process.
  BOOST_TEST(contains(daemon.events(), "is being created"), daemon.events());
  // The last one knows what the ports were before the first one came.
  ::kill(carrying.pid(), SIGTERM);
  BOOST_TEST(carrying.wait(5'000).value_or(-1) == 0);
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
  BOOST_TEST(!house.box.run("ip link show bond0").ok());
}

BOOST_AUTO_TEST_CASE(counts_go_on_when_the_offload_is_switched_after_a_takeover) {
  const House house;
  Daemon daemon(house.box, std::string(words) + "mode=1");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  (void)house.box.run("ping -n -q -c 200 -i 0.005 192.168.10.254");
  const ScratchDirectory scratch;
  const Process next =
      take_over(house.box, daemon, std::string(words) + "mode=1", daemon.pid(), scratch.path() + "/log");
  BOOST_TEST(daemon.stop(0) == 0);
  const auto frames = [&](const char* way) {
    return std::stoull("0" + daemon.status(std::string("/bonds/0/ports/0/") + way + "/frames"));
  };
  const std::uint64_t sent = frames("tx");
  const std::uint64_t received = frames("rx");
  BOOST_TEST(sent >= 200U);
  BOOST_TEST(daemon.ask("set bond0 offload off").status == 0);
  BOOST_TEST(daemon.ask("set bond0 offload auto").status == 0);
  for (const auto& [now, then] : {std::pair(frames("tx"), sent), std::pair(frames("rx"), received)}) {
    BOOST_TEST(now >= then);
    BOOST_TEST(now < then + 200U);
  }
}

BOOST_AUTO_TEST_CASE(takeovers_with_several_loops_lose_no_packet) {
  const House house;
  write_text(house.config_path(),
             "loops = 2\n[bond.bond0]\nmode = 1\nports = [\"eth0\", \"eth1\"]\nmiimon = 20\noffload = \"off\"\n"
             "address = \"192.168.10.52/24\"\n");
  const std::string arguments = "-c " + house.config_path();
  Daemon daemon(house.box, arguments);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const std::string serving = daemon.status("/bonds/0/loops/serving");
  const ScratchDirectory scratch;
  const Process carrying =
      take_over_under_load(house.box, House::box_v4, {house.town, House::town_v4}, daemon, arguments, scratch);
  BOOST_TEST(wait_until([&] { return daemon.status("/bonds/0/loops/serving") == serving; }, 3'000));
}

BOOST_AUTO_TEST_CASE(a_takeover_with_another_configuration_is_followed_by_its_changes) {
  const House house;
  Daemon daemon(house.box, std::string(words) + "mode=1 offload=off");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.ask("set bond0 active_slave eth1").status == 0);
  const ScratchDirectory scratch;
  const Process next = take_over(house.box, daemon, std::string(words) + "mode=1 offload=off updelay=40", daemon.pid(),
                                 scratch.path() + "/log");
  BOOST_TEST(daemon.stop(0) == 0);
  BOOST_TEST(wait_until([&] { return daemon.status("/bonds/0/updelay_ms") == "40"; }, 3'000));
  BOOST_TEST(contains(read_text(scratch.path() + "/log"), "updelay 0 -> 40"), read_text(scratch.path() + "/log"));
  BOOST_TEST(daemon.active() == "eth1");
  BOOST_TEST(reaches(house.town, House::box_v4));
}

bool is_whole(const Daemon& daemon, bool lacp) {
  for (const std::string port : {"/bonds/0/ports/0/", "/bonds/0/ports/1/"}) {
    if (daemon.status(port + "carries") != "true") return false;
    // Every bit of activity, timeout, aggregation, synchronisation, collecting and distributing.
    if (lacp && !contains(daemon.status(port + "lacp/partner"), "\"state\":63")) return false;
  }
  return true;
}

/// All that a partner could have noticed.
std::string lacp_view(const Daemon& daemon) {
  std::string view = daemon.status("/bonds/0/lacp");
  for (const char* port : {"0", "1"})
    for (const char* what : {"aggregator", "actor", "partner", "receive_state", "mux_state"})
      view += "\n" + daemon.status(std::string("/bonds/0/ports/") + port + "/lacp/" + what);
  return view + "\n" + daemon.events();
}

BOOST_DATA_TEST_CASE(takeovers_between_two_bondboxes_are_not_seen_by_the_other,
                     boost::unit_test::data::make({"mode=4 lacp_rate=fast offload=off", "mode=4 lacp_rate=fast",
                                                   "mode=0 offload=off", "mode=2", "mode=3 offload=off"}),
                     mode) {
  const TwoHouses houses;
  const Daemon right(houses.right, TwoHouses::words(2, std::string("miimon=20 ") + mode));
  const std::string arguments = TwoHouses::words(1, std::string("miimon=20 ") + mode);
  Daemon left(houses.left, arguments);
  BOOST_REQUIRE(reaches(houses.left, "192.168.11.2"));
  const bool lacp = contains(mode, "mode=4");
  BOOST_REQUIRE(wait_until([&] { return is_whole(right, lacp); }, 15'000));
  const std::string seen = lacp_view(right);
  const std::string shown = shown_to_host(houses.left);
  const ScratchDirectory scratch;
  Process carrying = take_over_under_load(houses.left, "192.168.11.1", {houses.right, "192.168.11.2"}, left, arguments,
                                          scratch, contains(mode, "mode=3"));
  // Longer than a partner at the fast rate waits for the next word.
  if (lacp) std::this_thread::sleep_for(std::chrono::milliseconds(3'500));
  BOOST_TEST(lacp_view(right) == seen);
  BOOST_TEST(shown_to_host(houses.left) == shown);
  ::kill(carrying.pid(), SIGTERM);
  BOOST_TEST(carrying.wait(5'000).value_or(-1) == 0);
}

/// The longest time in which nothing of what was sent from `from_ns` on arrived.
double longest_silence_ms(const bench::NumberedFlow& flow, std::int64_t from_ns) {
  std::int64_t last = 0;
  std::int64_t longest = 0;
  for (std::size_t i = 0; i < flow.sent(); ++i) {
    const bench::NumberedFlow::Packet& packet = flow.packets()[i];
    if (packet.copies == 0 || packet.sent_ns < from_ns) continue;
    if (last != 0) longest = std::max(longest, packet.arrived_ns - last);
    last = std::max(last, packet.arrived_ns);
  }
  return static_cast<double>(longest) / 1e6;
}

BOOST_DATA_TEST_CASE(a_kill_and_a_new_start_are_not_seen_by_an_lacp_partner,
                     boost::unit_test::data::make({"offload=off", "offload=auto"}), offload) {
  const TwoHouses houses;
  const std::string lacp_words = "miimon=20 mode=4 lacp_rate=fast ";
  const Daemon right(houses.right, TwoHouses::words(2, lacp_words + offload));
  Daemon left(houses.left, TwoHouses::words(1, lacp_words + offload));
  BOOST_REQUIRE(reaches(houses.left, "192.168.11.2"));
  BOOST_REQUIRE(wait_until([&] { return is_whole(right, true); }, 15'000));
  const std::string seen = lacp_view(right);
  std::vector<double> out_ms;
  std::vector<double> in_ms;
  std::size_t lost_out = 0;
  std::size_t lost_in = 0;
  for (int i = 0; i < kills(); ++i) {
    const auto capacity = static_cast<std::size_t>(rate()) * 60;
    bench::NumberedFlow out(houses.left, "192.168.11.1", houses.right, "192.168.11.2", 7001, capacity);
    bench::NumberedFlow in(houses.right, "192.168.11.2", houses.left, "192.168.11.1", 7002, capacity);
    bench::FlowDriver driver({&out, &in}, rate());
    const auto get_on = [&](std::uint64_t packets) {
      const std::uint64_t out_then = out.highest();
      const std::uint64_t in_then = in.highest();
      return wait_until([&] { return out.highest() > out_then + packets && in.highest() > in_then + packets; }, 5'000);
    };
    const std::uint64_t some = static_cast<std::uint64_t>(rate()) / 10;
    BOOST_TEST(get_on(some));
    const std::int64_t killed_ns = bench::wall_ns();
    BOOST_TEST(left.stop(SIGKILL) == 128 + SIGKILL);
    left.start();
    BOOST_TEST(get_on(some));
    driver.stop();
    out_ms.push_back(longest_silence_ms(out, killed_ns - 1'000'000));
    in_ms.push_back(longest_silence_ms(in, killed_ns - 1'000'000));
    lost_out += count(out).lost;
    lost_in += count(in).lost;
    BOOST_TEST(count(out).doubled + count(in).doubled == 0U);
  }
  for (const auto& [name, list] : {std::pair("out", &out_ms), std::pair("in", &in_ms)}) {
    std::sort(list->begin(), list->end());
    BOOST_TEST_MESSAGE(offload << ": " << list->size() << " kills, nothing went " << name << " for "
                               << (*list)[list->size() / 2] << " ms in the median, " << list->back() << " ms at worst");
  }
  BOOST_TEST_MESSAGE(lost_out << " packets lost out, " << lost_in << " in");
  BOOST_TEST(lacp_view(right) == seen);
}

BOOST_AUTO_TEST_CASE(an_upgrade_leaves_the_process_that_is_watched_to_wait_for_its_successor) {
  const House house;
  const std::string before = house.portraits();
  Daemon daemon(house.box, std::string(words) + "mode=1");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const auto upgrade = [&](const std::string& to) {
    return run_program(house.box, "upgrade " + to + " --run-dir " + daemon.run_dir());
  };
  const auto carrier = [&] { return std::atoi(read_text(daemon.path("pid")).c_str()); };
  // What is no bondbox, or none that can take over, changes nothing.
  for (const char* other : {"/bin/true", "/bin/false", "/etc/passwd", "/nowhere"}) {
    const Answer answer = upgrade(other);
    BOOST_TEST(answer.status == 1, other);
    BOOST_TEST(carrier() == daemon.pid());
  }
  for (int i = 0; i < 2; ++i) {
    const int last = carrier();
    const Answer answer = upgrade({});
    BOOST_TEST(answer.status == 0, answer.err);
    BOOST_TEST(carrier() != last);
    BOOST_TEST(daemon.is_running());
    BOOST_TEST(daemon.active() == "eth0");
    BOOST_TEST(reaches(house.town, House::box_v4));
  }
  // SIGHUP and SIGTERM reach the one that carries.
  ::kill(daemon.pid(), SIGTERM);
  BOOST_TEST(wait_until([&] { return !daemon.is_running(); }, 5'000));
  BOOST_TEST(daemon.stop(0) == 0);
  BOOST_TEST(house.comes_to_show(before), house.difference(before));

  daemon.start();
  BOOST_TEST(upgrade({}).status == 0);
  ::kill(carrier(), SIGKILL);
  BOOST_TEST(daemon.stop(0) == 1);
  daemon.start();
  BOOST_TEST(reaches(house.town, House::box_v4));
}

/// How far a successor comes before something happens to it.
enum class Stage { came_in, was_given_state, restored };
std::ostream& operator<<(std::ostream& out, Stage stage) {
  return out << static_cast<int>(stage);
}

/// What the test plays, in a process of its own: a successor that comes so far and then ends, or says nothing more.
int play_successor(const std::string& run_dir, Stage stage, bool stalls) {
  TakingOver other;
  if (!other.begin(run_dir).ok()) return 2;
  lnx::Handover handover;
  if (!other.come_in(handover).ok()) return 3;
  if (stage != Stage::came_in && !other.ready(handover).ok()) return 3;
  if (stage == Stage::restored && !other.restored().ok()) return 4;
  if (stalls) std::this_thread::sleep_for(std::chrono::seconds(30));
  return 0;
}

BOOST_DATA_TEST_CASE(a_successor_that_dies_or_stalls_leaves_the_old_process_as_it_was,
                     boost::unit_test::data::make({Stage::came_in, Stage::was_given_state, Stage::restored}) *
                         boost::unit_test::data::make({false, true}),
                     stage, stalls) {
  const House house;
  Daemon daemon(house.box, std::string(words) + "offload=off");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  Process successor = house.box.fork_inside(
      [&, stage = stage, stalls = stalls] { return play_successor(daemon.run_dir(), stage, stalls); });
  BOOST_TEST(wait_until([&] { return contains(daemon.log(), "this process goes on"); }, 15'000), daemon.log());
  // What ends by itself may be ended by the old process before it has.
  const int ended = stalls ? 0 : successor.wait(5'000).value_or(-1);
  BOOST_TEST((ended == 0 || ended == SIGKILL), ended);
  BOOST_TEST(daemon.is_running());
  BOOST_TEST(daemon.active() == "eth0");
  BOOST_TEST(reaches(house.town, House::box_v4));
  // Nothing is in the way of another one.
  const ScratchDirectory scratch;
  const Process next =
      take_over(house.box, daemon, std::string(words) + "offload=off", daemon.pid(), scratch.path() + "/log");
  BOOST_TEST(daemon.stop(0) == 0);
  BOOST_TEST(reaches(house.town, House::box_v4));
}

BOOST_AUTO_TEST_CASE(where_nobody_runs_a_takeover_is_a_start) {
  const House house;
  Daemon daemon(house.box, std::string("--takeover ") + words + "offload=off");
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.stop() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

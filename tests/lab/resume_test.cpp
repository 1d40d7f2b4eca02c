// A daemon that is killed and started again goes on where the first one stood: bond0 with its addresses and
// connections, the active port, counts, options written at run time, the history, and in mode 4 a partner that has
// noticed nothing.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/numbered_flow.hpp"
#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

namespace data = boost::unit_test::data;

void pass_ms(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

std::string words(const std::string& offload) {
  return std::string(House::words) + " offload=" + offload;
}

/// Where programs are wanted: until they serve, or it is clear that they do not here.
void let_it_carry(const Daemon& daemon, const std::string& offload) {
  if (offload == "off") return;
  (void)wait_until([&] { return daemon.status("/bonds/0/offload/serving") == "true"; }, 3'000);
}

/// Both ends of both ports, as LACP tells them.
std::string ends(const Daemon& daemon) {
  std::string all;
  for (const std::string port : {"0", "1"})
    for (const std::string end : {"actor", "partner"}) all += daemon.status("/bonds/0/ports/" + port + "/lacp/" + end);
  return all;
}

/// The longest time in which none of the packets that were sent arrived, and how many did not.
std::string outage(const bench::NumberedFlow& flow) {
  std::int64_t last_ns = 0;
  std::int64_t longest_ns = 0;
  std::size_t lost = 0;
  for (std::size_t i = 0; i < flow.sent(); ++i) {
    const bench::NumberedFlow::Packet& packet = flow.packets()[i];
    if (packet.copies == 0) {
      ++lost;
      continue;
    }
    if (last_ns != 0) longest_ns = std::max(longest_ns, packet.sent_ns - last_ns);
    last_ns = packet.sent_ns;
  }
  return std::to_string(lost) + " of " + std::to_string(flow.sent()) + " packets lost, none for " +
         std::to_string(static_cast<double>(longest_ns) / 1e6) + " ms";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_resume)

BOOST_DATA_TEST_CASE(killed_and_started_again_it_goes_on_where_it_stood, data::make({"off", "auto"}), offload) {
  const House house;
  const std::string before = house.portraits();
  Daemon daemon(house.box, words(offload));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  let_it_carry(daemon, offload);
  const auto bond0 = [&] { return house.box.must("ip -o addr show bond0; cat /sys/class/net/bond0/ifindex"); };
  const std::string as_it_was = bond0();
  // Things that a fresh start would not know.
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  BOOST_TEST(daemon.ask("set bond0 primary_reselect failure").status == 0);
  BOOST_TEST(daemon.ask("set bond0 resend_igmp 7").status == 0);
  house.put_back(0);
  BOOST_TEST(wait_until([&] { return daemon.status("/bonds/0/ports/0/link") == "up"; }, 5'000));
  TcpStream stream(house.box, house.town, House::town_v4);
  BOOST_TEST(stream.goes_on());
  const std::string history = daemon.events();
  // What changed is kept within a tenth of a second.
  pass_ms(300);

  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  BOOST_TEST(bond0() == as_it_was);
  daemon.start();
  BOOST_TEST(stream.goes_on());
  BOOST_TEST(bond0() == as_it_was);
  BOOST_TEST(daemon.active() == "eth1");
  BOOST_TEST(daemon.status("/bonds/0/ports/0/link_failures") == "1");
  BOOST_TEST(daemon.status("/bonds/0/failovers") == "1");
  BOOST_TEST(daemon.ask("get bond0 resend_igmp").out == "7\n");
  const std::string now = daemon.events();
  BOOST_TEST(contains(now, "goes on where it stood"), now);
  BOOST_TEST(contains(now, "making interface the new active one"), now);
  BOOST_TEST(!contains(daemon.log(), "given back as it was found"), daemon.log());
  BOOST_TEST(stream.finish());

  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
  BOOST_TEST(!house.box.run("ip link show bond0").ok());
  BOOST_TEST(!std::filesystem::exists(daemon.path("state/bonds")));
}

BOOST_DATA_TEST_CASE(an_lacp_partner_does_not_notice_a_killed_daemon_that_is_back_at_once, data::make({"off", "auto"}),
                     offload) {
  const TwoHouses boxes;
  const std::string lacp_words = "mode=4 lacp_rate=fast miimon=20 offload=";
  Daemon left(boxes.left, TwoHouses::words(1, lacp_words + offload));
  const Daemon right(boxes.right, TwoHouses::words(2, lacp_words + "off"));
  BOOST_REQUIRE(wait_until([&] { return partners_are_there(left) && partners_are_there(right); }, 10'000));
  let_it_carry(left, offload);
  // Until each has told the other that it sends.
  const auto count = [&](const char* state) {
    const std::string all = ends(right);
    std::size_t found = 0;
    for (std::size_t at = 0; (at = all.find(state, at)) != std::string::npos; ++at) ++found;
    return found;
  };
  BOOST_REQUIRE(wait_until([&] { return count("\"state\":63}") == 4; }, 5'000));
  const std::string agreed = ends(right);
  const std::string told = right.events();
  // The partner hears an LACPDU each second and waits for three: a machine that takes longer than the rest to start a
  // process leaves it right to notice.
  constexpr std::chrono::milliseconds at_once{1'900};
  bool in_time = true;
  for (int i = 0; i < 2; ++i) {
    const auto killed = std::chrono::steady_clock::now();
    BOOST_TEST(left.stop(SIGKILL) == 128 + SIGKILL);
    left.start();
    in_time = in_time && std::chrono::steady_clock::now() - killed < at_once;
    // Longer than the partner waits for the next LACPDU.
    pass_ms(3'500);
    BOOST_TEST(ends(right) == agreed);
    BOOST_TEST(partners_are_there(left), left.ask("status").out);
  }
  BOOST_TEST((!in_time || right.events() == told), right.events());
  BOOST_TEST(!contains(left.log(), "begins anew"), left.log());
}

BOOST_AUTO_TEST_CASE(what_is_not_its_own_or_not_of_this_configuration_is_not_gone_on_from) {
  const House house;
  house.config("offload = \"off\"");
  Daemon daemon(house.box, "-c " + house.config_path());
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  house.put_back(0);
  const std::string state = daemon.path("state/bonds");
  const auto again = [&](const char* told) {
    daemon.start();
    BOOST_TEST(contains(daemon.log(), told), daemon.log());
    BOOST_TEST(daemon.status("/bonds/0/failovers") == "0");
    BOOST_TEST(reaches(house.box, House::town_v4));
  };
  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  BOOST_REQUIRE(run_command("chmod 0644 " + state).ok());
  again("is not this user's alone (a file of mode 0600), so it is not believed");
  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  BOOST_REQUIRE(run_command("truncate -s 1000 " + state).ok());
  again("what the bonds knew is not gone on from: it is damaged");
  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  house.config("offload = \"off\"\ndowndelay = 40");
  again("bond0: its configuration is another one now, so it begins anew");
  BOOST_TEST(daemon.ask("get bond0 downdelay").out == "40\n");
}

BOOST_AUTO_TEST_CASE(state_that_cannot_be_written_is_told_once_and_stops_nothing) {
  const House house;
  Daemon daemon(house.box, words("off"));
  BOOST_REQUIRE(run_command("mkdir " + daemon.path("state/bonds.new")).ok());
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  const auto failures = [&] { return std::stoi("0" + daemon.status("/scheduler/state_kept_not")); };
  BOOST_TEST(wait_until([&] { return failures() > 1; }, 5'000));
  BOOST_TEST(reaches(house.box, House::town_v4));
  const std::string text = "what the bonds know is not kept for a restart: cannot write";
  const std::string log = daemon.log();
  BOOST_TEST(contains(log, text), log);
  BOOST_TEST(log.find(text) == log.rfind(text), log);
  BOOST_TEST(!std::filesystem::exists(daemon.path("state/bonds")));
  BOOST_REQUIRE(run_command("rmdir " + daemon.path("state/bonds.new")).ok());
  BOOST_TEST(wait_until([&] { return contains(daemon.log(), "is kept again for a restart"); }, 5'000));
  BOOST_TEST(std::filesystem::exists(daemon.path("state/bonds")));
  house.put_back(0);
}

/// Only to be read (--log_level=message): what is carried through the daemon stops while there is none.
BOOST_DATA_TEST_CASE(how_long_nothing_crosses_after_a_kill, data::make({"off", "auto"}), offload) {
  const House house;
  Daemon daemon(house.box, words(offload));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  BOOST_REQUIRE(reaches(house.town, House::box_v4));
  let_it_carry(daemon, offload);
  bench::NumberedFlow out(house.box, House::box_v4, house.town, House::town_v4, 7001, 20'000);
  bench::NumberedFlow in(house.town, House::town_v4, house.box, House::box_v4, 7002, 20'000);
  bench::FlowDriver driver({&out, &in}, 1'000);
  pass_ms(300);
  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  daemon.start();
  pass_ms(1'000);
  driver.stop();
  for (const auto& [name, flow] : {std::pair("out", &out), std::pair("in", &in)}) {
    BOOST_TEST_MESSAGE("offload " << offload << ", " << name << ": " << outage(*flow));
    BOOST_TEST(flow->packets()[flow->sent() - 1].copies == 1U);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

// Drills on real interfaces: what is reported against the ledger of numbered packets, and ports that come back whoever
// is killed in the middle.
#include <boost/json.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

#include "tests/bench/numbered_flow.hpp"
#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {
namespace {

namespace data = boost::unit_test::data;

std::string words(const std::string& more) {
  return "bond0 eth0 eth1 mode=1 miimon=20 primary=eth0 address=192.168.10.52/24,fd10::52/64 " + more;
}

bool is_up(const House& house, const std::string& port) {
  return contains(house.box.must("ip -o link show " + port), ",UP") ||
         contains(house.box.must("ip -o link show " + port), "<UP");
}

/// Packets of one direction that never arrived.
std::size_t lost(const bench::NumberedFlow& flow) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < flow.sent(); ++i) count += flow.packets()[i].copies == 0 ? 1 : 0;
  return count;
}

/// The longest time, by the senders' clock, in which no packet arrived.
double outage_ms(const bench::NumberedFlow& flow) {
  std::int64_t first_ns = 0;
  std::int64_t longest_ns = 0;
  for (std::size_t i = 0; i < flow.sent(); ++i) {
    const bench::NumberedFlow::Packet& packet = flow.packets()[i];
    if (packet.copies == 0 && first_ns == 0) first_ns = packet.sent_ns;
    if (packet.copies == 0) continue;
    if (first_ns != 0) longest_ns = std::max(longest_ns, packet.sent_ns - first_ns);
    first_ns = 0;
  }
  return static_cast<double>(longest_ns) / 1e6;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_drill)

BOOST_DATA_TEST_CASE(a_drill_tells_what_the_ledger_of_packets_tells, data::make({"off", "auto"}), offload) {
  const House house;
  const Daemon daemon(house.box, words(std::string("offload=") + offload));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  if (std::string_view(offload) == "auto")
    (void)wait_until([&] { return daemon.status("/bonds/0/offload/serving") == "true"; }, 3'000);
  bench::NumberedFlow out(house.box, House::box_v4, house.town, House::town_v4, 9'001, 60'000);
  bench::NumberedFlow in(house.town, House::town_v4, house.box, House::box_v4, 9'002, 60'000);
  Answer answer;
  {
    bench::FlowDriver driver({&out, &in}, 500);
    answer = daemon.ask("drill bond0 eth0 --for 1s --every 2ms --target 192.168.10.254 --format json");
    driver.stop();
  }
  BOOST_REQUIRE(!answer.out.empty());
  BOOST_TEST(answer.status == 0, answer.out << answer.err);
  const boost::json::value report = boost::json::parse(answer.out);
  const auto number = [&](const char* pointer) { return report.at_pointer(pointer).to_number<double>(); };
  BOOST_TEST(report.at_pointer("/ports/0/carried/before").as_string() == "eth0");
  BOOST_TEST(report.at_pointer("/ports/0/carried/during").as_string() == "eth1");
  BOOST_TEST(report.at_pointer("/ports/0/carried/after").as_string() == "eth0");
  BOOST_TEST(report.at_pointer("/ports/0/measured").as_bool());
  BOOST_TEST(number("/ports/0/probes/away/sent") > 20);
  // Both each 2 ms, on a machine that may be busy.
  const double truth = std::max(outage_ms(out), outage_ms(in));
  BOOST_TEST_MESSAGE("drill of eth0, offload " << offload << ": outage " << number("/outage_ms") << " ms, the ledger's "
                                               << truth << " ms; lost out " << lost(out) << " of " << out.sent()
                                               << ", in " << lost(in) << " of " << in.sent() << "; probes lost "
                                               << number("/ports/0/probes/away/lost") << " and "
                                               << number("/ports/0/probes/back/lost"));
  BOOST_TEST(std::abs(number("/outage_ms") - truth) < 400, answer.out);
  BOOST_TEST(is_up(house, "eth0"));
  BOOST_TEST(contains(daemon.events(), "taken away for a drill (set down), for 1 s"), daemon.events());
}

BOOST_AUTO_TEST_CASE(the_only_port_taken_by_force_is_an_outage_as_long_as_its_absence) {
  const House house;
  const Daemon daemon(house.box, "bond0 eth0 mode=1 miimon=20 offload=off address=192.168.10.52/24");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const Answer refused = daemon.ask("drill bond0");
  BOOST_TEST(refused.status == 1);
  BOOST_TEST(contains(refused.err, "EBUSY: eth0 is the last usable port of bond0; --force"), refused.err);
  BOOST_TEST(is_up(house, "eth0"));
  bench::NumberedFlow in(house.town, House::town_v4, house.box, House::box_v4, 9'003, 60'000);
  Answer answer;
  {
    bench::FlowDriver driver({&in}, 500);
    answer = daemon.ask(
        "drill bond0 --for 500ms --force --pretend --max-outage 100ms --every 2ms --target 192.168.10.254"
        " --format json");
    driver.stop();
  }
  BOOST_TEST(answer.status == 1);
  BOOST_REQUIRE(!answer.out.empty());
  const boost::json::value report = boost::json::parse(answer.out);
  const auto number = [&](const char* pointer) { return report.at_pointer(pointer).to_number<double>(); };
  BOOST_TEST(!report.at("held").as_bool());
  BOOST_TEST(number("/outage_ms") >= 490);
  BOOST_TEST_MESSAGE("the only port: outage " << number("/outage_ms") << " ms, the ledger's " << outage_ms(in)
                                              << " ms; lost " << lost(in) << ", probes "
                                              << number("/ports/0/probes/away/lost"));
  BOOST_TEST(std::abs(number("/outage_ms") - outage_ms(in)) < 400, answer.out);
}

BOOST_AUTO_TEST_CASE(a_drill_that_is_killed_gives_the_port_back_at_once) {
  const House house;
  const Daemon daemon(house.box, words("offload=off"));
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  for (const int signal : {SIGKILL, SIGINT}) {
    Process drill = house.box.start(program() + " --run-dir " + daemon.run_dir() + " drill bond0 eth0 --for 60s");
    BOOST_REQUIRE(daemon.comes_to("eth1"));
    BOOST_TEST(!is_up(house, "eth0"));
    const std::string status = daemon.ask("status bond0").out;
    BOOST_TEST(contains(status, "DEGRADED: eth0 is away for a drill, back in "), status);
    BOOST_TEST(contains(daemon.ask("explain bond0 eth0").out, "away for a drill"));
    BOOST_TEST(contains(daemon.ask("drill bond0 eth1").err, "a drill of bond0 is under way"));
    (void)drill.stop(signal);
    BOOST_TEST(daemon.comes_to("eth0"));
    BOOST_TEST(is_up(house, "eth0"));
  }
}

BOOST_AUTO_TEST_CASE(a_daemon_that_ends_in_a_drill_gives_the_port_back_as_it_was) {
  const House house;
  // One port was up before, the other was not.
  house.box.must("ip link set eth0 up");
  BOOST_REQUIRE(wait_until([&] { return is_up(house, "eth0"); }, 5'000));
  const std::string before = house.portraits();
  Daemon daemon(house.box, words("offload=off"));
  for (const std::string port : {"eth0", "eth1"}) {
    for (const int signal : {SIGTERM, SIGKILL}) {
      BOOST_REQUIRE(wait_until(
          [&] {
            return daemon.status("/bonds/0/ports/0/link") == "up" && daemon.status("/bonds/0/ports/1/link") == "up";
          },
          5'000));
      Process drill =
          house.box.start(program() + " --run-dir " + daemon.run_dir() + " drill bond0 " + port + " --for 60s");
      BOOST_REQUIRE(wait_until([&] { return !is_up(house, port); }, 5'000));
      daemon.stop(signal);
      (void)drill.wait(5'000);
      if (signal == SIGTERM) BOOST_TEST(house.comes_to_show(before), house.difference(before));
      daemon.start();
      BOOST_TEST(wait_until([&] { return is_up(house, port); }, 5'000));
      BOOST_TEST(wait_until([&] { return daemon.active() == "eth0"; }, 5'000));
      BOOST_TEST(daemon.status("/bonds/0/ports/0/drill") == "null");
    }
  }
  daemon.stop();
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
}

BOOST_AUTO_TEST_CASE(another_process_that_takes_over_has_the_port_back) {
  const House house;
  const Daemon daemon(house.box, words("offload=off"));
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  const Process drill = house.box.start(program() + " --run-dir " + daemon.run_dir() + " drill bond0 eth0 --for 60s");
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  Answer answer;
  // A process whose files cannot be written for a while, on a busy disk, refuses and says so.
  const auto upgrades = [&] {
    answer = run_program(house.box, "upgrade --run-dir " + daemon.run_dir());
    return answer.status == 0;
  };
  BOOST_REQUIRE_MESSAGE(wait_until(upgrades, 20'000), answer.err);
  BOOST_TEST(is_up(house, "eth0"));
  BOOST_TEST(daemon.comes_to("eth0"));
  BOOST_TEST(contains(daemon.events(), "given back after a drill: another process is taking over"), daemon.events());
}

BOOST_AUTO_TEST_CASE(with_lacp_the_partner_sees_the_port_go_and_the_drill_waits_until_it_carries_again) {
  const TwoHouses houses;
  const std::string words = "mode=4 lacp_rate=fast miimon=20";
  const Daemon near(houses.left, TwoHouses::words(1, words));
  const Daemon far(houses.right, TwoHouses::words(2, words));
  const auto carries = [](const Daemon& daemon) {
    return daemon.status("/bonds/0/ports/0/carries") == "true" && daemon.status("/bonds/0/ports/1/carries") == "true";
  };
  BOOST_REQUIRE(wait_until([&] { return carries(near) && carries(far); }, 15'000));
  const Answer answer = near.ask("drill bond0 eth0 --for 500ms --target 192.168.11.2 --format json");
  BOOST_TEST(answer.status == 0, answer.out << answer.err);
  BOOST_REQUIRE(!answer.out.empty());
  const boost::json::value report = boost::json::parse(answer.out);
  BOOST_TEST(report.at_pointer("/ports/0/carried/before").as_string() == "eth0, eth1");
  BOOST_TEST(report.at_pointer("/ports/0/carried/during").as_string() == "eth1");
  BOOST_TEST(report.at_pointer("/ports/0/carried/after").as_string() == "eth0, eth1");
  BOOST_TEST(report.at_pointer("/ports/0/measured").as_bool());
  BOOST_TEST(contains(far.events(), "(slave eth0): link status definitely down"), far.events());
  BOOST_TEST_MESSAGE("with LACP: " << answer.out);
}

BOOST_AUTO_TEST_CASE(what_a_killed_daemon_left_down_is_given_back_also_to_a_bond_without_it) {
  const House house;
  house.box.must("ip link set eth0 up");
  const std::string before = house.portrait("eth0");
  const std::string arguments = house.config("offload = \"off\"");
  Daemon daemon(house.box, arguments);
  BOOST_REQUIRE(wait_until(
      [&] { return daemon.status("/bonds/0/ports/0/link") == "up" && daemon.status("/bonds/0/ports/1/link") == "up"; },
      5'000));
  Process drill = house.box.start(program() + " --run-dir " + daemon.run_dir() + " drill bond0 eth0 --for 60s");
  BOOST_REQUIRE(wait_until([&] { return !is_up(house, "eth0"); }, 5'000));
  daemon.stop(SIGKILL);
  (void)drill.wait(5'000);
  BOOST_TEST(!is_up(house, "eth0"));
  write_text(house.config_path(), "[bond.bond0]\nmode = 1\nports = [\"eth1\"]\n");
  daemon.start();
  BOOST_TEST(wait_until([&] { return house.portrait("eth0") == before; }, 5'000), house.portrait("eth0"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

// Numbered packets both ways while the cable that carries them is pulled again and again: what must hold however busy
// the machine is. How many are lost, and for how long, is measured by `bondbox-bench loss`.
#include "tests/bench/loss.hpp"

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/numbered_flow.hpp"
#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

using bench::DirectionLoss;
using bench::LossResult;
using bench::LossSettings;
using bench::PullKind;
using bench::PullLoss;

constexpr const char* bond = "bond0 eth0 eth1 mode=1 address=192.168.10.52/24,fd10::52/64 offload=";

LossSettings settings_for(const House& house) {
  LossSettings settings;
  settings.box = &house.box;
  settings.town = &house.town;
  settings.pulls = 5;
  settings.rate = 1'000;
  settings.limit_s = 20;
  return settings;
}

LossResult pull_cables(const House& house, PullKind kind) {
  LossSettings settings = settings_for(house);
  settings.kind = kind;
  return bench::measure_loss(settings);
}

std::uint64_t sum(const LossResult& result, DirectionLoss PullLoss::*direction, std::uint32_t DirectionLoss::*what) {
  std::uint64_t total = (result.before.*direction).*what;
  for (const PullLoss& pull : result.pulls) total += (pull.*direction).*what;
  for (const PullLoss& back : result.backs) total += (back.*direction).*what;
  return total;
}

std::uint64_t number(const Daemon& daemon, const std::string& pointer) {
  const std::string text = daemon.status(pointer);
  return text.empty() ? 0 : std::stoull(text);
}

/// All that came from the host, by where it ended. What bond0's queue had no room for, because the daemon got no CPU
/// while the sender made up for lost time, the kernel counts.
std::uint64_t fates_of_sent(const House& house, const Daemon& daemon) {
  std::uint64_t total = std::stoull(house.box.must("cat /sys/class/net/bond0/statistics/tx_dropped"));
  for (const char* what : {"tx_no_port", "tx_runts", "tx_punted", "host_rx_lost_below"})
    total += number(daemon, std::string("/bonds/0/") + what);
  for (const char* port : {"0", "1"})
    for (const char* what : {"frames", "refused"})
      total += number(daemon, std::string("/bonds/0/ports/") + port + "/tx/" + what);
  return total;
}

void pass() {
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
}

/// Pulls the active port's cable under a daemon that has been stopped for a while, and lets it go on to the other port.
/// When it was pulled, as in Packet::sent_ns.
std::int64_t pull_while_nobody_reads(const House& house, const Daemon& daemon) {
  BOOST_REQUIRE(::kill(daemon.pid(), SIGSTOP) == 0);
  pass();
  const std::int64_t pulled_ns = bench::wall_ns();
  house.pull(0);
  BOOST_REQUIRE(::kill(daemon.pid(), SIGCONT) == 0);
  BOOST_TEST(daemon.comes_to("eth1"));
  return pulled_ns;
}

/// The words that run the bond with two loops.
std::string two_loops(const House& house) {
  write_text(house.config_path(),
             "loops = 2\n[bond.bond0]\nmode = 1\nports = [\"eth0\", \"eth1\"]\noffload = \"off\"\n"
             "address = \"192.168.10.52/24\"\n");
  return "-c " + house.config_path();
}

/// Some that come in from addresses of their own: UDP is told apart by addresses alone.
struct Flows {
  explicit Flows(const House& house) {
    for (const std::string end : {"61", "62", "63", "64", "65", "66"}) {
      const std::string from = "192.168.10." + end;
      house.town.must("ip addr add " + from + "/24 dev switch");
      const auto port = static_cast<std::uint16_t>(7100 + std::stoi(end));
      flows.push_back(std::make_unique<bench::NumberedFlow>(house.town, from, house.box, House::box_v4, port, 20'000));
      driven.push_back(flows.back().get());
    }
  }
  bool have_come() const {
    return wait_until([this] { return driven[0]->highest() > 20; }, 5'000);
  }

  std::vector<std::unique_ptr<bench::NumberedFlow>> flows;
  std::vector<bench::NumberedFlow*> driven;
};

struct Copies {
  std::size_t lost = 0;  ///< of those that were sent before the cable was pulled
  std::size_t doubled = 0;
};

Copies copies_of(const bench::NumberedFlow& flow, std::int64_t pulled_ns) {
  Copies copies;
  for (std::size_t i = 0; i < flow.sent(); ++i) {
    const bench::NumberedFlow::Packet& packet = flow.packets()[i];
    copies.lost += packet.sent_ns < pulled_ns && packet.copies == 0 ? 1U : 0U;
    copies.doubled += packet.copies > 1 ? 1U : 0U;
  }
  return copies;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_loss)

BOOST_DATA_TEST_CASE(pulled_cables_double_no_packet_and_every_one_that_was_sent_is_counted,
                     boost::unit_test::data::make({"off", "auto"}), offload) {
  const House house;
  const Daemon daemon(house.box, std::string(bond) + offload);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  for (const PullKind kind : {PullKind::far_end, PullKind::near_end}) {
    const std::uint64_t before = fates_of_sent(house, daemon);
    const LossResult result = pull_cables(house, kind);
    BOOST_TEST_CONTEXT(bench::loss_text(result)) {
      BOOST_TEST(result.pulls.size() > 1U);
      BOOST_TEST(result.overrun == 0U);
      BOOST_TEST(sum(result, &PullLoss::out, &DirectionLoss::duplicated) == 0U);
      BOOST_TEST(sum(result, &PullLoss::in, &DirectionLoss::duplicated) == 0U);
      // One flow stays in order where no cable is pulled.
      BOOST_TEST(result.before.out.reordered == 0U);
      BOOST_TEST(result.before.in.reordered == 0U);
      BOOST_TEST(sum(result, &PullLoss::in, &DirectionLoss::lost) < sum(result, &PullLoss::in, &DirectionLoss::sent));
      // Whatever else the host says (ARP, ND) is counted as well.
      BOOST_TEST(fates_of_sent(house, daemon) - before + result.refused >=
                 sum(result, &PullLoss::out, &DirectionLoss::sent));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_flow_that_only_comes_in_goes_on_after_each_pull) {
  const House house;
  const Daemon daemon(house.box, std::string(bond) + "off");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  LossSettings settings = settings_for(house);
  settings.out = false;
  const LossResult result = bench::measure_loss(settings);
  BOOST_TEST(result.pulls.size() > 1U);
  for (const PullLoss& back : result.backs) BOOST_TEST(back.in.lost < back.in.sent, bench::loss_text(result));
  // A cable that was away for less than a poll, while others had the CPU, may never have been missed.
  const double missed_ms = 100.0 + 50.0 + static_cast<double>(number(daemon, "/scheduler/worst_overrun_ms"));
  std::uint64_t certain = 0;
  for (std::size_t i = 0; i < result.pulls.size() && i < result.backs.size(); ++i)
    certain += (result.backs[i].at_s - result.pulls[i].at_s) * 1'000 > missed_ms ? 1U : 0U;
  BOOST_TEST_MESSAGE(certain << " of " << result.pulls.size() << " pulls must have been seen");
  BOOST_TEST(number(daemon, "/bonds/0/failovers") >= std::max<std::uint64_t>(certain, 1), bench::loss_text(result));
}

/// As when the machine gives it no CPU, or another process takes its place meanwhile: the first step that comes finds
/// the cable pulled, and what came by it before still waits.
BOOST_AUTO_TEST_CASE(what_came_before_the_pull_is_delivered_though_nobody_read_it_in_time) {
  const House house;
  const Daemon daemon(house.box, std::string(bond) + "off");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  BOOST_REQUIRE(reaches(house.town, House::box_v4));
  bench::NumberedFlow in(house.town, House::town_v4, house.box, House::box_v4, 7002, 20'000);
  bench::FlowDriver driver({&in}, 1'000);
  pass();
  const std::int64_t pulled_ns = pull_while_nobody_reads(house, daemon);
  driver.stop();
  std::size_t before = 0;
  std::size_t lost = 0;
  for (std::size_t i = 0; i < in.sent(); ++i) {
    if (in.packets()[i].sent_ns >= pulled_ns) continue;
    ++before;
    lost += in.packets()[i].copies == 1U ? 0 : 1;
  }
  BOOST_TEST(before > 100U);
  BOOST_TEST(lost == 0U);
}

BOOST_AUTO_TEST_CASE(what_waits_for_a_second_loop_when_its_port_is_left_is_delivered) {
  const House house;
  const Daemon daemon(house.box, two_loops(house));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  BOOST_REQUIRE(wait_until([&] { return daemon.status("/bonds/0/loops/serving") == "2"; }, 3'000));
  const Flows flows(house);
  bench::FlowDriver driver(flows.driven, 1'500);
  BOOST_REQUIRE(flows.have_come());
  const std::int64_t pulled_ns = pull_while_nobody_reads(house, daemon);
  driver.stop();
  for (const bench::NumberedFlow* flow : flows.driven) {
    BOOST_TEST(flow->sent() > 50U);
    BOOST_TEST(copies_of(*flow, pulled_ns).lost == 0U);
  }
}

/// A switch that has learned nothing gives each frame to both ports, and the daemon comes to neither copy before the
/// cable of one of them is pulled.
BOOST_DATA_TEST_CASE(what_a_switch_floods_while_nobody_reads_is_delivered_once, boost::unit_test::data::make({1, 2}),
                     loops) {
  const House house;
  const Daemon daemon(house.box, loops == 2 ? two_loops(house) : std::string(bond) + "off");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  BOOST_REQUIRE(wait_until([&] { return daemon.status("/bonds/0/loops/serving") == std::to_string(loops); }, 3'000));
  for (const std::string port : {"port0", "port1"}) house.town.must("bridge link set dev " + port + " learning off");
  house.town.must("ip link set switch type bridge fdb_flush");
  const Flows flows(house);
  bench::FlowDriver driver(flows.driven, 500);
  BOOST_REQUIRE(flows.have_come());
  const std::int64_t pulled_ns = pull_while_nobody_reads(house, daemon);
  BOOST_TEST(number(daemon, "/bonds/0/ports/1/rx/suppressed_duplicates") > 50U);  // so both ports had it
  driver.stop();
  for (const bench::NumberedFlow* flow : flows.driven) {
    BOOST_TEST(flow->sent() > 50U);
    BOOST_TEST(copies_of(*flow, pulled_ns).lost == 0U);
    BOOST_TEST(copies_of(*flow, pulled_ns).doubled == 0U);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

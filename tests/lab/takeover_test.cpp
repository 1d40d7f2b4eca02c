// A process takes the place of another that carries: no packet is lost, and whatever goes wrong, somebody carries.
// REPEAT=N in the environment makes it N takeovers a case instead of three (make takeover).
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/bench/numbered_flow.hpp"
#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

constexpr const char* words = "bond0 eth0 eth1 mode=1 miimon=20 address=192.168.10.52/24,fd10::52/64 offload=";

int number_from(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr && *text != '\0' ? std::atoi(text) : otherwise;
}

int takeovers() {
  return number_from("REPEAT", 3);
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
  std::size_t doubled = 0;
  std::size_t reordered = 0;
  double delay_ms = 0;  ///< the longest on the way
};

Lost count(const bench::NumberedFlow& flow) {
  Lost result;
  result.sent = flow.sent();
  for (std::size_t i = 0; i < flow.sent(); ++i) {
    const bench::NumberedFlow::Packet& packet = flow.packets()[i];
    if (packet.copies == 0) ++result.lost;
    if (packet.copies > 1) ++result.doubled;
    if (packet.reordered) ++result.reordered;
    if (packet.copies != 0)
      result.delay_ms = std::max(result.delay_ms, static_cast<double>(packet.arrived_ns - packet.sent_ns) / 1e6);
  }
  return result;
}

std::string text_of(const char* name, const Lost& lost) {
  return std::string(name) + ": sent " + std::to_string(lost.sent) + ", lost " + std::to_string(lost.lost) +
         ", doubled " + std::to_string(lost.doubled) + ", reordered " + std::to_string(lost.reordered) +
         ", longest on the way " + std::to_string(lost.delay_ms) + " ms";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_takeover)

BOOST_DATA_TEST_CASE(takeovers_lose_and_double_no_packet, boost::unit_test::data::make({"off", "auto"}), offload) {
  const House house;
  const std::string before = house.portraits();
  const std::string arguments = std::string(words) + offload;
  Daemon daemon(house.box, arguments);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  if (std::string(offload) == "auto") (void)wait_until([&] { return serves(daemon); }, 3'000);
  const std::string carrier_changes = "cat /sys/class/net/bond0/carrier_changes /sys/class/net/bond0/ifindex";
  const std::string changes = house.box.must(carrier_changes);
  const ScratchDirectory scratch;
  Process carrying;
  {
    const auto capacity = static_cast<std::size_t>(rate()) * 120;
    bench::NumberedFlow out(house.box, House::box_v4, house.town, House::town_v4, 7001, capacity);
    bench::NumberedFlow in(house.town, House::town_v4, house.box, House::box_v4, 7002, capacity);
    bench::FlowDriver driver({&out, &in}, rate());
    pid_t old = daemon.pid();
    for (int i = 0; i < takeovers(); ++i) {
      const std::string log = scratch.path() + "/" + std::to_string(i);
      Process next = take_over(house.box, daemon, arguments, old, log);
      if (i == 0) BOOST_TEST(daemon.stop(0) == 0);
      if (i != 0) BOOST_TEST(carrying.wait(5'000).value_or(-1) == 0);
      old = next.pid();
      carrying = std::move(next);
      BOOST_TEST(wait_until([&] { return daemon.status("/bonds/0/name") == "bond0"; }, 3'000));
    }
    driver.stop();
    for (const auto& [name, flow] : {std::pair("out", &out), std::pair("in", &in)}) {
      const Lost lost = count(*flow);
      BOOST_TEST_MESSAGE(text_of(name, lost));
      BOOST_TEST(flow->overrun() == 0U);
      BOOST_TEST(lost.sent > 0U);
      BOOST_TEST(lost.lost == 0U, text_of(name, lost));
      BOOST_TEST(lost.doubled == 0U, text_of(name, lost));
      BOOST_TEST(lost.reordered == 0U, text_of(name, lost));
    }
  }
  BOOST_TEST(house.box.must(carrier_changes) == changes);
  // The last one knows what the ports were before the first one came.
  ::kill(carrying.pid(), SIGTERM);
  BOOST_TEST(carrying.wait(5'000).value_or(-1) == 0);
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
  BOOST_TEST(!house.box.run("ip link show bond0").ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

#include "firmware/scheduler.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <string>
#include <vector>

#include "tests/support/fake_hardware.hpp"

namespace {

using namespace bondbox;
using test::FakeHardware;
using test::FakeHostPort;
using test::FakeNic;

/// Time that counts how often it was read.
class CountingClock final : public Clock {
 public:
  Tick now() override {
    ++reads;
    return tick;
  }
  Tick tick{};
  int reads = 0;
};

BondConfig bond_of(const char* name, std::vector<std::string> ports) {
  BondConfig config;
  config.name = name;
  config.ports = std::move(ports);
  return config;
}

struct Bench {
  CountingClock clock;
  FakeHardware hardware;
  EventLog events;
  Scheduler scheduler{hardware, clock, events};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler)

BOOST_AUTO_TEST_CASE(a_step_reads_the_time_once) {
  Bench bench;
  BOOST_REQUIRE(bench.scheduler.add_bond(bond_of("bond0", {"e0", "e1"})).ok());
  BOOST_REQUIRE(bench.scheduler.add_bond(bond_of("bond1", {"f0", "f1"})).ok());
  for (int i = 0; i < 500; ++i) {
    bench.clock.tick = Tick{i * 10};
    bench.hardware.nics["e0"]->sample.up = i % 7 != 0;
    const int before = bench.clock.reads;
    bench.scheduler.step([](Tick) {});
    BOOST_REQUIRE_EQUAL(bench.clock.reads - before, 1);
    BOOST_REQUIRE_EQUAL(bench.scheduler.now().number, i * 10);
  }
}

BOOST_AUTO_TEST_CASE(a_command_is_done_between_looking_and_forwarding) {
  Bench bench;
  BOOST_REQUIRE(bench.scheduler.add_bond(bond_of("bond0", {"e0", "e1"})).ok());
  bench.scheduler.step();
  bench.clock.tick = Tick{100};
  FakeNic& first = *bench.hardware.nics["e0"];
  FakeNic& second = *bench.hardware.nics["e1"];
  const int looked = first.link_calls;
  bench.hardware.hosts["bond0"]->to_receive.emplace_back(60);
  bench.scheduler.step([&](Tick now) {
    BOOST_TEST(now.number == 100);
    BOOST_TEST(first.link_calls == looked + 1);
    BOOST_TEST(first.sent.size() + second.sent.size() == 0U);
    BOOST_TEST(bench.scheduler.find("bond0")->write("active_slave", "e1").ok());
  });
  BOOST_TEST(second.sent.size() == 1U);
  BOOST_TEST(first.sent.size() == 0U);
}

BOOST_AUTO_TEST_CASE(an_event_makes_the_bond_look_sooner_and_other_names_do_not) {
  Bench bench;
  BOOST_REQUIRE(bench.scheduler.add_bond(bond_of("bond0", {"e0", "e1"})).ok());
  bench.scheduler.step();
  FakeNic& nic = *bench.hardware.nics["e0"];
  const auto looks = [&](HardwareEvent::Kind kind, const char* name) {
    const int before = nic.link_calls;
    bench.clock.tick = bench.clock.tick + Ticks{1};
    bench.hardware.waiting.push_back({kind, name});
    bench.scheduler.step();
    return nic.link_calls - before;
  };
  using Kind = HardwareEvent::Kind;
  BOOST_TEST(looks(Kind::link_changed, "e0") == 1);
  BOOST_TEST(looks(Kind::link_changed, "other") == 0);
  BOOST_TEST(looks(Kind::nic_vanished, "e1") == 1);
  BOOST_TEST(looks(Kind::link_changed, "") == 1);
  BOOST_TEST(looks(Kind::nic_appeared, "other") == 0);
  BOOST_TEST(looks(Kind::host_changed, "bond0") == 0);
}

BOOST_AUTO_TEST_CASE(more_events_than_fit_a_step_ask_for_another) {
  Bench bench;
  BOOST_REQUIRE(bench.scheduler.add_bond(bond_of("bond0", {"e0"})).ok());
  bench.scheduler.step();
  for (int i = 0; i < 100; ++i) bench.hardware.waiting.push_back({HardwareEvent::Kind::link_changed, "other"});
  BOOST_TEST(bench.scheduler.step());
  BOOST_TEST(!bench.scheduler.step());
  BOOST_TEST(bench.hardware.waiting.empty());
}

BOOST_AUTO_TEST_CASE(bonds_are_found_by_name_and_stay_where_they_are) {
  Bench bench;
  BOOST_REQUIRE(bench.scheduler.add_bond(bond_of("bond0", {"e0"})).ok());
  BOOST_REQUIRE(bench.scheduler.add_bond(bond_of("bond1", {"f0"})).ok());
  Bond* const second = bench.scheduler.find("bond1");
  BOOST_REQUIRE(second != nullptr);
  BOOST_TEST(bench.scheduler.find("bond2") == nullptr);
  BOOST_TEST(bench.scheduler.add_bond(bond_of("bond1", {"g0"})).error == EEXIST);
  bench.scheduler.remove_bond("bond0");
  BOOST_TEST(bench.scheduler.find("bond0") == nullptr);
  BOOST_TEST(bench.scheduler.find("bond1") == second);
  bench.scheduler.remove_bond("nosuch");
  BOOST_TEST(bench.scheduler.bonds().size() == 1U);
}

BOOST_AUTO_TEST_CASE(without_bonds_there_is_nothing_to_wait_for) {
  Bench bench;
  BOOST_TEST(!bench.scheduler.step());
  BOOST_TEST(!bench.scheduler.next_deadline().has_value());
  BOOST_TEST(bench.scheduler.wait_handles().empty());
  bench.hardware.handle = 7;
  BOOST_TEST(bench.scheduler.wait_handles() == std::vector<int>{7}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_version_of_wait_handles_changes_with_bonds_and_ports) {
  Bench bench;
  std::vector<std::uint64_t> versions = {bench.scheduler.handles_version()};
  const auto changed = [&] {
    versions.push_back(bench.scheduler.handles_version());
    return versions[versions.size() - 1] != versions[versions.size() - 2];
  };
  BOOST_REQUIRE(bench.scheduler.add_bond(bond_of("bond0", {"e0"})).ok());
  BOOST_TEST(changed());
  bench.scheduler.step([&](Tick) { BOOST_TEST(bench.scheduler.find("bond0")->enslave("e1").ok()); });
  BOOST_TEST(changed());
  bench.scheduler.step();
  BOOST_TEST(!changed());
  bench.scheduler.step([&](Tick) { BOOST_TEST(bench.scheduler.find("bond0")->release("e0").ok()); });
  BOOST_TEST(changed());
}

BOOST_AUTO_TEST_CASE(what_the_hardware_refuses_is_told_and_counted_not_fatal) {
  Bench bench;
  BOOST_REQUIRE(bench.scheduler.add_bond(bond_of("bond0", {"e0", "e1"})).ok());
  bench.scheduler.step();
  FakeHostPort& host = *bench.hardware.hosts["bond0"];
  host.answer = [](wire::Bytes) { return ENOBUFS; };
  bench.hardware.nics["e0"]->to_receive.emplace_back(60);
  bench.scheduler.step();
  BOOST_TEST(bench.scheduler.find("bond0")->status(Tick{}).ports[0].counters.rx_host_refused == 1U);
  for (FakeNic* nic : {bench.hardware.nics["e0"], bench.hardware.nics["e1"]}) nic->refuse_all(ENOBUFS);
  host.to_receive.emplace_back(60);
  bench.scheduler.step();
  BOOST_TEST(bench.scheduler.find("bond0")->status(Tick{}).ports[0].counters.tx_refused == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

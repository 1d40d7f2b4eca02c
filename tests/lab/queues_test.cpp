// queue_id: what the host puts into a queue of bond0 leaves on the port of that number. On the device, then in the
// whole program.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "tests/lab/support/lab_house.hpp"
#include "tests/lab/support/linux_bench.hpp"
#include "tests/lab/support/queue_marks.hpp"

namespace bondbox::lab {
namespace {

constexpr std::uint16_t test_port = 4711;

bool is_test_datagram(std::span<const std::uint8_t> frame) {
  return frame.size() >= 42 && frame[12] == 0x08 && frame[13] == 0x00 && frame[23] == 17 &&
         wire::load_be16(&frame[36]) == test_port;
}

/// bond0 on its own, made for several queues, up, with a neighbour that needs no asking.
struct Tap {
  Bench bench;
  Namespace::Stay inside{bench.host};
  LinuxHardware hardware = bench.hardware();
  std::unique_ptr<HostPort> bond0;

  explicit Tap(std::size_t queues = 4) {
    Result<std::unique_ptr<HostPort>> made = hardware.open_host_port("bond0", queues);
    BOOST_REQUIRE(made.ok());
    bond0 = std::move(made.value());
    BOOST_REQUIRE(bond0->set_carrier(true).ok());
    BOOST_REQUIRE(bond0->set_up(true).ok());
    bench.host.must("ip addr add 10.9.0.1/24 dev bond0; ip neigh add 10.9.0.2 lladdr 02:00:00:00:0b:02 dev bond0");
  }
  /// False, with the reason printed, where the kernel cannot.
  bool has_queues(std::size_t count) {
    const Outcome outcome = bond0->set_queues(count);
    if (outcome.error == EOPNOTSUPP) BOOST_TEST_MESSAGE("queues: not tried, " << outcome.reason);
    if (outcome.error != EOPNOTSUPP) BOOST_TEST(outcome.ok(), outcome.reason);
    return outcome.ok();
  }
  bool queues_by_mark() {
    const std::string missing = queue_by_mark(bench.host, "bond0");
    if (!missing.empty()) BOOST_TEST_MESSAGE("frames put into a queue: not tried, " << missing);
    return missing.empty();
  }
  /// How many test datagrams come out of each queue until `expected` have.
  std::map<int, int> received(int expected) {
    std::map<int, int> of_queue;
    int seen = 0;
    PacketBatch batch;
    (void)wait_until(
        [&] {
          batch.clear();
          (void)bond0->receive(batch);
          for (std::size_t i = 0; i < batch.size(); ++i) {
            if (!is_test_datagram(std::as_const(batch[i]).frame())) continue;
            ++of_queue[batch[i].queue()];
            ++seen;
          }
          return seen >= expected;
        },
        patience_ms);
    return of_queue;
  }
  std::size_t handles() const {
    std::vector<int> all;
    bond0->append_wait_handles(all);
    return all.size();
  }
};

using Counts = std::map<int, int>;

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_queues)

BOOST_AUTO_TEST_CASE(flows_that_the_host_puts_nowhere_come_out_of_the_first_queue) {
  Tap tap;
  BOOST_TEST(tap.handles() == 1u);
  if (!tap.has_queues(4)) return;
  BOOST_TEST(tap.handles() == 4u);
  send_marked(tap.bench.host, "10.9.0.2", test_port, 0, 100);
  BOOST_TEST((tap.received(100) == Counts{{0, 100}}));
}

BOOST_AUTO_TEST_CASE(what_the_host_puts_into_a_queue_comes_out_of_it) {
  Tap tap;
  if (!tap.has_queues(4) || !tap.queues_by_mark()) return;
  for (const int mark : {3, 0, 1, 2}) send_marked(tap.bench.host, "10.9.0.2", test_port, mark, 10 + mark);
  BOOST_TEST((tap.received(46) == Counts{{0, 10}, {1, 11}, {2, 12}, {3, 13}}));
}

BOOST_AUTO_TEST_CASE(frames_that_wait_in_a_queue_which_is_taken_away_still_come_out) {
  Tap tap;
  if (!tap.has_queues(4) || !tap.queues_by_mark()) return;
  for (const int mark : {1, 2, 3}) send_marked(tap.bench.host, "10.9.0.2", test_port, mark, 20);
  BOOST_TEST(tap.has_queues(1));
  BOOST_TEST((tap.received(60) == Counts{{1, 20}, {2, 20}, {3, 20}}));
  BOOST_TEST(wait_until([&] { return tap.received(0).empty() && tap.handles() == 1u; }, patience_ms));
  BOOST_TEST(tap.has_queues(3));
  send_marked(tap.bench.host, "10.9.0.2", test_port, 2, 10);
  BOOST_TEST((tap.received(10) == Counts{{2, 10}}));
}

BOOST_AUTO_TEST_CASE(further_queues_change_neither_carrier_nor_what_is_handed_over_whole) {
  Tap tap;
  BOOST_REQUIRE(tap.bond0->set_carrier(false).ok());
  if (!tap.has_queues(5)) return;
  const auto shown = [&] { return tap.bench.host.must("ip link show bond0; ethtool -k bond0 2>/dev/null; true"); };
  BOOST_TEST(shown().find("NO-CARRIER") != std::string::npos, shown());
  BOOST_TEST(tap.bond0->set_carrier(true).ok());
  BOOST_TEST(shown().find("LOWER_UP") != std::string::npos, shown());
  BOOST_TEST(shown().find("tcp-segmentation-offload: off") == std::string::npos, shown());
  BOOST_TEST(tap.has_queues(2));
  BOOST_TEST(shown().find("LOWER_UP") != std::string::npos, shown());
}

BOOST_AUTO_TEST_CASE(a_bond_that_was_made_with_one_queue_refuses_more_and_says_why) {
  Tap tap(1);
  const Outcome outcome = tap.bond0->set_queues(2);
  BOOST_TEST(outcome.error == EOPNOTSUPP);
  BOOST_TEST(outcome.reason.find("made with one queue") != std::string::npos, outcome.reason);
  BOOST_TEST(tap.bond0->set_queues(1).ok());
  BOOST_TEST(tap.bond0->set_queues(0).error == EINVAL);
  BOOST_TEST(tap.bond0->set_queues(99).error == EINVAL);
}

BOOST_AUTO_TEST_CASE(a_device_with_several_queues_that_is_deleted_wakes_nobody) {
  Tap tap;
  if (!tap.has_queues(4)) return;
  tap.bench.host.must("ip link del bond0");
  FixedVector<HardwareEvent, 64> events;
  BOOST_TEST(wait_until([&] { return tap.hardware.poll_events(events), !tap.bond0->is_present(); }, patience_ms));
  BOOST_TEST(tap.handles() == 1u);
  PacketBatch batch;
  BOOST_TEST(tap.bond0->receive(batch) == 0u);
  BOOST_TEST(tap.bond0->set_queues(2).error == ENODEV);
}

BOOST_AUTO_TEST_CASE(a_running_bond_sends_a_queues_frames_on_its_port_while_that_is_up) {
  const House house;
  const Daemon daemon(house.box, std::string(House::words) + " queue_id=eth1:2");
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  if (contains(daemon.events(), "queue_id has no effect")) {
    BOOST_TEST_MESSAGE("queue_id: not tried, " << daemon.events());
    return;
  }
  if (const std::string missing = queue_by_mark(house.box, "bond0"); !missing.empty()) {
    BOOST_TEST_MESSAGE("queue_id: not tried, " << missing);
    return;
  }
  Wiretap first(house.town, "port0");
  Wiretap second(house.town, "port1");
  send_marked(house.box, House::town_v4, test_port, 2, 1);
  BOOST_TEST(!second.expect(is_test_datagram, patience_ms).empty());
  BOOST_TEST(first.expect(is_test_datagram, 50).empty());
  send_marked(house.box, House::town_v4, test_port, 0, 1);
  BOOST_TEST(!first.expect(is_test_datagram, patience_ms).empty());
  BOOST_TEST(second.expect(is_test_datagram, 50).empty());

  // Without link the port's queue is as every other frame.
  house.pull(1);
  BOOST_REQUIRE(wait_until([&] { return daemon.status("/bonds/0/ports/1/link") == "down"; }, patience_ms));
  send_marked(house.box, House::town_v4, test_port, 2, 1);
  BOOST_TEST(!first.expect(is_test_datagram, patience_ms).empty());
  house.put_back(1);
  BOOST_REQUIRE(wait_until([&] { return daemon.status("/bonds/0/ports/1/link") == "up"; }, patience_ms));

  // The number can be changed while it runs.
  BOOST_TEST(daemon.ask("set bond0 queue_id eth1:0").status == 0);
  BOOST_TEST(daemon.ask("set bond0 queue_id eth1:5").status == 0);
  BOOST_TEST(wait_until(
      [&] {
        send_marked(house.box, House::town_v4, test_port, 5, 1);
        return !second.expect(is_test_datagram, 100).empty();
      },
      patience_ms));
}

BOOST_AUTO_TEST_CASE(a_queue_that_is_asked_for_too_late_is_told_with_what_to_do) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  BOOST_TEST(daemon.ask("set bond0 queue_id eth1:2").status == 0);
  BOOST_TEST(contains(daemon.events(), "queue_id has no effect: bond0 has no queue 2: it was made with one queue"),
             daemon.events());
  BOOST_TEST(reaches(house.box, House::town_v4));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

// What must not be lost when more comes than can be read: LACP partners, ARP, neighbour discovery.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <string>

#include "hal/linux/wait_set.hpp"
#include "hal/wire/slow_protocols.hpp"
#include "tests/lab/support/lab_house.hpp"
#include "tests/lab/support/linux_bench.hpp"

namespace bondbox::lab {
namespace {

constexpr std::size_t ethertype_at = 12;

bool has_type(wire::Bytes frame, std::uint16_t type) {
  return frame.size() > ethertype_at + 1 && wire::load_be16(frame.data() + ethertype_at) == type;
}

/// Small frames to one station, as fast as the kernel takes them, for at most a minute.
Process flood(const Namespace& from, const std::string& interface, MacAddress to) {
  return from.fork_inside([&from, interface, to] {
    Wiretap wire(from, interface);
    const Frame frame = make_frame(to, {0x88, 0xb5});
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (std::chrono::steady_clock::now() < end) (void)wire.send(frame);
    return 0;
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_saturation)

BOOST_AUTO_TEST_CASE(what_holds_a_bond_together_arrives_ahead_of_data_that_overflows) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(carries(bench, *nic));
  PacketBatch batch;
  do {
    batch.clear();
  } while (nic->receive(batch) != 0);

  Wiretap far(bench.peer, "q0");
  const Frame data = make_frame(broadcast_mac, {0x88, 0xb5}, 1'400);
  // More than the socket's buffer holds, with what the kernel counts for each frame.
  for (int i = 0; i < 8'000; ++i) BOOST_REQUIRE(far.send(data) == 0);
  BOOST_REQUIRE(nic->counters().receive_lost > 0u);
  const std::uint64_t lost = nic->counters().receive_lost;
  const wire::SmallFrame lacpdu = wire::build_lacpdu(nic->mac(), {.system = nic->permanent_mac()}, {});
  Frame solicitation = make_frame(broadcast_mac, {0x86, 0xdd});
  solicitation[20] = 58;
  solicitation[54] = 135;
  BOOST_REQUIRE(far.send({lacpdu.begin(), lacpdu.end()}) == 0);
  BOOST_REQUIRE(far.send(make_frame(broadcast_mac, {0x08, 0x06})) == 0);
  BOOST_REQUIRE(far.send(solicitation) == 0);
  batch.clear();
  BOOST_REQUIRE(nic->receive(batch) > 3u);
  BOOST_TEST(nic->counters().receive_lost == lost);
  // The peer's own kernel may solicit neighbours too, ahead or in between.
  std::vector<std::uint16_t> types;
  for (std::size_t i = 0; i < batch.size(); ++i)
    types.push_back(wire::load_be16(batch[i].frame().data() + ethertype_at));
  const auto first_data = std::find(types.begin(), types.end(), 0x88b5);
  for (const int type : {0x8809, 0x0806, 0x86dd}) {
    BOOST_TEST(std::count(types.begin(), first_data, type) >= 1, type);
    BOOST_TEST((std::find(first_data, types.end(), type) == types.end()), type);
  }
}

BOOST_AUTO_TEST_CASE(an_lacpdu_arrives_ahead_of_arp_and_of_slow_protocols_that_overflow) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(carries(bench, *nic));
  Wiretap far(bench.peer, "q0");
  const wire::SmallFrame frame = wire::build_lacpdu(nic->mac(), {.system = nic->permanent_mac()}, {});
  const Frame partners(frame.begin(), frame.end());
  Frame marker = partners;
  marker[14] = 2;
  Frame own = partners;
  own[20] ^= 0x40;
  // What we say ourselves tells the port which LACPDUs can be no partner's.
  PacketBatch batch;
  BOOST_REQUIRE(batch.prepare().assign(own));
  batch.commit();
  const Packet* const ours = &batch[0];
  BOOST_REQUIRE(nic->transmit({&ours, 1}).accepted == 1u);
  const Frame arp = make_frame(broadcast_mac, {0x08, 0x06});
  for (int i = 0; i < 8'000; ++i)
    for (const Frame* flood : std::initializer_list<const Frame*>{&arp, &marker, &own})
      BOOST_REQUIRE(far.send(*flood) == 0);
  BOOST_REQUIRE(nic->counters().receive_lost > 0u);
  const std::uint64_t lost = nic->counters().receive_lost;
  BOOST_REQUIRE(far.send(partners) == 0);
  BOOST_TEST(nic->counters().receive_lost == lost);
  batch.clear();
  BOOST_REQUIRE(nic->receive(batch) > 1u);
  const wire::Bytes first = batch[0].frame();
  BOOST_TEST(std::equal(first.begin(), first.end(), partners.begin(), partners.end()));
}

BOOST_AUTO_TEST_CASE(what_had_come_when_an_interface_was_deleted_is_still_read_and_then_it_is_quiet) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(carries(bench, *nic));
  PacketBatch batch;
  do {
    batch.clear();
  } while (nic->receive(batch) != 0);
  Wiretap far(bench.peer, "q0");
  const Frame data = make_frame(nic->mac(), {0x88, 0xb5});
  const Frame arp = make_frame(broadcast_mac, {0x08, 0x06});
  for (int i = 0; i < 100; ++i)
    for (const Frame* frame : {&data, &arp}) BOOST_REQUIRE(far.send(*frame) == 0);
  bench.host.must("ip link del p0");
  BOOST_REQUIRE(wait_until([&] { return !nic->link().present; }, patience_ms));
  int found = 0;
  for (int i = 0; i < 100; ++i) {
    batch.clear();
    if (nic->receive(batch) == 0) break;
    for (std::size_t at = 0; at < batch.size(); ++at)
      found += has_type(batch[at].frame(), 0x88b5) || has_type(batch[at].frame(), 0x0806);
  }
  BOOST_TEST(found >= 200);
  std::vector<int> handles;
  nic->append_wait_handles(handles);
  BOOST_TEST(!handles.empty());
  for (const int handle : handles) BOOST_TEST(!lnx::is_readable(handle));
  BOOST_TEST(nic->receive(batch) == 0u);
  BOOST_TEST(nic->counters().receive_errors == 0u);
}

BOOST_AUTO_TEST_CASE(a_flood_of_what_goes_ahead_leaves_room_for_data) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(carries(bench, *nic));
  Wiretap far(bench.peer, "q0");
  const Frame arp = make_frame(broadcast_mac, {0x08, 0x06});
  for (int i = 0; i < 200; ++i) BOOST_REQUIRE(far.send(arp) == 0);
  Frame data = make_frame(broadcast_mac, {0x88, 0xb5});
  data.back() = 0x77;
  BOOST_REQUIRE(far.send(data) == 0);
  PacketBatch batch;
  (void)nic->receive(batch);
  bool found = false;
  for (std::size_t i = 0; i < batch.size(); ++i)
    found = found || (has_type(batch[i].frame(), 0x88b5) && batch[i].frame().back() == 0x77);
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_CASE(a_refused_list_tells_its_place_wherever_arp_stands_in_it) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(carries(bench, *nic));
  Wiretap far(bench.peer, "q0");
  PacketBatch batch;
  const Frame data = make_frame(broadcast_mac, {0x88, 0xb5});
  const Frame arp = make_frame(broadcast_mac, {0x08, 0x06});
  for (const Frame& frame : {data, data, arp, data, arp, make_frame(broadcast_mac, {0x88, 0xb5}, 20'000), data}) {
    BOOST_REQUIRE(batch.prepare().assign(frame));
    batch.commit();
  }
  std::vector<const Packet*> list;
  for (std::size_t i = 0; i < batch.size(); ++i) list.push_back(&batch[i]);
  const TransmitResult result = nic->transmit(list);
  BOOST_TEST(result.accepted == 5u);
  BOOST_TEST(result.error == EMSGSIZE);
  int seen = 0;
  while (
      seen < 2 &&
      !far.expect([](wire::Bytes frame) { return has_type(frame, 0x0806) && frame.size() == 80; }, patience_ms).empty())
    ++seen;
  BOOST_TEST(seen == 2);
}

BOOST_AUTO_TEST_CASE(lacp_partners_stay_together_and_arp_is_answered_while_both_directions_overflow) {
  const TwoHouses boxes;
  const std::string words = "mode=4 lacp_rate=fast miimon=50 offload=off";
  const Daemon left(boxes.left, TwoHouses::words(1, words));
  const Daemon right(boxes.right, TwoHouses::words(2, words));
  BOOST_REQUIRE(wait_until([&] { return partners_are_there(left) && partners_are_there(right); }, 10'000));
  const MacAddress left_mac = *MacAddress::parse(left.status("/bonds/0/mac"));
  const MacAddress right_mac = *MacAddress::parse(right.status("/bonds/0/mac"));
  const auto lost = [](const Daemon& daemon) {
    return std::stoull(daemon.status("/bonds/0/ports/0/rx/lost_below")) +
           std::stoull(daemon.status("/bonds/0/ports/1/rx/lost_below"));
  };
  const std::string before = left.events() + right.events();
  Process to_left = flood(boxes.right, "eth0", left_mac);
  Process to_right = flood(boxes.left, "eth1", right_mac);
  // A partner that is not heard for three seconds has gone. That both are not read for a while is what a machine with
  // too little CPU for the flood does to them.
  for (int i = 0; i < 10; ++i) {
    for (const Daemon* daemon : {&left, &right}) ::kill(daemon->pid(), SIGSTOP);
    (void)run_command("sleep 0.4");
    for (const Daemon* daemon : {&left, &right}) ::kill(daemon->pid(), SIGCONT);
    BOOST_TEST(partners_are_there(left));
    BOOST_TEST(partners_are_there(right));
  }
  BOOST_TEST(lost(left) > 0u);
  BOOST_TEST(lost(right) > 0u);
  boxes.left.must("ip neigh flush dev bond0");
  BOOST_TEST(boxes.left.run("ping -c 1 -W 5 192.168.11.2; ip neigh show 192.168.11.2 dev bond0 | grep lladdr").ok());
  to_left.stop(9);
  to_right.stop(9);
  const auto partnerships = [](const std::string& events) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = events.find("partner", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  const std::string after = left.events() + right.events();
  BOOST_TEST(partnerships(after) == partnerships(before), after);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

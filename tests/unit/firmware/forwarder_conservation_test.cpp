// Over random plans, frames and refusals: every frame is counted once and sent at most once; nothing is allocated.
#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <set>

#include "firmware/forwarder.hpp"
#include "tests/support/allocation_counter.hpp"
#include "tests/support/random_frames.hpp"
#include "tests/unit/firmware/forwarder_fixture.hpp"

namespace bondbox::test {
namespace {

constexpr int rounds = 3000;
constexpr std::uint32_t seed = 20240917;
constexpr std::array<int, 8> refusals{ENETDOWN, ENXIO, ENODEV, ENOBUFS, EAGAIN, EMSGSIZE, EINVAL, EIO};

PortList random_ports(Chance& chance, std::size_t count) {
  PortList left;
  for (std::uint8_t i = 0; i < ForwarderFixture::nic_count; ++i) left.push_back(PortId{i});
  PortList chosen;
  while (chosen.size() < count) {
    const std::size_t place = chance.below(static_cast<std::uint32_t>(left.size()));
    chosen.push_back(left[place]);
    left.erase_at(place);
  }
  return chosen;
}

void random_plan(ForwardingPlan& plan, Chance& chance) {
  plan.transmit.spread = static_cast<Spread>(chance.below(6));
  plan.transmit.usable = random_ports(chance, chance.below(5));
  plan.transmit.fallback = random_ports(chance, chance.below(5));
  plan.transmit.packets_per_port = static_cast<std::uint16_t>(chance.below(4));
  plan.transmit.hash_policy = static_cast<HashPolicy>(chance.below(6));
  plan.transmit.bucket_key = static_cast<BucketKey>(chance.below(2));
  for (PortId& port : plan.transmit.bucket_port) port = PortId{static_cast<std::uint8_t>(chance.below(4))};
  plan.transmit.igmp_port.reset();
  if (chance.one_in(4)) plan.transmit.igmp_port = PortId{static_cast<std::uint8_t>(chance.below(4))};
  plan.punt = static_cast<Punt>(chance.below(16));
  for (std::size_t i = 0; i < ForwarderFixture::nic_count; ++i) {
    PortRule& rule = plan.ports[i];
    rule.deliver = static_cast<Deliver>(chance.below(16));
    rule.source_mac.reset();
    rule.own_mac.reset();
    if (chance.one_in(2)) rule.source_mac = port_mac(i);
    if (chance.one_in(2)) rule.own_mac = port_mac(i);
  }
}

FrameBytes random_frame(Chance& chance, std::uint32_t number) {
  constexpr std::array<std::uint16_t, 6> types{
      wire::ethertype::ipv4, wire::ethertype::ipv6,           wire::ethertype::arp,
      wire::ethertype::vlan, wire::ethertype::slow_protocols, experimental_type};
  const std::array<MacAddress, 6> destinations{far_mac, bond_mac, port_mac(1), multicast_mac, broadcast_mac, slow_mac};
  if (chance.one_in(16)) return FrameBytes(chance.below(14), 0xff);
  FrameBytes frame = numbered(number, destinations[chance.below(6)], chance.one_in(3) ? bridged_mac : bond_mac,
                              types[chance.below(6)], 18 + chance.below(200));
  for (std::size_t i = 18; i < frame.size(); ++i) frame[i] = static_cast<std::uint8_t>(chance.below(256));
  return frame;
}

std::vector<FrameBytes> random_frames(Chance& chance) {
  std::vector<FrameBytes> frames;
  const std::uint32_t count = chance.below(PacketBatch::frames_max + 1);
  for (std::uint32_t i = 0; i < count; ++i) frames.push_back(random_frame(chance, i));
  return frames;
}

std::function<int(wire::Bytes)> random_answers(Chance& chance) {
  const int error = refusals[chance.below(refusals.size())];
  const std::uint32_t likelihood = chance.below(5);
  if (likelihood == 0) return {};
  return [&chance, error, likelihood](wire::Bytes) { return chance.below(4) < likelihood ? error : 0; };
}

struct Sums {
  std::uint64_t tx_frames = 0, tx_bytes = 0, tx_refused = 0, recorded = 0, recorded_bytes = 0;

  explicit Sums(const ForwarderFixture& bond) {
    for (std::uint8_t i = 0; i < ForwarderFixture::nic_count; ++i) {
      tx_frames += bond.counters(i).tx_frames;
      tx_bytes += bond.counters(i).tx_bytes;
      tx_refused += bond.counters(i).tx_refused;
      recorded += bond.nics[i].sent.size();
      recorded_bytes += bond.nics[i].sent.bytes();
    }
  }
  std::uint64_t counted(const Forwarder& forwarder) const {
    const BondCounters& bond = forwarder.bond();
    return tx_frames + tx_refused + bond.tx_no_port + bond.tx_runt + bond.tx_punted;
  }
};

/// Frames that are copied to every usable port count once for each; those that the policy was given, once.
std::uint64_t expected_count(const ForwardingPlan& plan, const std::vector<FrameBytes>& frames, std::uint64_t punted) {
  const auto& rule = plan.transmit;
  if (rule.spread != Spread::copy_to_all || rule.usable.empty()) return frames.size();
  std::uint64_t runts = 0;
  for (const FrameBytes& frame : frames) runts += frame.size() < wire::ethernet_header_size ? 1 : 0;
  return runts + punted + (frames.size() - runts - punted) * rule.usable.size();
}

/// A port that has been given a frame of the batch twice, or any two for one frame without copying.
bool has_duplicates(const ForwarderFixture& bond) {
  std::set<std::uint32_t> seen;
  for (const FakeNic& nic : bond.nics) {
    if (bond.plan.transmit.spread == Spread::copy_to_all) seen.clear();
    for (const std::uint32_t number : numbers_in(nic.sent))
      if (!seen.insert(number).second) return true;
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forwarder_conservation)

BOOST_AUTO_TEST_CASE(every_frame_from_the_host_is_counted_once_and_sent_at_most_once) {
  Chance chance(seed);
  const auto bond = std::make_unique<ForwarderFixture>();
  std::uint64_t sent = 0, moved = 0, refused = 0;
  for (int round = 0; round < rounds; ++round) {
    random_plan(bond->plan, chance);
    for (std::size_t i = 0; i < ForwarderFixture::nic_count; ++i) {
      FakeNic& nic = bond->nics[i];
      nic.sent.clear();
      nic.sample.up = !chance.one_in(2);
      nic.answer = random_answers(chance);
      bond->table[i] = chance.one_in(8) ? nullptr : &nic;
    }
    if (chance.one_in(64)) bond->forwarder.punted().clear();
    const std::vector<FrameBytes> frames = random_frames(chance);
    const Sums before(*bond);
    const std::uint64_t counted_before = before.counted(bond->forwarder);
    const std::size_t punted_before = bond->forwarder.punted().size();
    bond->to_ports(frames);
    const Sums after(*bond);
    const std::uint64_t punted = bond->forwarder.punted().size() - punted_before;
    BOOST_REQUIRE(after.counted(bond->forwarder) - counted_before == expected_count(bond->plan, frames, punted));
    BOOST_REQUIRE(after.tx_frames - before.tx_frames == after.recorded);
    BOOST_REQUIRE(after.tx_bytes - before.tx_bytes == after.recorded_bytes);
    BOOST_REQUIRE(!has_duplicates(*bond));
    if (bond->plan.transmit.spread == Spread::single && !bond->plan.transmit.igmp_port) {
      for (const FakeNic& nic : bond->nics) BOOST_REQUIRE(std::ranges::is_sorted(numbers_in(nic.sent)));
    }
    sent = after.tx_frames;
    refused = after.tx_refused;
  }
  for (std::uint8_t i = 0; i < ForwarderFixture::nic_count; ++i) moved += bond->counters(i).tx_moved;
  // The rounds went everywhere.
  BOOST_TEST(sent > 10'000U);
  BOOST_TEST(refused > 10'000U);
  BOOST_TEST(moved > 1'000U);
  BOOST_TEST(bond->forwarder.bond().tx_no_port > 1'000U);
  BOOST_TEST(bond->forwarder.bond().tx_runt > 1'000U);
  BOOST_TEST(bond->forwarder.bond().tx_punted > 1'000U);
}

BOOST_AUTO_TEST_CASE(every_frame_from_a_port_is_counted_once) {
  Chance chance(seed);
  const auto bond = std::make_unique<ForwarderFixture>();
  std::uint64_t delivered = 0, came = 0;
  for (int round = 0; round < rounds; ++round) {
    random_plan(bond->plan, chance);
    bond->host.delivered.clear();
    bond->host.answer = random_answers(chance);
    bond->forwarder.punted().clear();
    const std::vector<FrameBytes> frames = random_frames(chance);
    bond->to_host(0, frames);
    came += frames.size();
    delivered += bond->host.delivered.size();
    const PortCounters& port = bond->counters(0);
    BOOST_REQUIRE(port.rx_frames == came);
    BOOST_REQUIRE(delivered + port.rx_suppressed + port.rx_punted + port.rx_runt + port.rx_host_refused == came);
    BOOST_REQUIRE(std::ranges::is_sorted(numbers_in(bond->host.delivered)));
  }
  BOOST_TEST(delivered > 10'000U);
  for (const auto count : {bond->counters(0).rx_suppressed, bond->counters(0).rx_punted, bond->counters(0).rx_runt,
                           bond->counters(0).rx_host_refused}) {
    BOOST_TEST(count > 1'000U);
  }
}

BOOST_AUTO_TEST_CASE(the_allocation_counter_sees_allocations) {
  const AllocationCounter allocations;
  ::operator delete(::operator new(64));
  ::operator delete (::operator new (64, std::align_val_t{64}), std::align_val_t{64});
  const std::uint64_t count = allocations.count();
  BOOST_TEST(count == 2U);
}

BOOST_AUTO_TEST_CASE(forwarding_allocates_nothing) {
  Chance chance(seed);
  const auto bond = std::make_unique<ForwarderFixture>();
  std::uint64_t allocated = 0;
  std::uint64_t handled = 0;
  for (int round = 0; round < rounds / 10; ++round) {
    random_plan(bond->plan, chance);
    for (FakeNic& nic : bond->nics) {
      nic.sent.clear();
      nic.answer = random_answers(chance);
    }
    bond->host.delivered.clear();
    bond->forwarder.punted().clear();
    const std::vector<FrameBytes> frames = random_frames(chance);
    bond->fill(frames);
    const AllocationCounter on_the_way_out;
    bond->forwarder.host_to_ports(bond->batch, bond->plan, bond->table);
    if (bond->batch.size() != 0) bond->forwarder.send(bond->batch[0], bond->plan, bond->table);
    if (bond->batch.size() != 0) bond->forwarder.send_on(PortId{1}, bond->batch[0], bond->table);
    allocated += on_the_way_out.count();
    bond->fill(frames);
    const AllocationCounter on_the_way_in;
    bond->forwarder.port_to_host(bond->batch, PortId{2}, bond->plan, bond->host, bond_mac);
    allocated += on_the_way_in.count();
    handled += frames.size();
  }
  BOOST_TEST(handled > 1'000U);
  BOOST_TEST(allocated == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

// Over random plans and frames of every shape, whole or cut off anywhere: nothing is read beyond a frame's end, and
// what forwarding does with it is what the plan allows. BONDBOX_SEED=N repeats a run.
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>

#include "policies/choice.hpp"
#include "policies/transmit_hash.hpp"
#include "tests/support/random_plan.hpp"
#include "tests/unit/firmware/forwarder_fixture.hpp"

namespace bondbox::test {
namespace {

constexpr int plans = 4000;
constexpr std::uint32_t frames_a_plan = 24;
constexpr std::array<int, 6> refusals{ENETDOWN, ENODEV, ENOBUFS, EAGAIN, EMSGSIZE, EIO};

std::uint32_t seed() {
  const char* const text = std::getenv("BONDBOX_SEED");
  return text != nullptr ? static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10)) : 20'261'122;
}

bool holds(const PortList& ports, PortId port) {
  return std::find(ports.begin(), ports.end(), port) != ports.end();
}

constexpr std::array<MacAddress, ForwarderFixture::nic_count> port_macs{port_mac(0), port_mac(1), port_mac(2),
                                                                        port_mac(3)};

/// Where each frame of a batch went: ports by the frame's address in memory.
using Ways = std::map<const std::uint8_t*, std::vector<PortId>>;

class Bench : public ForwarderFixture {
 public:
  explicit Bench(Chance& chance) : chance_(chance) {}

  std::vector<FrameBytes> frames;
  Ways ways;
  Ways offered;
  std::array<bool, nic_count> refuses{};

  void draw() {
    plan = random_plan(chance_, port_macs);
    frames.clear();
    const std::vector<MacAddress> addresses{bond_mac,      far_mac,       bridged_mac, port_mac(1),
                                            multicast_mac, broadcast_mac, slow_mac};
    batch.clear();
    for (std::uint32_t i = 0; i < frames_a_plan; ++i) {
      FrameBytes whole = random_wire_frame(chance_, addresses);
      if (whole.size() >= 12 && MacAddress::load(&whole[6]) == port_mac(1)) bond_mac.store(&whole[6]);
      const std::size_t length =
          chance_.one_in(3) ? chance_.below(static_cast<std::uint32_t>(whole.size()) + 1) : whole.size();
      Packet& packet = batch.prepare();
      BOOST_REQUIRE(packet.assign(whole));
      packet.set_length(length);  // what was cut off still lies behind the frame
      packet.set_queue(chance_.one_in(4) ? static_cast<std::uint16_t>(chance_.below(6)) : std::uint16_t{0});
      batch.commit();
      frames.emplace_back(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    }
    forwarder.punted().clear();
    ways.clear();
    offered.clear();
    for (std::uint8_t i = 0; i < nic_count; ++i) nics[i].answer = answers(PortId{i});
  }

  std::uint64_t counted() const {
    const BondCounters& bond = forwarder.bond();
    std::uint64_t sum = bond.tx_no_port + bond.tx_runt + bond.tx_punted;
    for (std::uint8_t i = 0; i < nic_count; ++i) sum += counters(i).tx_frames + counters(i).tx_refused;
    return sum;
  }

 private:
  std::function<int(wire::Bytes)> answers(PortId port) {
    const int error = chance_.one_in(2) ? 0 : chance_.one_of(refusals);
    refuses[port.index] = error != 0;
    nics[port.index].sample.up = error != ENOBUFS || chance_.one_in(2);
    return [this, port, error](wire::Bytes frame) {
      offered[frame.data()].push_back(port);
      if (error != 0 && chance_.one_in(2)) return error;
      ways[frame.data()].push_back(port);
      return 0;
    };
  }

  Chance& chance_;
};

/// What the plan says of a frame, from an allocation of just its size: a sanitizer sees any byte read beyond it.
Choice choice_of_exactly(const ForwardingPlan& plan, const FrameBytes& frame, std::uint16_t queue) {
  const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[frame.size()]);
  std::copy(frame.begin(), frame.end(), exact.get());
  const wire::Bytes bytes{exact.get(), frame.size()};
  (void)transmit_hash_as_is(plan.transmit.hash_policy, bytes);
  return choose_port(plan, bytes, 7, queue);
}

std::uint16_t innermost_type(const FrameBytes& frame) {
  const auto view = wire::EthernetView::parse(frame);
  return view ? view->ethertype() : std::uint16_t{0};
}

/// Everything but the source address, which may have become a port's.
bool same_but_for_source(wire::Bytes now, const FrameBytes& before) {
  return now.size() == before.size() && std::equal(now.begin(), now.begin() + 6, before.begin()) &&
         std::equal(now.begin() + 12, now.end(), before.begin() + 12);
}

void check_way(const Bench& bench, const Packet& packet, const FrameBytes& frame, const Choice& choice) {
  const ForwardingPlan& plan = bench.plan;
  const auto found = bench.ways.find(packet.frame().data());
  if (found == bench.ways.end()) return;
  const std::vector<PortId>& ports = found->second;
  const bool copied = choice.reason == ChoiceReason::copies || choice.reason == ChoiceReason::neighbour;
  BOOST_REQUIRE(copied || ports.size() == 1);
  for (const PortId port : ports) {
    BOOST_REQUIRE(holds(plan.transmit.usable, port) || (!copied && holds(plan.transmit.fallback, port)));
    BOOST_REQUIRE(std::count(ports.begin(), ports.end(), port) == 1);
  }
  BOOST_REQUIRE(same_but_for_source(packet.frame(), frame));
  const MacAddress source = MacAddress::load(&frame[6]);
  const auto& own = plan.ports[ports.front().index].source_mac;
  const MacAddress wanted = own ? *own : source;
  BOOST_REQUIRE((MacAddress::load(packet.frame().data() + 6) == wanted));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forwarder_property)

BOOST_AUTO_TEST_CASE(frames_from_the_host_leave_as_the_plan_allows_and_are_counted_once) {
  const std::uint32_t number = seed();
  BOOST_TEST_MESSAGE("seed " << number);
  BOOST_TEST_INFO_SCOPE("BONDBOX_SEED=" << number);
  Chance chance(number);
  const auto bench = std::make_unique<Bench>(chance);
  std::map<ChoiceReason, std::uint64_t> met;
  for (int round = 0; round < plans; ++round) {
    bench->draw();
    const std::uint64_t before = bench->counted();
    std::uint64_t expected = 0;
    std::vector<Choice> choices;
    const BondCounters bond_before = bench->forwarder.bond();
    std::uint64_t runts = 0;
    for (std::size_t i = 0; i < bench->frames.size(); ++i) {
      const FrameBytes& frame = bench->frames[i];
      choices.push_back({});
      if (frame.size() < wire::ethernet_header_size) {
        ++runts;
        ++expected;
        continue;
      }
      choices.back() = choice_of_exactly(bench->plan, frame, bench->batch[i].queue());
      const bool copied =
          choices.back().reason == ChoiceReason::copies || choices.back().reason == ChoiceReason::neighbour;
      const bool arp_punted = innermost_type(frame) == wire::ethertype::arp && (bench->plan.punt & punt_arp_sent) != 0;
      const bool na_punted = is_neighbour_discovery(frame) && (bench->plan.punt & punt_na_sent) != 0 &&
                             wire::EthernetView::parse(frame)->payload()[40] == 136;
      // A longer one could not be sent again by the policy.
      if ((arp_punted || na_punted) && frame.size() <= 128) {
        choices.back() = {};
        ++expected;
      } else {
        ++met[choices.back().reason];
        expected += copied ? bench->plan.transmit.usable.size() : 1;
      }
    }
    bench->forwarder.host_to_ports(bench->batch, bench->plan, bench->table);
    BOOST_REQUIRE(bench->counted() - before == expected);
    BOOST_REQUIRE(bench->forwarder.bond().tx_runt - bond_before.tx_runt == runts);
    for (std::size_t i = 0; i < bench->frames.size(); ++i) {
      // A frame that is dropped or punted was offered to nobody; any other to the chosen port first.
      const auto offered = bench->offered.find(std::as_const(bench->batch[i]).frame().data());
      const Choice& choice = choices[i];
      const bool leaves =
          choice.port || choice.reason == ChoiceReason::copies || choice.reason == ChoiceReason::neighbour;
      BOOST_REQUIRE(leaves || offered == bench->offered.end());
      const bool in_turn = choice.reason == ChoiceReason::turn || choice.reason == ChoiceReason::random;
      if (choice.port && !in_turn && !bench->refuses[choice.port->index]) {
        BOOST_REQUIRE(offered != bench->offered.end());
        BOOST_REQUIRE((offered->second.front() == *choice.port));
      }
      check_way(*bench, bench->batch[i], bench->frames[i], choice);
    }
  }
  // The rounds went everywhere.
  for (int reason = 0; reason <= static_cast<int>(ChoiceReason::queue); ++reason)
    BOOST_TEST(met[static_cast<ChoiceReason>(reason)] > 100U, "reason " << reason);
}

BOOST_AUTO_TEST_CASE(frames_from_a_port_reach_the_host_as_the_plan_allows_and_are_counted_once) {
  const std::uint32_t number = seed();
  BOOST_TEST_MESSAGE("seed " << number);
  BOOST_TEST_INFO_SCOPE("BONDBOX_SEED=" << number);
  Chance chance(number);
  const auto bench = std::make_unique<Bench>(chance);
  std::map<const std::uint8_t*, int> delivered;
  std::uint64_t rewritten = 0;
  std::uint64_t suppressed = 0;
  for (int round = 0; round < plans; ++round) {
    bench->draw();
    delivered.clear();
    const int error = chance.one_in(2) ? 0 : chance.one_of(refusals);
    bench->host.answer = [&, error](wire::Bytes frame) {
      if (error != 0 && chance.one_in(2)) return error;
      ++delivered[frame.data()];
      return 0;
    };
    const PortId from{static_cast<std::uint8_t>(chance.below(ForwarderFixture::nic_count))};
    const PortRule& rule = bench->plan.ports[from.index];
    const PortCounters before = bench->forwarder.port(from);
    bench->forwarder.port_to_host(bench->batch, from, bench->plan, bench->host, bond_mac);
    const PortCounters& after = bench->forwarder.port(from);
    std::uint64_t reached = 0;
    for (std::size_t i = 0; i < bench->frames.size(); ++i) {
      const FrameBytes& frame = bench->frames[i];
      const wire::Bytes now = std::as_const(bench->batch[i]).frame();
      const auto times = delivered.find(now.data());
      if (times == delivered.end()) continue;
      ++reached;
      BOOST_REQUIRE(times->second == 1);
      BOOST_REQUIRE(frame.size() >= wire::ethernet_header_size);
      BOOST_REQUIRE((rule.deliver & destination_class(frame)) != 0);
      BOOST_REQUIRE(innermost_type(frame) != wire::ethertype::slow_protocols ||
                    (bench->plan.punt & punt_slow_protocols) == 0);
      const MacAddress to = MacAddress::load(frame.data());
      bool rewrite = false;
      for (std::uint8_t port = 0; port < ForwarderFixture::nic_count; ++port) {
        const bool is_deaf =
            !holds(bench->plan.transmit.usable, PortId{port}) && bench->plan.ports[port].deliver == deliver_nothing;
        const bool speaks_for = port == from.index || is_deaf;
        rewrite = rewrite || (speaks_for && bench->plan.ports[port].own_mac == to);
      }
      rewritten += rewrite ? 1 : 0;
      BOOST_REQUIRE((MacAddress::load(now.data()) == (rewrite ? bond_mac : to)));
      BOOST_REQUIRE(std::equal(now.begin() + 6, now.end(), frame.begin() + 6, frame.end()));
    }
    suppressed += after.rx_suppressed - before.rx_suppressed;
    const std::uint64_t dropped = after.rx_suppressed - before.rx_suppressed + after.rx_punted - before.rx_punted +
                                  after.rx_runt - before.rx_runt + after.rx_host_refused - before.rx_host_refused;
    BOOST_REQUIRE(after.rx_frames - before.rx_frames == bench->frames.size());
    BOOST_REQUIRE(reached + dropped == bench->frames.size());
  }
  BOOST_TEST(rewritten > 100U);
  BOOST_TEST(suppressed > 1000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

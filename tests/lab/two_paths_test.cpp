// The same frames, two paths: thousands of frames of every kind through the simulated bond, the packet path and the BPF
// path, in both directions and in every mode. Ports and bytes are the same.
#include <sched.h>

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <map>
#include <set>
#include <string>

#include "firmware/fast_plan.hpp"
#include "firmware/forwarder.hpp"
#include "hal/linux/bpf_offload.hpp"
#include "policies/modes.hpp"
#include "tests/lab/support/backlog.hpp"
#include "tests/lab/support/linux_bench.hpp"
#include "tests/support/bpf_bench.hpp"
#include "tests/support/fake_host_port.hpp"
#include "tests/support/fake_nic.hpp"
#include "tests/support/random_frames.hpp"
#include "tests/support/recorded_rows.hpp"

namespace ut = boost::unit_test;
namespace bondbox::lab {
namespace {

constexpr std::uint8_t port_count = 3;
constexpr std::size_t frame_max = 1'400;
constexpr std::size_t batch_size = 24;  ///< at once: what a socket's queue holds of the largest
constexpr std::size_t random_count = 600;
constexpr MacAddress bond_mac{{0x02, 0, 0, 0, 0x0a, 0x00}};
constexpr std::array<std::uint8_t, 4> mark{0xb0, 0xbd, 0x5a, 0xa5};
constexpr MacAddress port_mac(std::size_t port) {
  return {{0x02, 0, 0, 0, 0x0a, static_cast<std::uint8_t>(port + 1)}};
}

bool kernel_can(ut::test_unit_id) {
  return test::kernel_takes_programs();
}

/// What came out where: ports and bytes by the frame's number. The host is port_count.
using Ways = std::map<std::uint32_t, std::multiset<std::pair<std::uint8_t, Frame>>>;

/// The frame's number, which stands behind `mark` at its end; nothing in frames of others.
std::optional<std::uint32_t> number_of(std::span<const std::uint8_t> frame) {
  if (frame.size() < 22 || !std::equal(mark.begin(), mark.end(), frame.end() - 8)) return std::nullopt;
  return wire::load_be32(&frame[frame.size() - 4]);
}

/// What came out of the frames from `first` to before `end`.
std::size_t count(const Ways& ways, std::uint32_t first, std::uint32_t end) {
  std::size_t sum = 0;
  for (auto it = ways.lower_bound(first); it != ways.end() && it->first < end; ++it) sum += it->second.size();
  return sum;
}

/// Every recorded frame once, and random ones; each with its number at the end.
std::vector<Frame> all_frames() {
  std::vector<Frame> frames;
  for (const auto& row : test::read_recorded_rows("hash_vectors.csv"))
    if (row[1] == "0" && row[2] == "3") frames.push_back(test::bytes_from_hex(row[5]));
  for (const auto& row : test::read_recorded_rows("tx_vectors.csv"))
    if (row[0] == "alb") frames.push_back(test::bytes_from_hex(row[5]));
  test::Chance chance(20'261'125);
  const std::vector<MacAddress> addresses{bond_mac,    stranger,      station,
                                          port_mac(0), broadcast_mac, {{0x01, 0, 0x5e, 1, 2, 3}},
                                          port_mac(1), port_mac(2),   {{0x33, 0x33, 0, 0, 0, 9}}};
  for (std::size_t i = 0; i < random_count; ++i) {
    Frame frame;
    while (frame.size() < 20) frame = test::random_wire_frame(chance, addresses);
    if (frame.size() > frame_max) frame.resize(frame_max);
    frame[6] &= 0xfe;  // nobody sends from a group
    frames.push_back(std::move(frame));
  }
  for (std::uint32_t i = 0; i < frames.size(); ++i) {
    frames[i].insert(frames[i].end(), mark.begin(), mark.end());
    std::array<std::uint8_t, 4> number{};
    wire::store_be32(number.data(), i);
    frames[i].insert(frames[i].end(), number.begin(), number.end());
  }
  return frames;
}

/// What the mode's policy publishes for three ports that are up. Mode 4: as after three ports have found one partner.
ForwardingPlan plan_of(Mode mode) {
  ForwardingPlan plan;
  if (mode == Mode::lacp_8023ad) {
    plan.transmit.spread = Spread::hash;
    plan.transmit.hash_policy = HashPolicy::layer34;
    plan.transmit.copy_neighbours = true;
    plan.punt = punt_slow_protocols;
    for (std::uint8_t i = 0; i < port_count; ++i) {
      plan.transmit.usable.push_back(PortId{i});
      plan.ports[i].deliver = deliver_all;
    }
    return plan;
  }
  BondOptions options;
  options.mode = mode;
  options.xmit_hash_policy = HashPolicy::encap34;
  BondFacts facts{.options = options, .bond_mac = bond_mac, .bond_up = true, .ports = {}};
  constexpr std::array<std::string_view, port_count> names{"p0", "p1", "p2"};
  AnyPolicy any = make_policy(mode);
  std::visit(
      [&](auto& policy) {
        for (std::uint8_t i = 0; i < port_count; ++i) {
          PortFacts port;
          port.id = PortId{i};
          port.name = names[i];
          port.link = LinkState::up;
          port.speed_mbps = 10'000;
          port.duplex = Duplex::full;
          port.mac = port.permanent_mac = i == 0 ? bond_mac : port_mac(i);
          facts.ports.push_back(port);
          ActionList actions;
          policy.handle(PortAdded{PortId{i}}, facts, Tick{}, actions);
        }
        plan = policy.plan(facts);
      },
      any);
  return plan;
}

/// One frame at a time through the forwarder alone, between recording interfaces.
class Simulated {
 public:
  explicit Simulated(const ForwardingPlan& plan) : plan_(plan) {
    for (std::uint8_t i = 0; i < port_count; ++i) table_[i] = &nics_[i];
  }
  Ways out(const std::vector<Frame>& frames) {
    Ways ways;
    for (std::uint32_t n = 0; n < frames.size(); ++n) {
      fill(frames[n]);
      forwarder_.host_to_ports(batch_, plan_, table_);
      for (std::uint8_t i = 0; i < port_count; ++i) take(nics_[i].sent, i, n, ways);
      forwarder_.punted().clear();
    }
    return ways;
  }
  Ways in(const std::vector<Frame>& frames) {
    Ways ways;
    for (std::uint32_t n = 0; n < frames.size(); ++n) {
      fill(frames[n]);
      forwarder_.port_to_host(batch_, PortId{static_cast<std::uint8_t>(n % port_count)}, plan_, host_, bond_mac);
      take(host_.delivered, port_count, n, ways);
      forwarder_.punted().clear();
    }
    return ways;
  }

 private:
  void fill(const Frame& frame) {
    batch_.clear();
    BOOST_REQUIRE(batch_.prepare().assign(frame));
    batch_.commit();
  }
  static void take(test::FrameRecord& record, std::uint8_t where, std::uint32_t number, Ways& ways) {
    for (std::size_t i = 0; i < record.size(); ++i)
      ways[number].emplace(where, Frame(record[i].begin(), record[i].end()));
    record.clear();
  }

  const ForwardingPlan& plan_;
  std::array<test::FakeNic, port_count> nics_;
  NicTable table_{};
  test::FakeHostPort host_;
  Forwarder forwarder_;
  PacketBatch batch_{1};
};

/// bond0 and three real ports, cabled to taps. The daemon's part is played here: what it is given it forwards. Sent
/// frames come from bond0 itself, VLAN tags among their bytes, or over a bridge, which keeps the tag beside them.
class Real {
 public:
  Real(const ForwardingPlan& plan, bool with_programs, bool bridged) : plan_(plan) {
    for (std::uint8_t i = 0; i < port_count; ++i) {
      const std::string number = std::to_string(i);
      lay_cable(box_, "p" + number, town_, "q" + number, 10 + i);
      town_.must("echo 1 > /proc/sys/net/ipv6/conf/q" + number + "/disable_ipv6; ip link set q" + number +
                 " promisc on up");
    }
    bond0_ = open_bond0(hardware_);
    BOOST_REQUIRE(bond0_->set_mac(bond_mac).ok());
    box_.must("echo 1 > /proc/sys/net/ipv6/conf/bond0/disable_ipv6; ip link set bond0 up");
    BOOST_REQUIRE(bond0_->set_carrier(true).ok());
    for (std::uint8_t i = 0; i < port_count; ++i) {
      auto nic = hardware_.open_nic("p" + std::to_string(i), LinkSource::carrier);
      BOOST_REQUIRE(nic.ok());
      nics_[i] = std::move(nic.value());
      BOOST_REQUIRE(nics_[i]->set_promiscuous(true).ok());
      table_[i] = nics_[i].get();
      far_.emplace_back(town_, "q" + std::to_string(i));
    }
    near_.emplace(box_, "bond0");
    if (bridged) build_bridge();
    wait_for_queues();
    if (with_programs) publish();
  }

  /// Waits for what is expected, as long as a busy machine may take, and a moment for what is not.
  Ways out(const std::vector<Frame>& frames, const Ways& expected) {
    sending_ = true;
    return pass(frames, expected, [&](std::uint32_t n) { (void)(entry_ ? *entry_ : *near_).send(frames[n]); });
  }
  Ways in(const std::vector<Frame>& frames, const Ways& expected) {
    sending_ = false;
    return pass(frames, expected, [&](std::uint32_t n) { (void)far_[n % port_count].send(frames[n]); });
  }
  OffloadCounters carried() {
    OffloadCounters counters;
    if (offload_) BOOST_REQUIRE(offload_->read(counters).ok());
    return counters;
  }

 private:
  void build_bridge() {
    lay_cable(box_, "v0", town_, "w0");
    town_.must("echo 1 > /proc/sys/net/ipv6/conf/w0/disable_ipv6; ip link set w0 up");
    // Where br_netfilter is loaded it would look into IP packets, and most of these are broken.
    (void)box_.run("for f in /proc/sys/net/bridge/bridge-nf-call-*; do echo 0 > $f; done");
    box_.must(
        "ip link add br0 type bridge mcast_snooping 0; echo 1 > /proc/sys/net/ipv6/conf/br0/disable_ipv6; "
        "echo 1 > /proc/sys/net/ipv6/conf/v0/disable_ipv6; ip link set v0 master br0; "
        "ip link set bond0 master br0; ip link set br0 up; ip link set v0 up; "
        "echo 0 > /sys/class/net/v0/brport/learning; echo 0 > /sys/class/net/bond0/brport/learning");
    entry_.emplace(town_, "w0");
    // A port of a bridge forwards nothing for a while.
    Frame probe = make_frame(broadcast_mac, {0x88, 0xb5});
    probe.back() = 0xcf;
    const auto is_probe = [&](std::span<const std::uint8_t> seen) { return std::ranges::equal(seen, probe); };
    BOOST_REQUIRE(wait_until([&] { return entry_->send(probe) == 0 && !near_->expect(is_probe, 20).empty(); }, 20'000));
    (void)work();
  }

  void publish() {
    auto opened = hardware_.open_offload(*bond0_);
    BOOST_REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.failure().reason));
    offload_ = std::move(opened.value());
    for (std::uint8_t i = 0; i < port_count; ++i) BOOST_REQUIRE(offload_->add_port(PortId{i}, *nics_[i]).ok());
    wait_for_carrier();
    wire::FastPlan fast = compile_plan(plan_, bond_mac);
    fast.serves = 1;
    for (wire::FastPort& port : fast.ports) port.flags |= wire::fast_promiscuous;
    BOOST_REQUIRE(offload_->publish(fast).ok() && offload_->finish().ok());
  }

  /// Until the kernel has acted upon a port's new carrier the programs prefer another port.
  void wait_for_carrier() {
    const Frame probe = make_frame(broadcast_mac, {0x88, 0xb5});
    for (std::uint8_t i = 0; i < port_count; ++i) {
      ForwardingPlan plan;
      plan.transmit.spread = Spread::single;
      plan.transmit.usable.push_back(PortId{i});
      plan.transmit.fallback.push_back(PortId{i == 0 ? std::uint8_t{1} : std::uint8_t{0}});
      wire::FastPlan fast = compile_plan(plan, bond_mac);
      fast.serves = 1;
      BOOST_REQUIRE(offload_->publish(fast).ok() && offload_->finish().ok());
      const auto is_probe = [&](std::span<const std::uint8_t> seen) { return std::ranges::equal(seen, probe); };
      const auto leaves_here = [&] { return near_->send(probe) == 0 && !far_[i].expect(is_probe, 20).empty(); };
      BOOST_REQUIRE(wait_until(leaves_here, 2 * patience_ms));
    }
  }

  /// A cable's kernel drops what it is given until it has started the queues.
  void wait_for_queues() {
    Frame probe = make_frame(broadcast_mac, {0x88, 0xb5});
    for (std::uint8_t i = 0; i < port_count; ++i) {
      probe.back() = static_cast<std::uint8_t>(0xc0 + i);
      const OnePacket packet(probe);
      const auto is_probe = [&](std::span<const std::uint8_t> seen) { return std::ranges::equal(seen, probe); };
      const auto arrives = [&] {
        return nics_[i]->transmit(packet.span()).accepted == 1 && !far_[i].expect(is_probe, 20).empty();
      };
      BOOST_REQUIRE(wait_until(arrives, patience_ms));
    }
    // So does bond0's own, which has just been shown its cable.
    const auto comes_out = [&] {
      (void)near_->send(probe);
      batch_.clear();
      return bond0_->receive(batch_) != 0;
    };
    BOOST_REQUIRE(wait_until(comes_out, patience_ms));
  }

  /// Gives each frame to `send`, does the daemon's work, and notes where what came out.
  template <class Send>
  Ways pass(const std::vector<Frame>& frames, const Ways& expected, Send send) {
    Ways ways;
    for (std::uint32_t first = 0; first < frames.size(); first += batch_size) {
      const auto end = std::min<std::uint32_t>(first + batch_size, static_cast<std::uint32_t>(frames.size()));
      const std::uint64_t dropped = backlog_drops();
      int quiet = 0;
      const auto is_over = [&] {
        quiet = (work() + collect(ways)) != 0 ? 0 : quiet + 1;
        return quiet >= 2 && count(ways, first, end) >= count(expected, first, end);
      };
      for (std::uint32_t n = first; n < end; ++n) send(n);
      if (wait_until(is_over, patience_ms)) continue;
      // What the machine has thrown away comes once more. Not what is sent: it would have another turn.
      if (sending_ || backlog_drops() == dropped) continue;
      for (std::uint32_t n = first; n < end; ++n)
        if (expected.contains(n) && !ways.contains(n)) send(n);
      (void)wait_until(is_over, patience_ms);
    }
    return ways;
  }

  std::size_t work() {
    if (offload_) offload_->renew_lease();
    batch_.clear();
    std::size_t worked = bond0_->receive(batch_);
    forwarder_.host_to_ports(batch_, plan_, table_);
    for (std::uint8_t i = 0; i < port_count; ++i) {
      batch_.clear();
      worked += nics_[i]->receive(batch_);
      forwarder_.port_to_host(batch_, PortId{i}, plan_, *bond0_, bond_mac);
    }
    forwarder_.punted().clear();
    return worked;
  }

  std::size_t collect(Ways& ways) {
    std::size_t seen = 0;
    const auto note = [&](std::uint8_t where) {
      return [&ways, &seen, where](std::span<const std::uint8_t> frame) {
        const auto number = number_of(frame);
        if (number) ways[*number].emplace(where, Frame(frame.begin(), frame.end()));
        seen += number ? 1 : 0;
        return false;
      };
    };
    for (std::uint8_t i = 0; i < port_count; ++i) (void)far_[i].expect(note(i), 1);
    if (!sending_) (void)near_->expect(note(port_count), 1);
    return seen;
  }

  Namespace box_;
  Namespace town_;
  ScratchDirectory run_;
  Namespace::Stay inside_{box_};
  LinuxHardware hardware_{run_.path(), [](std::string) {}};
  std::unique_ptr<HostPort> bond0_;
  std::array<std::unique_ptr<Nic>, port_count> nics_;
  std::unique_ptr<Offload> offload_;
  NicTable table_{};
  std::vector<Wiretap> far_;
  std::optional<Wiretap> near_;
  std::optional<Wiretap> entry_;
  const ForwardingPlan& plan_;
  Forwarder forwarder_;
  PacketBatch batch_;
  bool sending_ = false;
};

std::string text_of(const std::multiset<std::pair<std::uint8_t, Frame>>& ways) {
  std::string text;
  for (const auto& [where, frame] : ways) {
    text += (text.empty() ? "" : ", ") + std::to_string(where) + " (" + std::to_string(frame.size()) + " bytes, to " +
            MacAddress::load(&frame[0]).text() + " from " + MacAddress::load(&frame[6]).text() + ")";
  }
  return text.empty() ? "nowhere" : text;
}

void check_same(const Ways& expected, const Ways& found, const std::vector<Frame>& frames, const char* what) {
  std::size_t wrong = 0;
  for (std::uint32_t n = 0; n < frames.size(); ++n) {
    const auto at = [n](const Ways& ways) {
      const auto it = ways.find(n);
      return it == ways.end() ? Ways::mapped_type{} : it->second;
    };
    if (at(expected) == at(found)) continue;
    if (++wrong <= 5)
      BOOST_ERROR(what << ", frame " << n << " of " << frames[n].size() << " bytes went to " << text_of(at(found))
                       << " instead of " << text_of(at(expected)));
  }
  BOOST_TEST(wrong == 0U, what << ": " << wrong << " of " << frames.size() << " frames went wrong");
}

std::uint64_t sum(const OffloadCounters& counters, std::uint64_t OffloadCounters::Port::*which) {
  std::uint64_t total = 0;
  for (const OffloadCounters::Port& port : counters.ports) total += port.*which;
  return total;
}

/// A frame stays on one CPU, and so does round robin's counter.
class OneCpu {
 public:
  OneCpu() {
    (void)::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET(static_cast<unsigned>(::sched_getcpu()), &here);
    (void)::sched_setaffinity(0, sizeof here, &here);
  }
  ~OneCpu() { (void)::sched_setaffinity(0, sizeof before_, &before_); }
  OneCpu(const OneCpu&) = delete;
  OneCpu& operator=(const OneCpu&) = delete;

 private:
  cpu_set_t before_{};
};

}  // namespace
BOOST_AUTO_TEST_SUITE(lab_two_paths, *ut::precondition(kernel_can))

BOOST_DATA_TEST_CASE(the_same_frames_take_the_same_ways_through_simulator_packet_path_and_programs, ut::data::xrange(7),
                     number) {
  const OneCpu pinned;
  const auto mode = static_cast<Mode>(number);
  const std::vector<Frame> frames = all_frames();
  BOOST_REQUIRE(frames.size() > 750U);
  const ForwardingPlan plan = plan_of(mode);
  Simulated simulated(plan);
  const Ways out = simulated.out(frames);
  const Ways in = simulated.in(frames);
  {
    Real packets(plan, false, false);
    check_same(out, packets.out(frames, out), frames, "packet path, out");
    check_same(in, packets.in(frames, in), frames, "packet path, in");
  }
  Real programs(plan, true, false);
  check_same(out, programs.out(frames, out), frames, "programs, out");
  check_same(in, programs.in(frames, in), frames, "programs, in");
  const OffloadCounters carried = programs.carried();
  BOOST_TEST(sum(carried, &OffloadCounters::Port::tx_frames) > frames.size() / 2);
  BOOST_TEST(sum(carried, &OffloadCounters::Port::rx_frames) > frames.size() / 2);
}

// Every hash policy, because vlan+srcmac hashes the tag itself.
BOOST_DATA_TEST_CASE(a_tag_beside_the_bytes_counts_as_one_among_them, ut::data::xrange(6), policy) {
  const OneCpu pinned;
  std::vector<Frame> frames = all_frames();
  // To itself the bridge would not forward them.
  for (Frame& frame : frames)
    if (MacAddress::load(frame.data()) == bond_mac) station.store(frame.data());
  ForwardingPlan plan = plan_of(Mode::balance_xor);
  plan.transmit.hash_policy = static_cast<HashPolicy>(policy);
  plan.punt = punt_arp_sent | punt_na_sent;
  Simulated simulated(plan);
  Real programs(plan, true, true);
  const Ways expected = simulated.out(frames);
  check_same(expected, programs.out(frames, expected), frames, "programs, out of a bridge");
  BOOST_TEST(sum(programs.carried(), &OffloadCounters::Port::tx_frames) > frames.size() / 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

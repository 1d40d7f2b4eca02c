// The frame path under any plan and any frames, with NICs and a host that refuse what they like: each frame is counted
// in exactly one place, leaves on ports of the plan and no other, and is altered only as the plan says.
#include "firmware/forwarder.hpp"

#include <array>
#include <cerrno>
#include <memory>

#include "hal/wire/numbers.hpp"
#include "policies/choice.hpp"
#include "policies/transmit_hash.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {
namespace {

constexpr std::uint8_t port_count = 5;
constexpr std::size_t frames_most = 16;
constexpr MacAddress bond_mac{{0x02, 0, 0, 0, 0x0a, 0}};

constexpr MacAddress port_mac(std::uint8_t port) {
  return {{0x02, 0, 0, 0, 0x0a, port}};
}

/// Takes frames, or refuses every second one with an error that the input has drawn.
class Way final : public Channel {
 public:
  int error = 0;
  bool linked = true;
  std::uint64_t taken = 0;
  std::uint64_t offered = 0;

  std::size_t receive(PacketBatch&) override { return 0; }
  TransmitResult transmit(std::span<const Packet* const> packets) override {
    TransmitResult result;
    for (const Packet* packet : packets) {
      promise(packet->frame().size() >= wire::ethernet_header_size, "what is sent has a header");
      if (error != 0 && (++offered & 1) != 0) {
        result.error = error;
        return result;
      }
      ++taken;
      ++result.accepted;
    }
    return result;
  }
  bool has_link() override { return linked; }
  int wait_handle() const noexcept override { return -1; }
  const NicCounters& counters() const noexcept override { return counted_; }

 private:
  NicCounters counted_;
};

struct Bench {
  ForwardingPlan plan;
  std::array<Way, port_count> ways;
  Way host;
  NicTable table{};
  Forwarder forwarder;
  PortList named;  ///< by the plan

  void name(PortId port) {
    for (const PortId known : named)
      if (known == port) return;
    named.push_back(port);
  }
  std::uint64_t sum_sent() const {
    const BondCounters& bond = forwarder.bond();
    std::uint64_t sum = bond.tx_no_port + bond.tx_runt + bond.tx_punted;
    for (std::uint8_t i = 0; i < max_ports; ++i)
      sum += forwarder.port(PortId{i}).tx_frames + forwarder.port(PortId{i}).tx_refused;
    return sum;
  }
};

int draw_error(Input& input) {
  constexpr std::array<int, 8> errors{0, 0, ENETDOWN, ENODEV, ENOBUFS, EAGAIN, EMSGSIZE, EIO};
  return errors[input.below(errors.size())];
}

void draw_ports(Bench& bench, Input& input) {
  TransmitRule& rule = bench.plan.transmit;
  for (std::uint8_t i = 0; i < port_count; ++i) {
    const std::uint8_t place = input.byte();
    if ((place & 3) == 0) rule.usable.push_back(PortId{i});
    if ((place & 3) == 1) rule.fallback.push_back(PortId{i});
    if ((place & 3) < 2) bench.name(PortId{i});
    if ((place & 4) == 0) bench.table[i] = &bench.ways[i];
    PortRule& port = bench.plan.ports[i];
    port.deliver = static_cast<Deliver>(place >> 3 & 15);
    const std::uint8_t more = input.byte();
    if ((more & 1) != 0) port.own_mac = port_mac(i);
    if ((more & 2) != 0) port.source_mac = port_mac(i);
    if ((more & 4) != 0) port.queue_id = static_cast<std::uint16_t>(1 + i);
    bench.ways[i].linked = (more & 8) != 0;
    bench.ways[i].error = draw_error(input);
  }
}

void draw_plan(Bench& bench, Input& input) {
  draw_ports(bench, input);
  TransmitRule& rule = bench.plan.transmit;
  rule.spread = static_cast<Spread>(input.below(6));
  rule.packets_per_port = static_cast<std::uint16_t>(input.below(4));
  rule.hash_policy = static_cast<HashPolicy>(input.below(6));
  rule.bucket_key = static_cast<BucketKey>(input.below(3));
  const std::uint8_t more = input.byte();
  rule.copy_neighbours = rule.spread == Spread::hash && (more & 1) != 0;
  bench.plan.punt = static_cast<Punt>(input.byte() & 31);
  // A plan that copies has one source address for all.
  if (rule.spread == Spread::copy_to_all || rule.copy_neighbours)
    for (PortRule& port : bench.plan.ports) port.source_mac.reset();
  rule.bucket_port.fill(no_port);
  if (rule.usable.empty()) return;
  const auto any = [&] { return rule.usable[input.below(static_cast<std::uint32_t>(rule.usable.size()))]; };
  for (std::size_t i = 0; i < 8; ++i) {
    const PortId port = (more & 2) != 0 ? any() : no_port;
    for (std::size_t bucket = i; bucket < bucket_count; bucket += 8) rule.bucket_port[bucket] = port;
  }
  if ((more & 4) != 0) rule.igmp_port = any();
  if ((more & 8) != 0) rule.rest_port = any();
}

/// Frames as they come in; what a receive cut off still lies behind each.
void draw_frames(PacketBatch& batch, Input& input) {
  batch.clear();
  for (std::size_t i = 0; i < frames_most && !input.is_empty(); ++i) {
    const std::uint8_t length = input.byte();
    const std::uint8_t queue = input.byte();
    Packet& packet = batch.prepare();
    promise(packet.assign(input.bytes(length)), "a short frame fits");
    if ((queue & 0x80) != 0 && packet.frame().size() > 40) packet.set_length(40);
    packet.set_queue(queue & 7);
    if ((queue & 0x40) != 0) (void)packet.insert_vlan(wire::ethertype::vlan, queue);
    batch.commit();
  }
}

void check_choices(const Bench& bench, const PacketBatch& batch) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const wire::Bytes bytes = batch[i].frame();
    if (bytes.size() < wire::ethernet_header_size) continue;
    const Exact frame(bytes);
    const Choice choice = choose_port(bench.plan, frame.bytes(), 7, batch[i].queue());
    const Choice again = choose_port(bench.plan, bytes, 7, batch[i].queue());
    promise(choice.port == again.port && choice.hash == again.hash && choice.bucket == again.bucket,
            "a choice is by the frame's bytes alone");
    bool named = !choice.port;
    for (const PortId port : bench.named) named = named || port == *choice.port;
    promise(named, "the chosen port is one of the plan's");
    for (int policy = 0; policy < 6; ++policy)
      promise(transmit_hash_as_is(static_cast<HashPolicy>(policy), frame.bytes()) ==
                  transmit_hash_as_is(static_cast<HashPolicy>(policy), bytes),
              "a hash is of the frame's bytes alone");
  }
}

void send(Bench& bench, PacketBatch& batch) {
  check_choices(bench, batch);
  std::uint64_t runts = 0;
  std::uint64_t most = batch.size();
  for (std::size_t i = 0; i < batch.size(); ++i)
    if (std::as_const(batch[i]).frame().size() < wire::ethernet_header_size) ++runts;
  for (const std::uint8_t bucket : bench.forwarder.unassigned_buckets(batch, bench.plan))
    promise(bench.plan.transmit.bucket_port[bucket] == no_port, "a bucket that is asked for has no port");
  const bool copies = bench.plan.transmit.spread == Spread::copy_to_all || bench.plan.transmit.copy_neighbours;
  if (copies) most *= bench.plan.transmit.usable.size() + 1;
  bench.forwarder.host_to_ports(batch, bench.plan, bench.table);
  promise(bench.forwarder.bond().tx_runt == runts, "runts are counted");
  const std::uint64_t counted = bench.sum_sent();
  promise(counted <= most && (copies || counted == batch.size()), "each frame is counted in one place");
  for (std::uint8_t i = 0; i < port_count; ++i) {
    promise(bench.forwarder.port(PortId{i}).tx_frames == bench.ways[i].taken, "what was taken was counted as sent");
    bool named = false;
    for (const PortId port : bench.named) named = named || port.index == i;
    promise(named || bench.ways[i].taken == 0, "nothing leaves on a port that the plan does not name");
  }
}

void receive(Bench& bench, PacketBatch& batch, PortId from) {
  bench.forwarder.port_to_host(batch, from, bench.plan, bench.host, bond_mac);
  const PortCounters& counters = bench.forwarder.port(from);
  promise(counters.rx_frames == batch.size(), "every frame is counted");
  promise(counters.rx_frames == bench.host.taken + counters.rx_suppressed + counters.rx_punted + counters.rx_runt +
                                    counters.rx_host_refused,
          "a frame reaches the host or is counted where it was lost");
}

void run(wire::Bytes bytes) {
  static PacketBatch batch;
  Input input(bytes);
  Bench bench;
  draw_plan(bench, input);
  bench.forwarder.seed(input.byte());
  const std::uint8_t from = input.byte();
  bench.host.error = draw_error(input);
  draw_frames(batch, input);
  if ((from & 0x80) == 0) {
    send(bench, batch);
  } else {
    receive(bench, batch, PortId{static_cast<std::uint8_t>(from % port_count)});
  }
  for (const PuntedFrame& frame : bench.forwarder.punted())
    promise((punt_class(frame.bytes, frame.from_host) & bench.plan.punt) != 0, "what is punted was asked for");
}

const Known known("forwarder", &run);

}  // namespace
}  // namespace bondbox::fuzz

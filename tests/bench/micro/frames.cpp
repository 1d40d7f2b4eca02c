#include "tests/bench/micro/frames.hpp"

#include "hal/wire/bytes.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::bench {

FrameBytes tcp_frame(std::uint32_t flow, std::uint16_t vlan, std::size_t size) {
  FrameBytes frame(size);
  MacAddress{{0x02, 0, 0, 0, 0x0b, static_cast<std::uint8_t>(flow)}}.store(frame.data());
  MacAddress{{0x02, 0, 0, 0, 0x0a, 0}}.store(frame.data() + 6);
  std::size_t at = 12;
  if (vlan != 0) {
    wire::store_be16(frame.data() + at, 0x8100);
    wire::store_be16(frame.data() + at + 2, vlan);
    at += 4;
  }
  wire::store_be16(frame.data() + at, 0x0800);
  std::uint8_t* const ip = frame.data() + at + 2;
  ip[0] = 0x45;
  wire::store_be16(ip + 2, static_cast<std::uint16_t>(size - at - 2));
  ip[8] = 64;
  ip[9] = 6;
  wire::store_be32(ip + 12, 0xc0a80a34);
  wire::store_be32(ip + 16, 0xc0a80a00 + flow % 250 + 1);
  wire::store_be16(ip + 20, static_cast<std::uint16_t>(10'000 + flow));
  wire::store_be16(ip + 22, 443);
  ip[32] = 0x50;
  return frame;
}

ForwardingPlan plan_of(Mode mode, std::size_t ports) {
  ForwardingPlan plan;
  TransmitRule& rule = plan.transmit;
  for (std::uint8_t i = 0; i < ports; ++i) {
    rule.usable.push_back({i});
    plan.ports[i].deliver = deliver_all;
  }
  for (std::size_t i = 0; i < bucket_count; ++i) rule.bucket_port[i] = {static_cast<std::uint8_t>(i % ports)};
  rule.hash_policy = HashPolicy::layer34;
  switch (mode) {
    case Mode::balance_rr:
      rule.spread = Spread::round_robin;
      rule.igmp_port = PortId{0};
      break;
    case Mode::active_backup:
      rule.spread = Spread::single;
      break;
    case Mode::balance_xor:
      rule.spread = Spread::hash;
      break;
    case Mode::broadcast:
      rule.spread = Spread::copy_to_all;
      break;
    case Mode::lacp_8023ad:
      rule.spread = Spread::hash;
      plan.punt = punt_slow_protocols;
      break;
    case Mode::balance_tlb:
    case Mode::balance_alb:
      rule.spread = Spread::buckets;
      rule.bucket_key = mode == Mode::balance_tlb ? BucketKey::transmit_hash : BucketKey::destination_ip;
      if (mode == Mode::balance_alb) plan.punt = punt_arp_received | punt_arp_sent | punt_nd_received | punt_na_sent;
      for (std::uint8_t i = 1; i < ports; ++i) {
        plan.ports[i].source_mac = MacAddress{{0x02, 0, 0, 0, 0x0a, i}};
        plan.ports[i].own_mac = plan.ports[i].source_mac;
      }
      break;
  }
  return plan;
}

}  // namespace bondbox::bench

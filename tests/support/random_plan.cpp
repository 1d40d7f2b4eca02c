#include "tests/support/random_plan.hpp"

namespace bondbox::test {

ForwardingPlan random_plan(Chance& chance, std::span<const MacAddress> addresses) {
  const auto ports = static_cast<std::uint8_t>(addresses.size());
  ForwardingPlan plan;
  TransmitRule& rule = plan.transmit;
  for (std::uint8_t i = 0; i < ports; ++i) {
    const std::uint32_t place = chance.below(3);
    if (place == 0) rule.usable.push_back(PortId{i});
    if (place == 1) rule.fallback.push_back(PortId{i});
    PortRule& port = plan.ports[i];
    port.deliver = static_cast<Deliver>(chance.below(16));
    if (chance.one_in(3)) port.own_mac = addresses[i];
    if (chance.one_in(3)) port.queue_id = static_cast<std::uint16_t>(1 + i);
  }
  rule.spread = static_cast<Spread>(chance.below(6));
  rule.packets_per_port = static_cast<std::uint16_t>(chance.below(4));
  rule.hash_policy = static_cast<HashPolicy>(chance.below(6));
  rule.bucket_key = static_cast<BucketKey>(chance.below(3));
  rule.copy_neighbours = rule.spread == Spread::hash && chance.one_in(2);
  plan.punt = static_cast<Punt>(chance.one_in(2) ? punt_nothing : chance.below(32));
  if (rule.usable.empty()) return plan;
  const auto any = [&] { return rule.usable[chance.below(static_cast<std::uint32_t>(rule.usable.size()))]; };
  for (PortId& port : rule.bucket_port) port = chance.one_in(4) ? no_port : any();
  if (chance.one_in(3)) rule.igmp_port = any();
  if (chance.one_in(3)) rule.rest_port = any();
  const bool copies = rule.spread == Spread::copy_to_all || rule.copy_neighbours;
  for (std::uint8_t i = 0; i < ports && !copies; ++i)
    if (chance.one_in(3)) plan.ports[i].source_mac = addresses[i];
  return plan;
}

}  // namespace bondbox::test

#include "policies/balance_xor.hpp"

#include "policies/resilient_hash.hpp"

namespace bondbox {

ForwardingPlan BalanceXor::plan(const BondFacts& facts) const {
  ForwardingPlan plan = trunk_plan(facts, true);
  plan.transmit.usable = ports_up(facts);
  if (plan.transmit.usable.empty()) return plan;
  plan.transmit.hash_policy = facts.options.xmit_hash_policy;
  if (!facts.options.xmit_hash_resilient) {
    plan.transmit.spread = Spread::hash;
    return plan;
  }
  PortList all;
  for (const PortFacts& port : facts.ports) all.push_back(port.id);
  spread_resiliently(plan.transmit, all);
  return plan;
}

}  // namespace bondbox

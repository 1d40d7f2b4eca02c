#include "policies/broadcast.hpp"

namespace bondbox {

ForwardingPlan Broadcast::plan(const BondFacts& facts) const {
  ForwardingPlan plan = trunk_plan(facts, false);
  plan.transmit.usable = ports_up(facts);
  if (!plan.transmit.usable.empty()) plan.transmit.spread = Spread::copy_to_all;
  return plan;
}

}  // namespace bondbox

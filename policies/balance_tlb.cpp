#include "policies/balance_tlb.hpp"

namespace bondbox {

void BalanceTlb::handle(const PolicyEvent& event, const BondFacts& facts, Tick now, ActionList& actions) {
  ports_.handle(event, facts, now, actions);
  ports_.speak(facts, actions);
}

ForwardingPlan BalanceTlb::plan(const BondFacts& facts) const {
  return ports_.plan(facts, BucketKey::transmit_hash, deliver_nothing);
}

}  // namespace bondbox

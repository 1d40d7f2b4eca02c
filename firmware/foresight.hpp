// What a policy would decide if a port lost its link now: asked of a copy of the policy itself, so that the answer is
// what comes when it happens.
#pragma once

#include <cstdint>
#include <memory>

#include "policies/modes.hpp"
#include "policies/policy.hpp"

namespace bondbox {

class Foresight {
 public:
  /// What `facts` refers to outlives it.
  Foresight(const AnyPolicy& policy, const BondFacts& facts, Tick now, PortId lost);
  Foresight(const Foresight&) = delete;
  Foresight& operator=(const Foresight&) = delete;

  const ForwardingPlan& plan() const noexcept { return plan_; }
  /// So much later, when nothing else has happened and nobody has said anything.
  void let_pass(Ticks span);
  /// A frame of this bucket waits, which nobody has been given.
  void want_bucket(std::uint8_t bucket);

 private:
  void tell(const PolicyEvent& event);
  void perform(const Action& action);
  void look();

  std::unique_ptr<AnyPolicy> policy_;
  std::unique_ptr<BondFacts> facts_;
  std::unique_ptr<ActionList> actions_ = std::make_unique<ActionList>();
  Tick now_;
  ForwardingPlan plan_;
};

}  // namespace bondbox

#include "policies/group_rejoiner.hpp"

namespace bondbox {
namespace {

constexpr Ticks before_the_first = ticks_from_ms(10);
constexpr Ticks between = ticks_from_ms(200);

}  // namespace

void GroupRejoiner::start(const BondFacts& facts, Tick now) noexcept {
  left_ = facts.bond_up ? facts.options.resend_igmp : std::uint8_t{0};
  due_ = now + before_the_first;
}

void GroupRejoiner::handle(const PolicyEvent& event, const BondFacts& facts, Tick now, ActionList& actions) {
  if (!facts.bond_up) stop();
  if (!std::holds_alternative<TimerDue>(event) || left_ == 0 || now < due_) return;
  // A list that is full for once has room in the next step, and this is asked for again then.
  if (!actions.push_back(RejoinGroups{})) return;
  --left_;
  due_ = now + between;
}

}  // namespace bondbox

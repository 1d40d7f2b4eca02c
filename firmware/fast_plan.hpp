// A ForwardingPlan, laid out for those who execute it below the daemon.
#pragma once

#include "hal/wire/fast_plan.hpp"
#include "hal/wire/mac_address.hpp"
#include "policies/plan.hpp"

namespace bondbox {

/// All of the plan but `serves`, `listens` and fast_promiscuous, which are 0, and queues, which it does not know.
wire::FastPlan compile_plan(const ForwardingPlan& plan, MacAddress bond_mac);

}  // namespace bondbox

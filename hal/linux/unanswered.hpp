// Questions of the host's stack (ARP, neighbour solicitations) that nobody carried.
#pragma once

#include "hal/linux/netlink.hpp"

namespace bondbox::lnx {

/// What waits for an answer on this interface waits no more: the next packet asks anew and at once, where the kernel
/// would ask again after a second.
void forget_unanswered_questions(NetlinkSocket& netlink, int index);

}  // namespace bondbox::lnx

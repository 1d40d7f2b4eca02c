// The fence: what keeps the host's own network stack from receiving frames on a claimed port. Packet sockets get their
// copy of a frame before the ingress filters run, so a filter that drops everything cuts off the stack alone.
//
// The filter is classic BPF (one instruction) in cls_bpf's direct-action mode, which needs CAP_NET_ADMIN in the
// namespace and no bpf(2); it therefore also works in a user namespace.
#pragma once

#include <cstdint>
#include <string_view>

#include "hal/linux/netlink.hpp"

namespace bondbox::lnx {

enum class FenceKind : std::uint8_t {
  none,
  filter,    ///< an ingress filter drops every frame
  settings,  ///< arp_ignore=8 and rp_filter=1: where the kernel has no clsact, ingress or cls_bpf
};

/// Whether an ingress or clsact qdisc is on the interface.
bool has_ingress_qdisc(NetlinkSocket& netlink, int index);

/// Whether somebody has put a queueing discipline on the interface, other than what the kernel does by itself
/// (observed: those have the handle 0) and than the two above.
bool has_own_qdisc(NetlinkSocket& netlink, int index);

/// Makes a clsact qdisc where there is none. Observed on Linux 6.18: whenever one comes or goes the kernel stops the
/// interface's queues for a moment and drops what is in them, so bond0 gets one when it is made, and keeps it. errno,
/// 0: done.
int make_room_for_filters(NetlinkSocket& netlink, int index);

/// Makes the qdisc where there is none, and our filter on it. A filter of ours that is there already (its owner's
/// journal was lost) is taken over. errno, 0: done; on failure a qdisc that it made is gone again.
int raise_filter(NetlinkSocket& netlink, int index);

/// Removes our filter, and the qdisc too when `remove_qdisc` and nobody else has put a filter on it meanwhile.
void remove_filter(NetlinkSocket& netlink, int index, bool remove_qdisc);

/// An eBPF program (SCHED_CLS, direct action) instead of the filter's one instruction, or instead of a program that a
/// dead process left there; there is no moment without either. The program must drop what it does not redirect.
/// errno, 0: done.
int put_program_in_fence(NetlinkSocket& netlink, int index, int program);
/// The one instruction instead of the program, again without a moment in between.
int put_back_fence(NetlinkSocket& netlink, int index);

/// A program at the filter's place on an interface that has no fence filter, as the next. Removed by remove_filter.
int raise_ingress_program(NetlinkSocket& netlink, int index, int program, bool& made_qdisc);
/// A program on the interface's egress, behind all other filters there, or in the place of one that a dead process
/// left. Makes the clsact qdisc where there is none. errno, 0: done; on failure such a qdisc is gone again.
int raise_egress_program(NetlinkSocket& netlink, int index, int program);
/// Whether there is one, or what stands in its place.
bool has_egress_program(NetlinkSocket& netlink, int index);
/// Removes it; the qdisc stays.
void remove_egress_program(NetlinkSocket& netlink, int index);

}  // namespace bondbox::lnx

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

/// "ingress filter", "arp_ignore and rp_filter", "none".
std::string_view fence_text(FenceKind kind) noexcept;

/// Whether an ingress or clsact qdisc is on the interface.
bool has_ingress_qdisc(NetlinkSocket& netlink, int index);

/// Makes the qdisc where there is none, and our filter on it. A filter of ours that is there already (its owner's
/// journal was lost) is taken over. errno, 0: done; on failure a qdisc that it made is gone again.
int raise_filter(NetlinkSocket& netlink, int index);

/// Removes our filter, and the qdisc too when `remove_qdisc` and nobody else has put a filter on it meanwhile.
void remove_filter(NetlinkSocket& netlink, int index, bool remove_qdisc);

}  // namespace bondbox::lnx

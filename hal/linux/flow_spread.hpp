// The BPF program that says which channel a frame comes out of, for the queues of a TAP device (TUNSETSTEERINGEBPF) and
// for packet sockets that share an interface (PACKET_FANOUT_EBPF); both take its answer modulo their number.
//
// TCP is told apart by addresses and ports, all other IP by addresses: so the fragments of a datagram, which have no
// ports, come out where the rest of their flow does. IPv4 and IPv6 alone are spread. All else answers 0, the first
// channel: ARP, ICMPv6 (neighbour discovery), the protocols of the link, and what carries a VLAN tag in its bytes; a
// tag that the kernel keeps beside the frame makes no difference.
#pragma once

#include "hal/linux/unique_fd.hpp"

namespace bondbox::lnx {

enum class FlowSpread {
  first,    ///< everything to the first channel
  by_flow,  ///< as above
};

/// errno, 0: done. EPERM, ENOSYS, EINVAL: no bpf(2), or not for us.
int load_spread(FlowSpread spread, UniqueFd& program);

}  // namespace bondbox::lnx

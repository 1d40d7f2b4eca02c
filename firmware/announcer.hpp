// Says on the wire where the host's addresses are now.
#pragma once

#include <functional>

#include "hal/host_port.hpp"
#include "hal/wire/bytes.hpp"

namespace bondbox {

/// Builds a gratuitous ARP request for each IPv4 address of the host port and an unsolicited neighbour advertisement
/// for each IPv6 address, VLAN tagged where the address is on a VLAN, and hands each frame to `send`: all ARP first,
/// then ND, the order observed on the kernel driver. Returns how many frames it built.
std::size_t announce_peers(const HostPort& host, const std::function<void(wire::Bytes)>& send);

}  // namespace bondbox

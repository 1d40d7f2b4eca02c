// Which frames which packet socket of a port is to have: classic BPF, so it needs neither bpf(2) nor a right beyond
// that to the socket itself.
//
// A port has two sockets. Protocols that keep a bond together and a host reachable (slow protocols, ARP, IPv6 neighbour
// discovery) have one of their own, with a buffer of its own: data that comes faster than it is read costs no partner,
// no monitored target and no neighbour. What the one hears the other does not.
#pragma once

#include <linux/filter.h>

#include <array>
#include <cstdint>

#include "hal/wire/bytes.hpp"

namespace bondbox::lnx {

enum class Hears : std::uint8_t {
  data,            ///< what the other socket does not hear
  control,         ///< untagged slow protocols but markers, ARP, neighbour solicitations and advertisements
  slow_protocols,  ///< all; while a program decides on the data socket what else is the daemon's
};

using PacketFilter = std::array<sock_filter, 22>;

/// Of frames that this host did not send. `promiscuous`: frames to other stations too.
PacketFilter packet_filter(Hears hears, bool promiscuous) noexcept;

/// Whether a frame that we send is to go ahead of data: slow protocols, ARP.
bool goes_ahead(wire::Bytes frame) noexcept;

}  // namespace bondbox::lnx

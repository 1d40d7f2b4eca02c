// Which frames which packet socket of a port is to have: classic BPF, so it needs neither bpf(2) nor a right beyond
// that to the socket itself.
//
// A port has three sockets. LACPDUs have one of their own, and so have ARP and IPv6 neighbour discovery, each with a
// buffer of its own: neither data nor ARP that comes faster than it is read costs a partner, and data costs no
// monitored target and no neighbour. What one hears the others do not.
#pragma once

#include <linux/filter.h>

#include <array>
#include <cstdint>
#include <optional>

#include "hal/wire/bytes.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::lnx {

enum class Hears : std::uint8_t {
  data,        ///< what lacpdus and neighbours do not hear; markers and what only looks like an LACPDU among it
  lacpdus,     ///< untagged LACPDUs that are whole and that another system speaks
  neighbours,  ///< ARP, neighbour solicitations and advertisements
  nothing,
  other_slow,  ///< untagged slow protocols but lacpdus; while a program decides on the data socket what else is ours
};

using PacketFilter = std::array<sock_filter, 38>;

/// Of frames that this host did not send. `promiscuous`: frames to other stations too. `own_system`: LACPDUs of this
/// actor are our own, come back or forged, and none of a partner.
PacketFilter packet_filter(Hears hears, bool promiscuous, const MacAddress& own_system = {}) noexcept;

/// Whether a frame that we send is to go ahead of data: slow protocols, ARP.
bool goes_ahead(wire::Bytes frame) noexcept;

/// Who speaks in an untagged LACPDU; none where it is something else.
std::optional<MacAddress> actor_of(wire::Bytes frame) noexcept;

}  // namespace bondbox::lnx

// Datagrams of one UDP flow as frames, as a socket of this host leaves them and as they cross a wire.
#pragma once

#include <cstdint>
#include <vector>

#include "hal/packet.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::test {

using FrameBytes = std::vector<std::uint8_t>;

/// From 192.0.2.1 to 192.0.2.2, or between two IPv6 addresses; port 4660 to port 5001.
struct Flow {
  bool v6 = false;
  bool tagged = false;
  MacAddress to{{2, 0, 0, 0, 0, 0xd1}};
  std::uint16_t identification = 0xfffe;  ///< of the first; so that it wraps within a run

  std::size_t network_at() const { return tagged ? 18 : 14; }
  std::size_t transport_at() const { return network_at() + (v6 ? 40 : 20); }
};

inline constexpr std::uint16_t flow_port = 5001;

/// The flow's datagram of that number, as a socket of this host leaves it: its checksum is the pseudo-header's sum.
FrameBytes datagram(const Flow& flow, unsigned number, std::size_t payload);
/// With its checksum made.
FrameBytes finished_datagram(const Flow& flow, unsigned number, std::size_t payload);

/// What goes with it.
OffloadHeader partial(const Flow& flow);

}  // namespace bondbox::test

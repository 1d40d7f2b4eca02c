// Contract: a network interface card as a port of a bond uses it.
//
// A Nic exists while it is claimed: making one (Hardware::open_nic) brings the interface up and fences it off from the
// host's own network stack; destroying it MUST give the interface back as it was found: MAC, MTU, flags, fence.
// No call blocks. No call throws. A Nic whose interface vanishes MUST stay usable as an object: link() says
// present = false, receive() gives nothing, transmit() refuses, setters fail with ENODEV.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hal/link.hpp"
#include "hal/outcome.hpp"
#include "hal/packet.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox {

/// How far a transmit came. Packets are taken strictly in order: the first `accepted` of them are the NIC's now,
/// the packet after those was refused with `error`, the rest were not tried.
struct TransmitResult {
  std::size_t accepted = 0;
  int error = 0;  ///< errno of the refusal (ENETDOWN, ENXIO, ENODEV: no link or no NIC; ENOBUFS, EAGAIN: full;
                  ///< EMSGSIZE: longer than the MTU; EINVAL: not a frame); 0 when all were accepted
};

/// Counted by the NIC itself; the bond counts what it decides on its own.
struct NicCounters {
  std::uint64_t receive_truncated = 0;  ///< frames longer than a packet can hold; dropped
  std::uint64_t receive_lost = 0;       ///< frames that the layer below dropped because we read too slowly
  std::uint64_t receive_errors = 0;     ///< failed reads, other than "nothing there"
};

class Nic {
 public:
  virtual ~Nic() = default;

  /// The name it was opened by; stays the same when the interface is renamed or vanishes.
  virtual std::string_view name() const noexcept = 0;
  /// The hardware's own address (ethtool's permanent address; where there is none, the MAC found when opened).
  virtual MacAddress permanent_mac() const noexcept = 0;
  virtual MacAddress mac() const noexcept = 0;
  /// After ok(), frames to `mac` MUST be received and frames sent may carry it. Fails with EADDRNOTAVAIL for an
  /// address that is not a station's, EOPNOTSUPP where the driver cannot, ENODEV.
  virtual Outcome set_mac(MacAddress mac) = 0;
  virtual std::uint32_t mtu() const noexcept = 0;
  /// Fails with EINVAL outside the driver's range.
  virtual Outcome set_mtu(std::uint32_t mtu) = 0;
  /// On: every frame on the wire is received. Off: frames to mac(), broadcast and all multicast.
  virtual Outcome set_promiscuous(bool on) = 0;

  /// Reads the PHY now. MUST be cheap enough for every tick (no speed negotiation, no waiting).
  virtual LinkSample link() = 0;
  /// Whether link() would say now that the link which it last said is there has gone; asked up to once a tick between
  /// two polls. A NIC that cannot tell at a small fraction of the cost of link() says no.
  virtual bool has_lost_link() { return false; }
  /// How link() reads from now on. A NIC that has one way only ignores it.
  virtual void set_link_source(LinkSource) {}

  /// Appends frames to `batch` until it is full, holds PacketBatch::bytes_target bytes, or no frame waits.
  /// Frames are whole, begin with the destination address, carry the VLAN tags they had on the wire, no FCS, and
  /// their OffloadHeader. Protocols that others depend on (slow protocols, ARP) MAY come ahead of data. Frames that
  /// this host sent MUST NOT appear. Returns how many were appended.
  virtual std::size_t receive(PacketBatch& batch) = 0;

  /// Sends frames in order, their offload honoured (a GSO frame is segmented below, a partial checksum completed).
  /// The packets stay the caller's and may be reused when the call returns.
  virtual TransmitResult transmit(std::span<const Packet* const> packets) = 0;

  /// A file descriptor that is readable when receive() has data, or -1 where there is none (simulation).
  virtual int wait_handle() const noexcept = 0;
  /// All of them: a NIC may keep frames of protocols apart from data.
  virtual void append_wait_handles(std::vector<int>& handles) const {
    if (wait_handle() >= 0) handles.push_back(wait_handle());
  }

  virtual const NicCounters& counters() const noexcept = 0;
};

}  // namespace bondbox

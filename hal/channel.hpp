// Contract: a way for frames into and out of an interface. A Nic and a HostPort are one; where they open further ones
// (open_channel), the frames that come in are spread over all of them by flow, so that several threads share the work.
//
// A channel belongs to one thread: what does not say otherwise is called by that one alone. No call blocks, throws or
// allocates. Frames of one flow come out of one channel, in order, for as long as the number of channels stays the
// same; what is no flow of IP (ARP, neighbour discovery, protocols of the link) comes out of the first channel, which
// is the Nic or HostPort itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "hal/packet.hpp"

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

class Channel {
 public:
  virtual ~Channel() = default;

  /// Appends frames to `batch` until it is full, holds PacketBatch::bytes_target bytes, or no frame waits.
  /// Frames are whole, begin with the destination address, carry the VLAN tags they had on the wire, no FCS, and
  /// their OffloadHeader. Protocols that others depend on (slow protocols, ARP) MAY come ahead of data. Frames that
  /// this host sent MUST NOT appear. Returns how many were appended.
  virtual std::size_t receive(PacketBatch& batch) = 0;

  /// Sends frames in order, their offload honoured (a GSO frame is segmented below, a partial checksum completed).
  /// The packets stay the caller's and may be reused when the call returns.
  virtual TransmitResult transmit(std::span<const Packet* const> packets) = 0;

  /// Whether there is a link now: tells a full queue from a lost link when a frame was refused.
  virtual bool has_link() = 0;
  /// Whether the link that there was is gone, for a look before frames are dropped. False where that is not cheap to
  /// know: at most a few microseconds.
  virtual bool has_lost_link() { return false; }

  /// A file descriptor that is readable when receive() has data, or -1 where there is none (simulation).
  virtual int wait_handle() const noexcept = 0;

  virtual const NicCounters& counters() const noexcept = 0;
  /// Whether receive() would give something. From any thread.
  virtual bool has_waiting() const noexcept { return false; }
  /// Frames that the layer below dropped since the channel was opened and that counters() leaves out. Not for the
  /// channel's thread, but for the one that opened it.
  virtual std::uint64_t lost_below() { return 0; }
};

}  // namespace bondbox

// Frames in and out of one queue of a TAP device, each with its offload header, straight from and into packet buffers.
#pragma once

#include <cstdint>
#include <span>

#include "hal/channel.hpp"

namespace bondbox::lnx {

/// As Channel::receive. 0: the batch has enough; EAGAIN: the queue is empty; EBADFD: the device was deleted.
int read_tap_frames(int fd, std::uint16_t queue, PacketBatch& batch, NicCounters& counters);

/// As Channel::transmit, with refusals as it names them: the driver says EIO when the interface is down, EBADFD when it
/// was deleted.
/// `joins`: datagrams of a flow go as one GSO frame; false from the first that the driver refuses (before Linux 6.2).
TransmitResult write_tap_frames(int fd, std::span<const Packet* const> packets, bool& joins);
int tap_refusal(int error) noexcept;

}  // namespace bondbox::lnx

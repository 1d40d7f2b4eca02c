#include "hal/linux/tap_frames.hpp"

#include <unistd.h>

#include <cerrno>

namespace bondbox::lnx {
namespace {

constexpr std::size_t header_size = sizeof(OffloadHeader);

}  // namespace

int tap_refusal(int error) noexcept {
  switch (error) {
    case EIO:
      return ENETDOWN;
    case EBADFD:
      return ENODEV;
    case EINTR:
      return EAGAIN;
    case ENOMEM:
      return ENOBUFS;
    default:
      return error;
  }
}

int read_tap_frames(int fd, std::uint16_t queue, PacketBatch& batch, NicCounters& counters) {
  constexpr std::size_t size = header_size + Packet::frame_size_max;
  // Bounds the reads too, for frames that are dropped do not fill the batch.
  for (std::size_t i = 0; i < PacketBatch::frames_max; ++i) {
    if (batch.full() || batch.bytes() >= PacketBatch::bytes_target) return 0;
    Packet& packet = batch.prepare();
    const ssize_t got = ::read(fd, packet.offload_bytes(), size);
    if (got < 0) {
      const int error = errno;
      if (error != EBADFD && error != EAGAIN && error != EINTR) ++counters.receive_errors;
      return error;
    }
    // The driver cuts a frame to what was asked for, so a full buffer is a cut frame.
    if (static_cast<std::size_t>(got) < header_size || static_cast<std::size_t>(got) == size) {
      ++counters.receive_truncated;
      continue;
    }
    packet.set_length(static_cast<std::size_t>(got) - header_size);
    packet.set_queue(queue);
    batch.commit();
  }
  return 0;
}

TransmitResult write_tap_frames(int fd, std::span<const Packet* const> packets) {
  TransmitResult result;
  for (const Packet* packet : packets) {
    if (::write(fd, packet->offload_bytes(), header_size + packet->frame().size()) < 0) {
      result.error = tap_refusal(errno);
      break;
    }
    ++result.accepted;
  }
  return result;
}

}  // namespace bondbox::lnx

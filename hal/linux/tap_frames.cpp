#include "hal/linux/tap_frames.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "hal/linux/udp_run.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::size_t header_size = sizeof(OffloadHeader);

bool write_run(int fd, const UdpRun& run, std::span<const Packet* const> packets) {
  UdpRun::Start start;
  run.write_start(*packets.front(), start);
  std::array<iovec, 1 + UdpRun::frames_max> parts;
  parts[0] = {start.data(), header_size + run.headers()};
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const wire::Bytes payload = packets[i]->frame().subspan(run.headers());
    // writev only reads; iovec has no const form.
    parts[i + 1] = {const_cast<std::uint8_t*>(payload.data()), payload.size()};
  }
  return ::writev(fd, parts.data(), static_cast<int>(packets.size()) + 1) >= 0;
}

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
    if (!batch.has_room()) return 0;
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

TransmitResult write_tap_frames(int fd, std::span<const Packet* const> packets, bool& joins) {
  TransmitResult result;
  while (result.accepted < packets.size()) {
    const std::span<const Packet* const> rest = packets.subspan(result.accepted);
    const UdpRun run(joins ? rest : rest.first(0));
    if (run.size() != 0) {
      if (write_run(fd, run, rest.first(run.size()))) {
        result.accepted += run.size();
        continue;
      }
      if (errno == EINVAL) joins = false;
    }
    const Packet& packet = *rest.front();
    if (::write(fd, packet.offload_bytes(), header_size + packet.frame().size()) < 0) {
      result.error = tap_refusal(errno);
      break;
    }
    ++result.accepted;
  }
  return result;
}

}  // namespace bondbox::lnx

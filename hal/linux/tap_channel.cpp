#include "hal/linux/tap_channel.hpp"

#include <cerrno>

#include "hal/linux/tap_frames.hpp"

namespace bondbox::lnx {

std::size_t TapChannel::receive(PacketBatch& batch) {
  const std::size_t before = batch.size();
  // A device that was deleted reports errors for ever, and would keep whoever waits for it awake.
  if (read_tap_frames(queue_.get(), 0, batch, counters_) == EBADFD) queue_.silence();
  return batch.size() - before;
}

TransmitResult TapChannel::transmit(std::span<const Packet* const> packets) {
  return write_tap_frames(queue_.get(), packets, joins_);
}

}  // namespace bondbox::lnx

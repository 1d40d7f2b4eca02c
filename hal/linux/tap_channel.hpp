// A further channel of a TapHostPort: one more queue of the device, with its own descriptor.
#pragma once

#include "hal/channel.hpp"
#include "hal/linux/unique_fd.hpp"
#include "hal/linux/wait_set.hpp"

namespace bondbox::lnx {

class TapChannel : public Channel {
 public:
  explicit TapChannel(UniqueFd queue) noexcept : queue_(std::move(queue)) {}

  std::size_t receive(PacketBatch& batch) override;
  TransmitResult transmit(std::span<const Packet* const> packets) override;
  bool has_link() override { return true; }
  int wait_handle() const noexcept override { return queue_.get(); }
  const NicCounters& counters() const noexcept override { return counters_; }
  bool has_waiting() const noexcept override { return is_readable(queue_.get()); }

 private:
  UniqueFd queue_;
  NicCounters counters_;
  bool joins_ = true;
};

}  // namespace bondbox::lnx

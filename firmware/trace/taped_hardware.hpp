// The machine as seen through a tape: what it says to a bond that decides is recorded, or comes out of a recording.
// Frames pass by: what they have to say to the deciding half, the bond itself tells the tape.
#pragma once

#include "firmware/trace/tape.hpp"
#include "hal/hardware.hpp"

namespace bondbox::trace {

class TapedHardware final : public Hardware {
 public:
  /// `below` is nullptr while a recording is replayed. Both outlive it.
  TapedHardware(Tape& tape, Hardware* below) : tape_(tape), below_(below) {}

  Result<std::unique_ptr<Nic>> open_nic(std::string_view name, LinkSource source) override;
  bool has_interface(std::string_view name) override;
  Result<std::unique_ptr<HostPort>> open_host_port(std::string_view name, std::size_t queues,
                                                   std::size_t channels) override;
  Result<std::unique_ptr<Offload>> open_offload(HostPort& host) override;
  void poll_events(FixedVector<HardwareEvent, 64>& events) override;
  int wait_handle() const noexcept override { return below_ != nullptr ? below_->wait_handle() : -1; }

 private:
  Tape& tape_;
  Hardware* below_;
  std::size_t opened_ = 0;  ///< numbers NICs, host ports and offloads
};

}  // namespace bondbox::trace

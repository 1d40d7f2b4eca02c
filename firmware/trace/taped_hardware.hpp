// The machine as seen through a tape: what it says to a bond that decides is recorded, or comes out of a recording.
// Frames pass by: what they have to say to the deciding half, the bond itself tells the tape.
#pragma once

#include "firmware/trace/tape.hpp"
#include "hal/hardware.hpp"
#include "hal/wire/archive.hpp"

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

  /// What was last read of these, as part of a checkpoint. An archive that reads makes them, with nothing below.
  void archive(Archive& a) { a(opened_); }
  void archive(Archive& a, std::unique_ptr<Nic>& nic, std::string_view name);
  void archive(Archive& a, std::unique_ptr<HostPort>& host, std::string_view name);
  void archive(Archive& a, std::unique_ptr<Offload>& offload);

 private:
  Tape& tape_;
  Hardware* below_;
  std::uint64_t opened_ = 0;  ///< numbers NICs, host ports and offloads
};

}  // namespace bondbox::trace

// The machine, simulated: opens the cards of a SimWorld as NICs, and makes host ports. Several may share one world.
#pragma once

#include <memory>
#include <string_view>

#include "hal/hardware.hpp"
#include "hal/sim/sim_world.hpp"

namespace bondbox::sim {

class SimHardware final : public Hardware {
 public:
  explicit SimHardware(SimWorld& world);
  ~SimHardware() override;
  SimHardware(const SimHardware&) = delete;
  SimHardware& operator=(const SimHardware&) = delete;

  /// `source` makes no difference: a simulated card has one truth.
  Result<std::unique_ptr<Nic>> open_nic(std::string_view name, LinkSource source) override;
  bool has_interface(std::string_view name) override;
  /// What it gives is a SimHostPort; SimWorld::host_port finds it by name.
  Result<std::unique_ptr<HostPort>> open_host_port(std::string_view name, std::size_t queues = 1,
                                                   std::size_t channels = 1) override;
  void poll_events(FixedVector<HardwareEvent, 64>& events) override { events_.move_to(events); }
  int wait_handle() const noexcept override { return -1; }

 private:
  SimWorld& world_;
  EventQueue events_;
};

}  // namespace bondbox::sim

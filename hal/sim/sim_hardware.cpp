#include "hal/sim/sim_hardware.hpp"

#include <algorithm>
#include <cerrno>
#include <string>

#include "hal/sim/sim_host_port.hpp"
#include "hal/sim/sim_nic.hpp"

namespace bondbox::sim {

SimHardware::SimHardware(SimWorld& world) : world_(world) {
  world_.listeners_.push_back(&events_);
}

SimHardware::~SimHardware() {
  std::erase(world_.listeners_, &events_);
}

Result<std::unique_ptr<Nic>> SimHardware::open_nic(std::string_view name, LinkSource) {
  if (world_.host_port(name) != nullptr) return Outcome::failed(EBUSY, std::string(name) + " is a bond");
  Card* const card = world_.find_present(name);
  if (card == nullptr) return Outcome::failed(ENODEV, "there is no interface " + std::string(name));
  if (card->claimed) return Outcome::failed(EBUSY, std::string(name) + " is a port of a bond already");
  return std::unique_ptr<Nic>(std::make_unique<SimNic>(world_, *card));
}

bool SimHardware::has_interface(std::string_view name) {
  return world_.find_present(name) != nullptr || world_.host_port(name) != nullptr;
}

Result<std::unique_ptr<HostPort>> SimHardware::open_host_port(std::string_view name, std::size_t, std::size_t) {
  if (!is_interface_name(name)) {
    return Outcome::failed(EINVAL, "'" + std::string(name) + "' is not an interface name");
  }
  if (const auto left = world_.left_host_ports_.find(name); left != world_.left_host_ports_.end()) {
    std::unique_ptr<HostPort> port = std::move(left->second);
    world_.left_host_ports_.erase(left);
    return port;
  }
  if (world_.name_taken(name)) return Outcome::failed(EEXIST, "the name " + std::string(name) + " is taken");
  return std::unique_ptr<HostPort>(std::make_unique<SimHostPort>(world_, name));
}

}  // namespace bondbox::sim

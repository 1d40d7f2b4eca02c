#include "firmware/config/config_target.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "firmware/text.hpp"
#include "hal/wire/ids.hpp"

namespace bondbox {

bool ConfigTarget::is_port(std::string_view name) const {
  return std::find(bond_.ports.begin(), bond_.ports.end(), name) != bond_.ports.end();
}

PortOptions* ConfigTarget::port_options(std::string_view name) {
  return is_port(name) ? &bond_.port_options[std::string(name)] : nullptr;
}

const PortOptions* ConfigTarget::port_options(std::string_view name) const {
  static constexpr PortOptions defaults;
  if (!is_port(name)) return nullptr;
  const auto own = bond_.port_options.find(name);
  return own == bond_.port_options.end() ? &defaults : &own->second;
}

Outcome ConfigTarget::enslave(std::string_view name) {
  if (bond_.ports.size() == max_ports)
    return Outcome::failed(ENOSPC, format("a bond has at most %zu ports", max_ports));
  bond_.ports.emplace_back(name);
  return Outcome::done();
}

Outcome ConfigTarget::release(std::string_view name) {
  std::erase(bond_.ports, name);
  if (const auto own = bond_.port_options.find(name); own != bond_.port_options.end()) bond_.port_options.erase(own);
  if (bond_.active_slave == name) bond_.active_slave.clear();
  return Outcome::done();
}

Outcome ConfigTarget::activate(std::optional<std::string_view> name) {
  bond_.active_slave = name.value_or(std::string_view());
  return Outcome::done();
}

}  // namespace bondbox

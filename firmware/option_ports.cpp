// The options that name ports.
#include <cerrno>

#include "firmware/config/names.hpp"
#include "firmware/option_handlers.hpp"
#include "firmware/text.hpp"

namespace bondbox::option_handlers {
namespace {

std::string quoted(std::string_view name) {
  return "\"" + std::string(name) + "\"";
}

Outcome no_interface(std::string_view name) {
  return Outcome::failed(ENODEV, "there is no interface " + quoted(name));
}

/// Whether it is enslaved, not only awaited.
bool is_enslaved(const OptionTarget& target, std::string_view name) {
  for (std::size_t i = 0; i < target.port_count(); ++i)
    if (target.port_name(i) == name) return true;
  return false;
}

bool has_active_port(const OptionTarget& target) {
  return (active_port_modes & only(target.options().mode)) != 0;
}

}  // namespace

Outcome write_slaves(OptionTarget& target, std::string_view text) {
  const std::string_view name = text.empty() ? text : text.substr(1);
  const bool add = text.starts_with('+');
  if (!add && !text.starts_with('-'))
    return Outcome::failed(EPERM, "slaves needs + or - before the name, as in \"+" + std::string(text) + "\"");
  if (const std::string bad = bad_interface_name(name); !bad.empty())
    return Outcome::failed(EPERM, quoted(name) + " cannot be an interface: " + bad);

  // A port whose interface has vanished can be released, so this is asked first.
  if (!add && target.port_options(name) != nullptr) return target.release(name);
  if (!target.interface_exists(name)) return no_interface(name);
  if (!add) return Outcome::failed(EINVAL, quoted(name) + " is not a port of this bond");
  if (is_enslaved(target, name)) return Outcome::failed(EBUSY, quoted(name) + " is a port of this bond already");
  return target.enslave(name);
}

std::string read_slaves(const OptionTarget& target) {
  std::string text;
  for (std::size_t i = 0; i < target.port_count(); ++i) {
    if (i != 0) text += ' ';
    text += target.port_name(i);
  }
  return text;
}

Outcome write_primary(OptionTarget& target, std::string_view text) {
  // "None" is what /proc/net/bonding shows where there is no primary.
  if (text.empty() || text == "None") {
    target.options().primary.clear();
    return Outcome::done();
  }
  if (const std::string bad = bad_interface_name(text); !bad.empty())
    return Outcome::failed(EINVAL, "primary cannot be " + quoted(text) + ": " + bad);
  target.options().primary = text;
  if (!is_enslaved(target, text)) target.note(format("primary %s is not a port yet", target.options().primary.c_str()));
  return Outcome::done();
}

std::string read_primary(const OptionTarget& target) {
  const std::string& primary = target.options().primary;
  return has_active_port(target) && is_enslaved(target, primary) ? primary : std::string();
}

Outcome write_active_slave(OptionTarget& target, std::string_view text) {
  if (text.empty()) return target.activate(std::nullopt);
  if (!is_enslaved(target, text)) {
    if (!target.interface_exists(text)) return no_interface(text);
    return Outcome::failed(EINVAL, "active_slave cannot be " + quoted(text) + ", which is not a port of this bond");
  }
  if (target.active_port_name() == text) return Outcome::done();
  if (!target.port_has_link(text))
    return Outcome::failed(EINVAL, "active_slave cannot be " + quoted(text) + ", which is down or has no link");
  return target.activate(text);
}

std::string read_active_slave(const OptionTarget& target) {
  return has_active_port(target) ? target.active_port_name() : std::string();
}

namespace {

struct PortNumber {
  PortOptions* port = nullptr;
  std::string_view name;
  std::int64_t number = 0;
};

/// Splits "eth0:3" and finds the port. `error` is the errno of everything that is wrong with it.
Result<PortNumber> parse_port_number(OptionTarget& target, const char* option_name, std::string_view text, int error) {
  const OptionInfo& option = *find_option(option_name);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return Outcome::failed(error, refusal(option, text));
  PortNumber result;
  result.name = text.substr(0, colon);
  const std::optional<std::int64_t> number = parse_integer(text.substr(colon + 1));
  if (!number || *number < option.minimum || *number > option.maximum)
    return Outcome::failed(error, refusal(option, text));
  result.number = *number;
  result.port = target.port_options(result.name);
  if (result.port == nullptr)
    return Outcome::failed(error,
                           std::string(option_name) + ": " + quoted(result.name) + " is not a port of this bond");
  return result;
}

template <auto Field>
std::string read_per_port(const OptionTarget& target) {
  std::string text;
  for (std::size_t i = 0; i < target.port_count(); ++i) {
    const std::string_view name = target.port_name(i);
    const PortOptions* port = target.port_options(name);
    if (port == nullptr) continue;
    if (!text.empty()) text += ' ';
    text += name;
    text += ':';
    text += std::to_string(port->*Field);
  }
  return text;
}

template <auto Field>
Outcome write_per_port(OptionTarget& target, const char* option, std::string_view text) {
  const Result<PortNumber> parsed = parse_port_number(target, option, text, EINVAL);
  if (!parsed.ok()) return parsed.failure();
  auto& field = parsed.value().port->*Field;
  field = static_cast<std::remove_reference_t<decltype(field)>>(parsed.value().number);
  return Outcome::done();
}

}  // namespace

Outcome write_queue_id(OptionTarget& target, std::string_view text) {
  const Result<PortNumber> parsed = parse_port_number(target, "queue_id", text, EPERM);
  if (!parsed.ok()) return parsed.failure();
  const PortNumber& wanted = parsed.value();
  if (wanted.number > target.tx_queues())
    return Outcome::failed(EPERM, format("queue_id: the bond has only %u transmit queues", target.tx_queues()));
  for (std::size_t i = 0; i < target.port_count() && wanted.number != 0; ++i) {
    const std::string_view other = target.port_name(i);
    if (other != wanted.name && target.port_options(other)->queue_id == wanted.number)
      return Outcome::failed(EPERM, "queue_id: " + quoted(other) + " has that queue already");
  }
  wanted.port->queue_id = static_cast<std::uint16_t>(wanted.number);
  return Outcome::done();
}

std::string read_queue_id(const OptionTarget& target) {
  return read_per_port<&PortOptions::queue_id>(target);
}

Outcome write_prio(OptionTarget& target, std::string_view text) {
  return write_per_port<&PortOptions::prio>(target, "prio", text);
}
std::string read_prio(const OptionTarget& target) {
  return read_per_port<&PortOptions::prio>(target);
}

Outcome write_actor_port_prio(OptionTarget& target, std::string_view text) {
  return write_per_port<&PortOptions::actor_port_prio>(target, "actor_port_prio", text);
}
std::string read_actor_port_prio(const OptionTarget& target) {
  return read_per_port<&PortOptions::actor_port_prio>(target);
}

}  // namespace bondbox::option_handlers

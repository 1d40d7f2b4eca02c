#include "tests/live/lacp/party.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "policies/lacp/status.hpp"
#include "tests/lab/support/daemon.hpp"

namespace bondbox::live {
namespace {

constexpr unsigned forwarding = lacp_state::collecting | lacp_state::distributing;

/// What follows `key` in a line, if the line begins with it, blanks before it aside.
bool value_of(const std::string& line, std::string_view key, std::string& value) {
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string::npos || line.compare(begin, key.size(), key) != 0) return false;
  value = line.substr(begin + key.size());
  return true;
}

unsigned number(const std::string& text) {
  return static_cast<unsigned>(std::strtoul(text.c_str(), nullptr, 10));
}

/// The words of Open vSwitch for the bits of a state.
unsigned state_of_words(const std::string& words) {
  constexpr std::pair<const char*, unsigned> names[] = {
      {"activity", lacp_state::activity},       {"timeout", lacp_state::timeout},
      {"aggregation", lacp_state::aggregation}, {"synchronized", lacp_state::synchronization},
      {"collecting", lacp_state::collecting},   {"distributing", lacp_state::distributing},
      {"defaulted", lacp_state::defaulted},     {"expired", lacp_state::expired}};
  unsigned state = 0;
  std::istringstream in(words);
  for (std::string word; in >> word;)
    for (const auto& [name, bit] : names)
      if (word == name) state |= bit;
  return state;
}

}  // namespace

const char* kind_name(Kind kind) {
  return kind == Kind::bondbox ? "bondbox" : kind == Kind::kernel ? "kernel" : "ovs";
}

std::size_t View::carrying() const {
  return static_cast<std::size_t>(
      std::count_if(ports.begin(), ports.end(), [](const PortView& port) { return port.carries; }));
}

const PortView* View::find(std::string_view name) const {
  for (const PortView& port : ports)
    if (port.name == name) return &port;
  return nullptr;
}

View read_proc_view(const std::string& text) {
  View view;
  view.text = text;
  view.readable = lab::contains(text, "Bonding Mode: IEEE 802.3ad");
  std::istringstream lines(text);
  std::string value;
  for (std::string line; std::getline(lines, line);) {
    PortView* const port = view.ports.empty() ? nullptr : &view.ports.back();
    if (value_of(line, "Slave Interface: ", value)) {
      view.ports.push_back({.name = value});
    } else if (value_of(line, "MII Status: ", value)) {
      (port != nullptr ? port->up : view.carrier) = value == "up";
    } else if (value_of(line, "Aggregator ID: ", value)) {
      (port != nullptr ? port->aggregator : view.active_aggregator) = number(value);
    } else if (value_of(line, "Number of ports: ", value)) {
      view.ports_in_active = number(value);
    } else if (value_of(line, "Partner Mac Address: ", value)) {
      view.partner = value;
    } else if (port != nullptr && value_of(line, "port state: ", value)) {
      // The actor's stands before the partner's.
      (port->actor == 0 ? port->actor : port->partner) = number(value);
    }
  }
  for (PortView& port : view.ports)
    port.carries = port.up && port.aggregator != 0 && port.aggregator == view.active_aggregator &&
                   (port.actor & forwarding) == forwarding;
  return view;
}

View read_ovs_view(const std::string& lacp, const std::string& bond) {
  View view;
  view.text = lacp + bond;
  view.readable = lab::contains(lacp, "---- ");
  view.active_aggregator = 1;
  std::istringstream lines(lacp);
  std::string value;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("member: ")) {
      const std::size_t colon = line.find(':', 8);
      view.ports.push_back({.name = line.substr(8, colon - 8)});
      view.ports.back().aggregator = lab::contains(line, " attached") ? 1 : 0;
      view.ports_in_active += view.ports.back().aggregator;
    }
    if (view.ports.empty()) continue;
    PortView& port = view.ports.back();
    if (value_of(line, "actor state: ", value)) port.actor = state_of_words(value);
    if (value_of(line, "partner state: ", value)) port.partner = state_of_words(value);
    if (value_of(line, "partner sys_id: ", value) && port.aggregator == 1) view.partner = value;
  }
  // A member is enabled when it has link and LACP lets it.
  std::istringstream members(bond);
  for (std::string line; std::getline(members, line);) {
    if (!line.starts_with("member ")) continue;
    for (PortView& port : view.ports)
      if (line.starts_with("member " + port.name + ":")) port.up = port.carries = lab::contains(line, ": enabled");
  }
  view.carrier = view.carrying() > 0;
  return view;
}

std::unique_ptr<Party> make_party(Kind kind, const lab::Namespace& space, const PartyOptions& options) {
  switch (kind) {
    case Kind::bondbox:
      return make_bondbox_party(space, options);
    case Kind::kernel:
      return make_kernel_party(space, options);
    case Kind::ovs:
      return make_ovs_party(space, options);
  }
  return nullptr;
}

void ip_batch(const lab::Namespace& space, const std::string& lines) {
  const lab::ScratchDirectory scratch;
  lab::write_text(scratch.path() + "/lines", lines);
  const lab::CommandResult result = lab::run_command("ip -n " + space.name() + " -batch " + scratch.path() + "/lines");
  if (!result.ok()) throw std::runtime_error("ip: " + result.output + "of\n" + lines);
}

}  // namespace bondbox::live

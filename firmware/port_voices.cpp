#include "firmware/port_voices.hpp"

#include <algorithm>
#include <bit>

namespace bondbox {

const char* monitor_kind_name(MonitorKind kind) noexcept {
  switch (kind) {
    case MonitorKind::link:
      return "link";
    case MonitorKind::probes:
      return "probes";
    case MonitorKind::lacp:
      return "lacp";
  }
  return "unknown";
}

MonitorSet monitors_of(const BondOptions& options) noexcept {
  MonitorSet set = bit_of(MonitorKind::link);
  const bool has_targets = !options.arp_ip_targets.empty() || !options.ns_ip6_targets.empty();
  if (options.arp_interval_ms != 0 && has_targets) set |= bit_of(MonitorKind::probes);
  if (options.mode == Mode::lacp_8023ad) set |= bit_of(MonitorKind::lacp);
  return set;
}

std::string monitor_rule_text(const BondOptions& options) {
  switch (options.monitor) {
    case MonitorRule::off:
      return "off";
    case MonitorRule::any:
      return "any";
    case MonitorRule::all:
      return "all";
    case MonitorRule::quorum:
      break;
  }
  return "quorum:" + std::to_string(options.monitor_quorum);
}

std::size_t voices_needed(const BondOptions& options) noexcept {
  const auto all = static_cast<std::size_t>(std::popcount(monitors_of(options)));
  switch (options.monitor) {
    case MonitorRule::all:
      return all;
    case MonitorRule::quorum:
      return std::clamp<std::size_t>(options.monitor_quorum, 1, all);
    case MonitorRule::off:
    case MonitorRule::any:
      break;
  }
  return 1;
}

void PortVoices::start(bool link, Tick now) noexcept {
  voices_ = {};
  for (Voice& voice : voices_) voice.since = now;
  lacpdus_before_ = 0;
  say(MonitorKind::link, link, now);
  set_probe_state(link ? LinkState::up : LinkState::down, now);
}

void PortVoices::say(MonitorKind kind, bool up, Tick now) noexcept {
  Voice& voice = voices_[index_of(kind)];
  if (voice.up == up) return;
  voice.up = up;
  voice.since = now;
}

bool PortVoices::together(const BondOptions& options) const noexcept {
  const MonitorSet set = monitors_of(options);
  std::size_t yes = 0;
  for (std::size_t i = 0; i < monitor_kinds; ++i) yes += (set >> i & 1) != 0 && voices_[i].up ? 1 : 0;
  return yes >= voices_needed(options);
}

}  // namespace bondbox

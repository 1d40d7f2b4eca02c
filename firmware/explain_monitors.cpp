// Why a port is kept out of use although nothing may be wrong with its cable: it flaps, or its monitors together say
// no.
#include <algorithm>

#include "firmware/explain_words.hpp"
#include "firmware/port_voices.hpp"
#include "firmware/text.hpp"

namespace bondbox {
namespace {

bool is_voted_down(const PortStatus& port) {
  return !port.monitors.empty() && ((port.held && port.link == LinkState::up) || port.link == LinkState::down);
}

Said remedy_for(const PortStatus& port) {
  for (const MonitorVerdict& verdict : port.monitors) {
    if (verdict.up) continue;
    const std::string_view name = verdict.name;
    return name == "link" ? Said::see_cable : name == "probes" ? Said::see_way_to_target : Said::see_far_lacp;
  }
  return Said::see_cable;
}

}  // namespace

std::string silent_monitors(const PortStatus& port) {
  std::string text;
  for (const MonitorVerdict& verdict : port.monitors) {
    if (verdict.up) continue;
    text += (text.empty() ? "" : " and ") + std::string(verdict.name) + " (" + verdict.reason + ")";
  }
  return text;
}

bool is_called_up_together(const PortStatus& port) {
  return !port.monitors.empty() && std::none_of(port.monitors.begin(), port.monitors.end(), [](const auto& verdict) {
    return std::string_view(verdict.name) == monitor_kind_name(MonitorKind::lacp);
  });
}

std::string used_when(Explanation& told, const BondOptions& options) {
  if (options.is_judged_by_arp()) return say_part(told, Said::used_when_answered);
  const std::string updelay = duration_text(options.updelay_ms);
  if (options.combines_monitors()) {
    return say_part(told, options.updelay_ms == 0 ? Said::used_when_called_up : Said::used_after_call,
                    {monitor_rule_text(options), updelay});
  }
  return say_part(told, options.updelay_ms == 0 ? Said::used_at_once : Said::used_after_updelay, {updelay});
}

std::string kept_out_text(const PortStatus& port, Explanation* noted) {
  Explanation unnoted;
  Explanation& told = noted != nullptr ? *noted : unnoted;
  if (port.link == LinkState::down && port.damping.damped)
    return say_part(told, Said::kept_damped, {duration_text(port.damping.left.count)});
  if (port.monitors.empty()) return {};
  const std::string left = duration_text(port.delay_left.count);
  if (port.link == LinkState::back)
    return is_called_up_together(port) ? say_part(told, Said::kept_returning, {left}) : std::string();
  const bool is_failing = port.link == LinkState::fail;
  const std::string silent = is_failing || is_voted_down(port) ? silent_monitors(port) : std::string();
  if (silent.empty()) return {};
  const std::string voted = say_part(told, Said::kept_voted, {silent});
  return is_failing ? voted + say_part(told, Said::kept_until, {left}) : voted;
}

std::optional<Explanation> explain_kept_out(const BondStatus& bond, const PortStatus& port) {
  if (port.link == LinkState::down && port.damping.damped) {
    return say(Said::damped, {duration_text(port.damping.left.count), std::to_string(port.damping.penalty),
                              std::to_string(bond.options.flap_reuse), bond.name});
  }
  const std::string silent = is_voted_down(port) ? silent_monitors(port) : std::string();
  if (silent.empty()) return std::nullopt;
  Explanation told = say(Said::voted_down, {monitor_rule_text(bond.options), silent});
  put_remedy(told, remedy_for(port));
  return told;
}

}  // namespace bondbox

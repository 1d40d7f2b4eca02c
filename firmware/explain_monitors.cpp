// Why a port is kept out of use although nothing may be wrong with its cable: it flaps, or its monitors together say
// no.
#include "firmware/explain.hpp"
#include "firmware/port_voices.hpp"
#include "firmware/text.hpp"

namespace bondbox {
namespace {

/// "probes (no answer yet) and lacp (no partner speaks LACP on it)": those that do not call it up.
std::string silent_monitors(const PortStatus& port) {
  std::string text;
  for (const MonitorVerdict& verdict : port.monitors) {
    if (verdict.up) continue;
    text += (text.empty() ? "" : " and ") + std::string(verdict.name) + " (" + verdict.reason + ")";
  }
  return text;
}

bool is_voted_down(const PortStatus& port) {
  return !port.monitors.empty() && (port.held || port.link == LinkState::down);
}

std::string_view remedy_for(const PortStatus& port) {
  for (const MonitorVerdict& verdict : port.monitors) {
    if (verdict.up) continue;
    const std::string_view name = verdict.name;
    if (name == "link") return "Check its cable and the port at the far end";
    if (name == "probes") return "Check that the way from it to a target works; one answer is enough";
    return "See whether LACP runs on the port at the far end";
  }
  return nothing_to_do;
}

}  // namespace

std::string kept_out_text(const PortStatus& port) {
  if (port.link == LinkState::down && port.damping.damped)
    return "flaps, kept out for about " + duration_text(port.damping.left.count);
  const std::string silent = is_voted_down(port) ? silent_monitors(port) : std::string();
  return silent.empty() ? std::string() : "is voted down: " + silent;
}

std::optional<Explanation> explain_kept_out(const BondStatus& bond, const PortStatus& port) {
  const std::string verdict(carries_nothing);
  if (port.link == LinkState::down && port.damping.damped) {
    return Explanation{
        verdict,
        format("it has lost its link too often and is kept out of use for about %s "
               "(flap_damping: penalty %u, used again below %u)",
               duration_text(port.damping.left.count).c_str(), port.damping.penalty, bond.options.flap_reuse),
        "Check its cable and plug; \"bondbox set " + bond.name + " flap_damping 0\" uses it at once"};
  }
  const std::string silent = is_voted_down(port) ? silent_monitors(port) : std::string();
  if (silent.empty()) return std::nullopt;
  return Explanation{verdict,
                     "with monitor=" + monitor_rule_text(bond.options) + " it counts as down because of " + silent,
                     std::string(remedy_for(port))};
}

}  // namespace bondbox

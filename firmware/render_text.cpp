// For eyes. Fits 80 columns, and 24 lines for a bond of two ports; what is wrong stands first, in words.
#include <algorithm>
#include <chrono>

#include "firmware/explain.hpp"
#include "firmware/link_monitor.hpp"
#include "firmware/option_table.hpp"
#include "firmware/port_voices.hpp"
#include "firmware/render.hpp"
#include "firmware/text.hpp"
#include "policies/modes.hpp"

namespace bondbox {
namespace {

/// A console of 24 lines, less the prompt with the command before the text and the one after it.
constexpr std::size_t console_lines = 22;
/// A bond of more ports than this is longer than a console anyway.
constexpr std::size_t ports_of_a_console = 2;

/// How much is told of what there may be much of.
struct Detail {
  std::size_t addresses;
  std::size_t reason;  ///< characters; 110 are two lines with what stands before it
};
/// The first that fits a console is used.
constexpr Detail details[] = {{4, 110}, {2, 110}, {1, 50}, {0, 50}};

/// In at most `width` characters: a number that is longer is told in thousands, millions and so on, rounded down.
std::string count_text(unsigned long long count, std::size_t width) {
  std::string text = std::to_string(count);
  for (const char* unit = "kMGTPE"; text.size() > width && *unit != '\0'; ++unit) {
    count /= 1000;
    text = std::to_string(count) + *unit;
  }
  return text;
}

/// For how long something has been so, and since when where that is known: the time of day, or the date before today's.
std::string since_text(Ticks span, Tick at, const WallClock* wall) {
  if (wall == nullptr) return "for " + duration_text(span.count);
  const std::string since = wall_text(wall->at(at - span));
  const bool is_today = since.substr(0, 10) == wall_text(wall->at(at)).substr(0, 10);
  return "since " + (is_today ? since.substr(11, 8) : since.substr(0, 10) + " " + since.substr(11, 5)) + " UTC (" +
         duration_text(span.count) + ")";
}

/// Of a port that the ARP monitor has given up. Going down and back are no delays there: ports are asked in turn.
std::string silence_text(const PortStatus& port, Tick at, const WallClock* wall) {
  const ArpPortStatus arp = port.arp.value_or(ArpPortStatus{});
  if (arp.targets.empty()) return " has no target to ask: arp_ip_target\n";
  const std::string lacks = arp.validated ? " has had no answer " : " has heard nothing ";
  return lacks + (arp.heard ? since_text(*arp.heard, at, wall) : std::string("yet")) + "\n";
}

/// Without one on any port, the ports are all alike, whichever of them carries by lacp_fallback.
bool hears_a_partner(const LacpStatus& lacp) {
  return std::any_of(lacp.ports.begin(), lacp.ports.end(), [](const LacpPortStatus& port) { return port.has_partner; });
}

void append_troubles(std::string& text, const BondStatus& bond, const WallClock* wall) {
  const std::string& shown = bond.interface.empty() ? bond.name : bond.interface;
  if (!bond.host_up) text += "  DOWN: " + shown + " is set down on the host: ip link set " + shown + " up\n";
  if (bond.ports.empty()) text += "  DOWN: no ports\n";
  if (!bond.ports.empty() && !bond.carrier) {
    const bool any_up = std::any_of(bond.ports.begin(), bond.ports.end(),
                                    [](const PortStatus& port) { return port.link == LinkState::up; });
    const bool any_link =
        std::any_of(bond.ports.begin(), bond.ports.end(), [](const PortStatus& port) { return port.has_carrier; });
    text += "  DOWN: ";
    text += bond.lacp && any_up                            ? "too few ports are aggregated\n"
            : any_link && bond.options.is_judged_by_arp()  ? "no port gets an answer from a target\n"
            : any_link && bond.options.combines_monitors() ? "no port works by its monitors\n"
                                                           : "no port has a working link\n";
  }
  for (const PortStatus& port : bond.ports) {
    if (port.away != Away::no) {
      text +=
          "  DEGRADED: " + port.name + " is away for a drill, back in " + duration_text(port.away_left.count) + "\n";
      continue;
    }
    if (const std::string kept = kept_out_text(port); !kept.empty()) {
      text += "  " + std::string(bond.carrier ? "DEGRADED: " : "") + port.name + " " + kept + "\n";
      continue;
    }
    if (port.link == LinkState::up && bond.lacp && !port.carries) {
      text += "  DEGRADED: " + port.name + " is not aggregated: ";
      text += hears_a_partner(*bond.lacp) ? "bondbox explain " + bond.name + " " + port.name + "\n"
                                          : std::string("no port has an LACP partner\n");
    }
    if (port.link == LinkState::up) continue;
    text += "  " + std::string(bond.carrier ? "DEGRADED: " : "") + port.name;
    if (bond.options.is_judged_by_arp() && port.has_carrier) {
      text += silence_text(port, bond.at, wall);
    } else if (port.link == LinkState::back) {
      text += " has link again, used in " + duration_text(port.delay_left.count) + " (updelay)\n";
    } else if (port.link == LinkState::fail) {
      text += " has lost its link, given up in " + duration_text(port.delay_left.count) + " (downdelay)\n";
    } else {
      text += (port.set_up ? " has had no link " : " is set down on the host, without link ") +
              since_text(port.in_state_for, bond.at, wall) + "\n";
    }
  }
  for (const AwaitedStatus& waiting : bond.awaited) {
    text += "  DEGRADED: " + waiting.name + " is awaited: " + waiting.reason + "\n";
  }
  if (bond.options.unmonitored) text += "  UNMONITORED: a port that loses its link stays in use\n";
}

void append_addresses(std::string& text, const BondStatus& bond, std::size_t most) {
  const std::size_t shown = std::min(bond.addresses.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    const HostAddress& at = bond.addresses[i];
    text += "  address " + at.address.text();
    if (at.vlan.tagged()) append_format(text, " on VLAN %u", at.vlan.value);
    text += "\n";
  }
  const std::size_t more = bond.addresses.size() - shown;
  if (more != 0 && shown == 0) append_format(text, "  addresses: %zu\n", more);
  if (more != 0 && shown != 0) append_format(text, "  and %zu more\n", more);
}

const char* role_of(const BondStatus& bond, const PortStatus& port) {
  if (port.active) return "active";
  if (port.link != LinkState::up) return "-";
  if (port.carries) return "carries";
  return bond.lacp ? "out" : "backup";
}

/// The bits of Actor_State and Partner_State, from bit 0 on: Activity, Timeout (short), aGgregation, Synchronization,
/// Collecting, Distributing, deFaulted, Expired; "-" for a bit that is not set.
std::string state_letters(std::uint8_t state) {
  std::string letters = "ATGSCDFE";
  for (std::size_t bit = 0; bit < letters.size(); ++bit)
    if ((state >> bit & 1) == 0) letters[bit] = '-';
  return letters;
}

void append_lacp(std::string& text, const BondStatus& bond) {
  const LacpStatus& lacp = *bond.lacp;
  if (lacp.active) {
    append_format(text, "  aggregator %u: %u port%s, key %u, ", lacp.active->number, lacp.active->ports,
                  lacp.active->ports == 1 ? "" : "s", lacp.active->actor_key);
    text += lacp.active->partner_system.is_zero()
                ? std::string("no partner\n")
                : format("partner %s key %u\n", lacp.active->partner_system.text().c_str(), lacp.active->partner_key);
  } else {
    text += "  no active aggregator\n";
  }
  for (const PortStatus& port : bond.ports) {
    const LacpPortStatus* const one = lacp.find(port.id);
    if (one == nullptr) continue;
    append_format(text, "  %-15s aggregator %-3u us %s, partner %s %s\n", port.name.c_str(), one->aggregator,
                  state_letters(one->actor.state).c_str(),
                  one->has_partner ? one->partner.system.text().c_str() : "none",
                  state_letters(one->partner.state).c_str());
  }
}

void append_balance(std::string& text, const BondStatus& bond) {
  for (const PortStatus& port : bond.ports) {
    const std::size_t i = port.id.index;
    append_format(text, "  %-15s %3u of 256 buckets, %s bytes/s", port.name.c_str(), bond.balance->buckets[i],
                  count_text(bond.balance->load_bytes_per_s[i], 6).c_str());
    if (bond.options.mode == Mode::balance_alb) append_format(text, ", %u clients", bond.balance->clients[i]);
    text += "\n";
  }
}

void append_ports(std::string& text, const BondStatus& bond) {
  append_format(text, "  %-15s %-10s %-12s %-7s %5s %11s %11s\n", "PORT", "LINK", "SPEED", "ROLE", "FAILS", "RX FRAMES",
                "TX FRAMES");
  for (const PortStatus& port : bond.ports) {
    std::string speed = "-";
    if (port.link != LinkState::down && port.speed_mbps != 0) {
      const char* const duplex = port.duplex == Duplex::half ? " half" : port.duplex == Duplex::full ? " full" : "";
      speed = count_text(port.speed_mbps, 7) + duplex;
    }
    const char* const role = role_of(bond, port);
    append_format(text, "  %-15s %-10s %-12s %-7s %5s %11s %11s\n", port.name.c_str(), link_state_text(port.link),
                  speed.c_str(), role, count_text(port.failures, 5).c_str(),
                  count_text(port.counters.rx_frames, 11).c_str(), count_text(port.counters.tx_frames, 11).c_str());
  }
}

/// "eth0  link up, probes down (last answer 12 s ago)"
void append_monitors(std::string& text, const BondStatus& bond) {
  for (const PortStatus& port : bond.ports) {
    std::string line;
    for (const MonitorVerdict& verdict : port.monitors) {
      line += (line.empty() ? "" : ", ") + std::string(verdict.name) + (verdict.up ? " up" : " down");
      if (!verdict.up) line += " for " + duration_text(verdict.lasted.count);
    }
    if (!line.empty()) append_format(text, "  %-15s %s\n", port.name.c_str(), line.c_str());
  }
}

void append_losses(std::string& text, const BondStatus& bond) {
  unsigned long long refused = 0;
  unsigned long long moved = 0;
  unsigned long long suppressed = 0;
  unsigned long long not_taken = 0;
  unsigned long long lost_below = bond.host.receive_lost;
  unsigned long long looped = 0;
  for (const PortStatus& port : bond.ports) {
    refused += port.counters.tx_refused;
    moved += port.counters.tx_moved;
    suppressed += port.counters.rx_suppressed;
    not_taken += port.counters.rx_host_refused;
    lost_below += port.nic.receive_lost;
    looped += port.counters.rx_looped;
  }
  append_format(text, "  failovers %llu, announcements %llu, duplicates kept off %llu, moved %llu\n",
                static_cast<unsigned long long>(bond.failovers), static_cast<unsigned long long>(bond.announcements),
                suppressed, moved);
  append_format(text, "  lost: no port %llu, refused by port %llu, by host %llu, read too late %llu\n",
                static_cast<unsigned long long>(bond.counters.tx_no_port), refused, not_taken, lost_below);
  if (looped != 0) append_format(text, "  frames of our own that came back: %llu\n", looped);
}

std::string cut(const std::string& text, std::size_t length) {
  return text.size() > length ? text.substr(0, length - 3) + "..." : text;
}

std::string forwarding_text(const OffloadStatus& offload, std::size_t reason_max) {
  if (offload.serving) return "in the kernel (BPF, " + offload.kind + ")";
  if (offload.wanted == OffloadUse::off || offload.reason.empty()) return "in the daemon (offload is off)";
  return "in the daemon (" + cut((offload.kind.empty() ? "BPF refused: " : "") + offload.reason, reason_max) + ")";
}

std::string loops_text(const LoopStatus& loops, std::size_t reason_max) {
  const std::string share = std::to_string(loops.serving) + " of " + std::to_string(loops.wanted);
  return loops.reason.empty() ? share : share + " (" + cut(loops.reason, reason_max) + ")";
}

/// Whether the hash policy decides anything.
bool hashes(const ForwardingPlan& plan) {
  const TransmitRule& rule = plan.transmit;
  return rule.spread == Spread::hash || (rule.spread == Spread::buckets && rule.bucket_key == BucketKey::every_frame);
}

}  // namespace

/// Not by gmtime_r(), which brings the reading of time zones and all of scanf() into a
/// static program.
std::string wall_text(std::int64_t wall_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> moment{std::chrono::milliseconds(wall_ms)};
  const auto midnight = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss time(moment - midnight);
  return format("%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
}

bool is_degraded(const BondStatus& bond) {
  if (!bond.carrier || !bond.host_up || !bond.awaited.empty()) return true;
  for (const PortStatus& port : bond.ports)
    if (port.link != LinkState::up || (bond.lacp && !port.carries)) return true;
  return false;
}

std::optional<StatusFormat> parse_status_format(std::string_view name) {
  if (name == "text") return StatusFormat::text;
  if (name == "proc") return StatusFormat::proc;
  if (name == "json") return StatusFormat::json;
  if (name == "prometheus") return StatusFormat::prometheus;
  if (name == "openmetrics") return StatusFormat::openmetrics;
  if (name == "html") return StatusFormat::html;
  return std::nullopt;
}

namespace {

std::string text_with(const BondStatus& bond, const Detail& detail, const WallClock* wall) {
  std::string text = format("%s: %s, %s", bond.name.c_str(), mode_name(bond.options.mode),
                            bond.carrier && bond.host_up ? "up" : "down");
  if (has_active_port(bond.options.mode)) {
    text += bond.active.empty() ? ", no active port" : ", active port " + bond.active;
  }
  if (hashes(bond.plan)) {
    text += std::string(", hash ") +
            option_value_name("xmit_hash_policy", static_cast<std::int64_t>(bond.options.xmit_hash_policy));
  }
  text += "\n";
  append_troubles(text, bond, wall);
  std::string line = "  MAC " + bond.mac.text() + ", MTU " + std::to_string(bond.mtu);
  line += bond.options.miimon_ms != 0 ? format(", link polled each %u ms", bond.options.miimon_ms) : "";
  if (const std::uint32_t asked = bond.options.arp_interval_ms; asked != 0)
    line += format(", probes each %u ms", asked);
  if (bond.options.combines_monitors()) line += ", monitor " + monitor_rule_text(bond.options);
  if (!bond.options.primary.empty()) {
    line += ", primary " + bond.options.primary + (bond.primary.empty() ? " (not a port)" : "");
  }
  text += line + "\n";
  if (!bond.interface.empty()) text += "  interface: called " + bond.interface + " on the host\n";
  text += "  forwarding: " + forwarding_text(bond.offload, detail.reason) + "\n";
  if (const std::uint32_t window = bond.options.busy_poll_us; window != 0)
    append_format(text, "  polling: for up to %u us before it sleeps, while frames come\n", window);
  if (bond.loops.wanted > 1) text += "  loops: " + loops_text(bond.loops, detail.reason) + "\n";
  append_addresses(text, bond, detail.addresses);
  text += "\n";
  append_ports(text, bond);
  append_monitors(text, bond);
  if (bond.lacp) append_lacp(text, bond);
  if (bond.balance) append_balance(text, bond);
  text += "\n";
  append_losses(text, bond);
  return wrapped(text);
}

}  // namespace

std::string render_text(const BondStatus& bond, const WallClock* wall) {
  std::string text;
  for (const Detail& detail : details) {
    text = text_with(bond, detail, wall);
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    if (lines <= console_lines || bond.ports.size() + bond.awaited.size() > ports_of_a_console) break;
  }
  return text;
}

std::string event_cause(const Event& event) {
  if (event.cause.empty()) return {};
  return (event.text.view().ends_with('!') ? " " : "; ") + event.cause.str();
}

std::string render_event(const Event& event, const WallClock& wall) {
  std::string line = wall_text(wall.at(event.at)) + format(" %10lld ", static_cast<long long>(event.at.number));
  line += event_line(event) + event_cause(event);
  if (event.outage_ms_max >= 0) {
    append_format(line, " (traffic interrupted for at most %lld ms)", static_cast<long long>(event.outage_ms_max));
  }
  return line + "\n";
}

}  // namespace bondbox

#include "firmware/page/picture.hpp"

#include <algorithm>
#include <vector>

#include "firmware/explain.hpp"
#include "firmware/link_monitor.hpp"
#include "firmware/option_table.hpp"
#include "firmware/page/html.hpp"
#include "firmware/port_voices.hpp"
#include "firmware/text.hpp"

namespace bondbox::page {
namespace {

constexpr std::size_t events_shown = 12;

/// Not std::to_string(), which is inlined wherever it is called.
[[gnu::noinline]] std::string text_of(std::uint64_t number) {
  return format("%llu", static_cast<unsigned long long>(number));
}

/// The time of day, with the date before it unless that is today's.
std::string moment_text(std::int64_t wall_ms, std::int64_t now_ms) {
  const std::string moment = wall_text(wall_ms);
  return (moment.substr(0, 10) == wall_text(now_ms).substr(0, 10) ? "" : moment.substr(0, 10) + " ") +
         moment.substr(11, 8);
}

std::string time_element(std::int64_t wall_ms, std::int64_t now_ms) {
  return "<time datetime=\"" + wall_text(wall_ms) + "\">" + moment_text(wall_ms, now_ms) + "</time>";
}

std::string glyph(const char* kind) {
  return format("<svg class=\"glyph %s\" aria-hidden=\"true\" width=\"16\" height=\"16\"><use href=\"#g-%s\"/></svg>",
                kind, kind);
}

bool is_wrong(const BondStatus& bond, const PortStatus& port) {
  return port.link != LinkState::up || (bond.lacp && !port.carries);
}

// --- what is wrong ---------------------------------------------------------------------------------------------------

void add_sentence(Html& html, const char* kind, const std::string& who, const Explanation& told,
                  const std::string& since = {}) {
  html.add("<li class=\"%\">@<p><b>% %</b>: %", {kind, glyph(kind), who, told.verdict, told.cause});
  if (!since.empty()) html.add(" <span class=\"dim\">since @ UTC</span>", {since});
  html.add(". <span class=\"dim\">%.</span></p></li>", {told.remedy});
}

void add_troubles(Html& html, const BondStatus& bond, const WallClock& wall) {
  const Look look = look_of(bond);
  if (std::string_view(look.kind) == "ok") return;
  html.add("<ul class=\"wrong\" aria-label=\"What is wrong\">");
  const bool each_port_says = bond.carrier && bond.host_up && is_degraded(bond);
  if (!each_port_says) add_sentence(html, look.kind, bond.name, explain_bond(bond));
  for (const PortStatus& port : bond.ports) {
    if (!is_wrong(bond, port)) continue;
    const std::int64_t now = wall.at(bond.at);
    const std::string since =
        port.link == LinkState::down ? time_element(now - port.in_state_for.count, now) : std::string();
    add_sentence(html, look_of(bond, port).kind, port.name, explain_port(bond, port), since);
  }
  for (const AwaitedStatus& port : bond.awaited)
    add_sentence(html, look_of_awaited.kind, port.name, explain_awaited(bond, port));
  html.add("</ul>");
}

// --- the ports -------------------------------------------------------------------------------------------------------

std::string link_words(const PortStatus& port) {
  std::string words = link_state_text(port.link);
  if (port.link != LinkState::down && port.speed_mbps != 0) {
    words += ", " + speed_text(port.speed_mbps);
    words += port.duplex == Duplex::half ? " half duplex" : port.duplex == Duplex::full ? " full duplex" : "";
  }
  for (const MonitorVerdict& verdict : port.monitors)
    words += std::string(", ") + verdict.name + (verdict.up ? " up" : " down");
  return words;
}

/// A rate, which the script knows, the sum, and a line of the last minutes.
void add_traffic(Html& html, const char* label, const char* way, std::uint64_t bytes) {
  html.add(
      "<td data-l=\"%\"><b data-r=\"%\"></b> <span class=\"dim\" data-t=\"%\">%</span><svg class=\"spark\" "
      "data-s=\"%\" viewBox=\"0 0 60 16\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><polyline/></svg></td>",
      {label, way, way, bytes_text(bytes), way});
}

std::uint64_t lost_on(const PortStatus& port) {
  return port.counters.tx_refused + port.counters.rx_host_refused + port.counters.rx_runt + port.nic.receive_lost +
         port.nic.receive_truncated + port.nic.receive_errors;
}

void add_partner(Html& html, const LacpPortStatus* lacp) {
  html.add("<td data-l=\"LACP partner\">");
  if (lacp == nullptr || !lacp->has_partner)
    html.add("none");
  else
    html.add("<span class=\"mono\">%</span> <span class=\"dim\">port %, key %</span>",
             {lacp->partner.system.text(), text_of(lacp->partner.port), text_of(lacp->partner.key)});
  if (lacp != nullptr && lacp->aggregator != 0)
    html.add(" <span class=\"dim\">aggregator %</span>", {text_of(lacp->aggregator)});
  html.add("</td>");
}

void add_share(Html& html, const BalanceStatus& balance, PortId port, bool clients) {
  html.add("<td data-l=\"Share\">% of 256", {text_of(balance.buckets[port.index])});
  if (clients) html.add(" <span class=\"dim\">% clients</span>", {text_of(balance.clients[port.index])});
  html.add("</td>");
}

void add_drill(Html& html, const std::string& bond, const std::string& port) {
  html.add(
      "<td data-l=\"Drill\"><details id=\"d-%-%\"><summary>Drill</summary><form method=\"post\"><input type=\"hidden\" "
      "name=\"bond\" value=\"%\"><input type=\"hidden\" name=\"port\" value=\"%\"><p>Takes the link of <b>%</b> away "
      "for 2 s, measures, and gives it back.</p><button>Take it away</button></form></details></td>",
      {bond, port, bond, port, port});
}

void add_ports(Html& html, const BondStatus& bond, bool drills) {
  if (bond.ports.empty()) return;
  html.add(
      "<table><caption class=\"unseen\">Ports of %</caption><thead><tr><th>Port</th><th>Link</th><th>Out</th>"
      "<th>In</th>@<th>Failures</th><th>Lost</th>@</tr></thead><tbody>",
      {bond.name,
       bond.lacp      ? "<th>LACP partner</th>"
       : bond.balance ? "<th>Share</th>"
                      : "",
       drills ? "<th>Drill</th>" : ""});
  for (const PortStatus& port : bond.ports) {
    const Look look = look_of(bond, port);
    html.add(
        "<tr data-port=\"%\" data-tx=\"%\" data-rx=\"%\"><th scope=\"row\">@% <span class=\"dim\">%</span></th>"
        "<td data-l=\"Link\">%</td>",
        {port.name, text_of(port.counters.tx_bytes), text_of(port.counters.rx_bytes), glyph(look.kind), port.name,
         look.word, link_words(port)});
    add_traffic(html, "Out", "tx", port.counters.tx_bytes);
    add_traffic(html, "In", "rx", port.counters.rx_bytes);
    if (bond.lacp)
      add_partner(html, bond.lacp->find(port.id));
    else if (bond.balance)
      add_share(html, *bond.balance, port.id, bond.options.mode == Mode::balance_alb);
    html.add("<td data-l=\"Failures\">%</td><td data-l=\"Lost\" data-n=\"lost\">%</td>",
             {text_of(port.failures), text_of(lost_on(port))});
    if (drills) add_drill(html, bond.name, port.name);
    html.add("</tr>");
  }
  html.add("</tbody></table>");
}

// --- what else is known ----------------------------------------------------------------------------------------------

void add_fact(Html& html, const char* name, const std::string& value) {
  if (!value.empty()) html.add("<div><dt>%</dt><dd>%</dd></div>", {name, value});
}

std::string addresses_text(const BondStatus& bond) {
  constexpr std::size_t most = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(bond.addresses.size(), most); ++i) {
    text += (i == 0 ? "" : ", ") + bond.addresses[i].address.text();
    if (bond.addresses[i].vlan.tagged()) append_format(text, " on VLAN %u", bond.addresses[i].vlan.value);
  }
  if (bond.addresses.size() > most) append_format(text, " and %zu more", bond.addresses.size() - most);
  return text;
}

std::string monitor_text(const BondOptions& options) {
  if (options.unmonitored) return "by nothing";
  std::string text = options.miimon_ms != 0 ? format("link, every %u ms", options.miimon_ms) : std::string();
  if (options.combines_monitors()) text += ", together with others: " + monitor_rule_text(options);
  if (options.arp_interval_ms == 0) return text;
  append_format(text, "%sa question every %u ms to ", text.empty() ? "" : "; ", options.arp_interval_ms);
  const char* separator = "";
  for (const auto* targets : {&options.arp_ip_targets, &options.ns_ip6_targets}) {
    for (const IpAddress& target : *targets) {
      text += separator + target.text();
      separator = ", ";
    }
  }
  return text;
}

std::string forwarding_text(const OffloadStatus& offload) {
  if (offload.serving) return "by the kernel (BPF, " + offload.kind + ")";
  return "by the daemon" + (offload.reason.empty() ? std::string() : ": " + offload.reason);
}

std::string partner_text(const BondStatus& bond) {
  if (!bond.lacp) return {};
  if (!bond.lacp->active) return "no active aggregator";
  const LacpAggregatorStatus& active = *bond.lacp->active;
  return (active.partner_system.is_zero() ? std::string("none") : active.partner_system.text()) +
         format(", aggregator %u of %u port%s", active.number, active.ports, active.ports == 1 ? "" : "s");
}

void add_facts(Html& html, const BondStatus& bond) {
  html.add("<dl>");
  add_fact(html, "Address", addresses_text(bond));
  add_fact(html, "Called", bond.interface);
  add_fact(html, "LACP partner", partner_text(bond));
  add_fact(html, "Primary", bond.options.primary);
  add_fact(html, "Frames carried", forwarding_text(bond.offload));
  add_fact(html, "Watched", monitor_text(bond.options));
  add_fact(html, "MAC", bond.mac.text());
  add_fact(html, "MTU", text_of(bond.mtu));
  add_fact(html, "Failovers", text_of(bond.failovers));
  if (bond.counters.tx_no_port != 0) add_fact(html, "Lost for want of a port", text_of(bond.counters.tx_no_port));
  html.add("</dl>");
}

/// Newest first.
std::vector<Event> events_of(const std::string& bond, const EventLog* events) {
  std::vector<Event> list;
  if (events == nullptr) return list;
  events->for_each_after(0, [&](const Event& event) {
    if (event.bond == bond) list.push_back(event);
  });
  std::reverse(list.begin(), list.end());
  if (list.size() > events_shown) list.resize(events_shown);
  return list;
}

void add_events(Html& html, const std::vector<Event>& events, const BondStatus& bond, const WallClock& wall) {
  if (events.empty()) return;
  html.add("<h3>What happened</h3><ol class=\"timeline\">");
  for (const Event& event : events) {
    html.add("<li class=\"%\">@<p>", {event_kind_name(event.kind), time_element(wall.at(event.at), wall.at(bond.at))});
    if (!event.port.empty()) html.add("<b>%</b> ", {event.port.view()});
    html.add("%", {event.text.view()});
    if (!event.cause.empty()) html.add("<span class=\"dim\">%</span>", {event_cause(event)});
    if (event.outage_ms_max >= 0)
      html.add(" <em>interrupted for at most % ms</em>", {text_of(static_cast<std::uint64_t>(event.outage_ms_max))});
    html.add("</p></li>");
  }
  html.add("</ol>");
}

/// All that has been drawn and is no counter: page.js makes the same of the JSON, and asks for a new picture when the
/// two differ.
std::string key_of(const BondStatus& bond, const std::vector<Event>& events) {
  std::string key =
      format("%d %d %d %zu %zu %llu", bond.carrier, bond.host_up, bond.offload.serving, bond.awaited.size(),
             bond.addresses.size(), static_cast<unsigned long long>(events.empty() ? 0 : events.front().sequence));
  for (const PortStatus& port : bond.ports) {
    append_format(key, "|%s %s %d %d %u %u", port.name.c_str(), link_state_name(port.link), port.active, port.carries,
                  port.speed_mbps, port.failures);
  }
  return key;
}

void add_bond(Html& html, const BondStatus& bond, const WallClock& wall, const EventLog* log, bool drills) {
  const std::vector<Event> events = events_of(bond.name, log);
  const Look look = look_of(bond);
  html.add(
      "<article data-bond=\"%\" data-tick=\"%\" data-key=\"%\"><header><h2>%</h2><p>%%</p><strong "
      "class=\"%\">@%</strong></header>",
      {bond.name, text_of(static_cast<std::uint64_t>(bond.at.number)), key_of(bond, events), bond.name,
       mode_name(bond.options.mode), bond.active.empty() ? std::string() : ", " + bond.active + " is active", look.kind,
       glyph(look.kind), look.word});
  add_troubles(html, bond, wall);
  html.add("@", {draw_wiring(bond)});
  add_ports(html, bond, drills);
  add_facts(html, bond);
  add_events(html, events, bond, wall);
  html.add("</article>");
}

/// The whole in a sentence.
std::string headline(const std::vector<const BondStatus*>& bonds, std::size_t wrong) {
  if (bonds.empty()) return "There are no bonds";
  if (bonds.size() == 1 || wrong == 1) return bonds[0]->name + " " + explain_bond(*bonds[0]).verdict;
  if (wrong == 0) return format("All %zu bonds work", bonds.size());
  return format("%zu of %zu bonds need you", wrong, bonds.size());
}

}  // namespace

Look look_of(const BondStatus& bond) {
  if (!bond.carrier || !bond.host_up) return {"bad", "down"};
  if (bond.options.unmonitored) return {"warn", "not monitored"};
  return is_degraded(bond) ? Look{"warn", "degraded"} : Look{"ok", "works"};
}

Look look_of(const BondStatus& bond, const PortStatus& port) {
  if (port.away != Away::no) return {"warn", "in a drill"};
  if (port.link == LinkState::down && port.damping.damped) return {"warn", "flaps"};
  const bool by_arp = bond.options.is_judged_by_arp() && port.has_carrier;
  if (by_arp && port.link != LinkState::up) return {"bad", "no answer"};
  if (port.link != LinkState::back && !kept_out_text(port).empty()) return {"warn", "voted down"};
  switch (port.link) {
    case LinkState::down:
      return {"bad", "no link"};
    case LinkState::fail:
      return {"warn", "going down"};
    case LinkState::back:
      return {"warn", "coming back"};
    case LinkState::up:
      break;
  }
  if (port.active) return {"ok", "active"};
  if (port.carries) return {"ok", "carries"};
  return bond.lacp ? Look{"warn", "left out"} : Look{"idle", "stands by"};
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr const char* units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  std::size_t unit = 0;
  std::uint64_t tenths = 0;
  for (; bytes >= 1000; bytes /= 1000, ++unit) tenths = bytes % 1000 / 100;
  return unit != 0 && bytes < 10
             ? format("%u.%u %s", static_cast<unsigned>(bytes), static_cast<unsigned>(tenths), units[unit])
             : format("%u %s", static_cast<unsigned>(bytes), units[unit]);
}

std::string render_main(std::span<const BondStatus> bonds, const WallClock& wall, const EventLog* events, bool drills) {
  std::vector<const BondStatus*> ordered;
  std::size_t wrong = 0;
  for (const bool wanted : {false, true}) {
    for (const BondStatus& bond : bonds)
      if ((std::string_view(look_of(bond).kind) == "ok") == wanted) ordered.push_back(&bond);
    if (!wanted) wrong = ordered.size();
  }
  const std::int64_t now = bonds.empty() ? wall.tick_zero_ms : wall.at(bonds.back().at);
  Html html;
  html.add("<main data-drills=\"%\"><header class=\"top\"><h1>@%</h1><p class=\"dim\">as of @ UTC</p></header>",
           {drills ? "1" : "0", ordered.empty() ? std::string() : glyph(look_of(*ordered[0]).kind),
            headline(ordered, wrong), time_element(now, now)});
  for (const BondStatus* const bond : ordered) add_bond(html, *bond, wall, events, drills);
  return html.add("</main>\n").take();
}

}  // namespace bondbox::page

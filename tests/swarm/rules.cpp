#include "tests/swarm/rules.hpp"

#include <algorithm>
#include <set>

#include "firmware/render.hpp"
#include "policies/modes.hpp"

namespace bondbox::swarm {
namespace {

constexpr std::int64_t machine_tick_ms = 100;
/// wait-while, begun anew once for a port that joins, and some of the machines' ticks
constexpr std::int64_t attach_ms = 5'000;
/// Texts are compared when the plan has changed, and now and then.
constexpr std::uint64_t steps_between_texts = 64;

const PortStatus* find_port(const BondStatus& status, const std::string& name) {
  for (const PortStatus& port : status.ports)
    if (port.name == name) return &port;
  return nullptr;
}

bool any_up(const BondStatus& status) {
  return std::any_of(status.ports.begin(), status.ports.end(),
                     [](const PortStatus& port) { return port.link == LinkState::up; });
}

/// Whether data may leave on the port, by what link monitor and machines say of it.
/// `nobody_agreed`: no port is agreed on with a partner, for the time being. One that carried alone goes on until the
/// machines have attached it to the partner that has appeared, as with the kernel driver.
bool may_carry(const BondStatus& status, const PortStatus& port, const StepNotes& notes, bool nobody_agreed) {
  // A port that is going down and takes a frame has its link again; its poll is still to come.
  const bool stands_in = port.active && (port.link == LinkState::fail || !any_up(status));
  if (port.link != LinkState::up && !stands_in) return false;
  if (status.options.mode == Mode::lacp_8023ad) {
    const LacpPortStatus* const lacp = status.lacp ? status.lacp->find(port.id) : nullptr;
    if (lacp == nullptr || !lacp->in_active_aggregator) return false;
    return nobody_agreed || lacp->mux == LacpMuxState::collecting_distributing ||
           lacp->mux == LacpMuxState::distributing;
  }
  if (status.options.mode != Mode::active_backup || port.active || port.options.queue_id != 0) return true;
  // Another port than the active one: only when that one is going down, or has refused a frame.
  const PortStatus* const active = find_port(status, status.active);
  // What stands behind a refused frame, numbered or not, goes on with it.
  const bool refused = notes.refused_by.contains(status.active);
  return refused || active == nullptr || active->link == LinkState::fail;
}

bool nobody_is_agreed(const BondStatus& status) {
  return std::none_of(status.ports.begin(), status.ports.end(), [&status](const PortStatus& port) {
    const LacpPortStatus* const lacp = status.lacp->find(port.id);
    return lacp != nullptr && port.link == LinkState::up &&
           (lacp->mux == LacpMuxState::collecting_distributing || lacp->mux == LacpMuxState::distributing);
  });
}

std::uint64_t lost_to_ports(const BondStatus& status) {
  std::uint64_t sum = status.counters.tx_no_port + status.counters.tx_runt;
  for (const PortStatus& port : status.ports) sum += port.counters.tx_refused;
  return sum;
}

std::uint64_t given_to_host(const PortStatus& port) {
  const PortCounters& counters = port.counters;
  return counters.rx_frames - counters.rx_suppressed - counters.rx_punted - counters.rx_runt - counters.rx_host_refused;
}

}  // namespace

Rules::Rules(EventLog& events, FaultyHardware& hardware) : events_(events), hardware_(hardware) {
  events_.set_listener([this](const Event& event) {
    told_.push_back({event.bond.str(), event.port.str(), std::string(event.text.view())});
    if (also_told) also_told(event);
  });
}

Rules::~Rules() {
  events_.set_listener({});
}

void Rules::fail(Tick at, std::string rule, std::string text) {
  if (!violation_) violation_ = Violation{at.number, std::move(rule), std::move(text)};
}

void Rules::note_stall(Ticks span) {
  stalled_ = stalled_ + span;
}

void Rules::check(const BondStatus& real, bool host_carrier, const SchedulerStatus& scheduler) {
  std::optional<BondStatus> tampered;
  if (tamper_status) {
    tampered = real;
    tamper_status(*tampered);
  }
  const BondStatus& now = tampered ? *tampered : real;
  Seen& seen = seen_[now.name];
  const StepNotes& notes = notes_[now.name];
  const bool nobody_agreed = now.lacp && nobody_is_agreed(now);
  const bool is_alone = now.lacp && (!now.lacp->active || now.lacp->active->partner_system.is_zero());
  // The machines stand still while bond0 is down.
  if (!nobody_agreed || is_alone || !now.host_up) seen.agreed_at = now.at;
  const auto is_recent = [&](Tick then) { return (now.at - then).count <= attach_ms + stalled_.count; };
  if (nobody_agreed && is_recent(seen.agreed_at)) seen.alone_at = now.at;
  const bool for_the_moment = is_recent(seen.alone_at);
  check_paths(now, seen.status ? &*seen.status : nullptr, notes, for_the_moment);
  check_active(now);
  check_addresses(now);
  if (now.lacp) check_partner(now, seen);
  check_nic_counters(now);
  std::map<std::string, std::uint64_t> lives;
  for (const PortStatus& port : now.ports) lives[port.name] = hardware_.life(port.name).number;
  const bool none_left = std::all_of(seen.lives.begin(), seen.lives.end(), [&](const auto& life) {
    const auto place = lives.find(life.first);
    return place != lives.end() && place->second == life.second;
  });
  if (seen.status && none_left) {
    check_sums(now, *seen.status, notes);
    check_failures(now, *seen.status, notes);
  }
  check_plan(now);
  if (now.carrier != host_carrier && now.host_refused == 0)
    fail(now.at, "carrier", "the host sees " + std::string(host_carrier ? "a" : "no") + " cable, the status another");
  if (scheduler.overruns != 0 && stalled_.count == 0)
    fail(now.at, "overrun", "a step was late although the clock never stood");
  if (seen.texts_generation != now.plan_generation || seen.steps % steps_between_texts == 0 || tamper_texts)
    check_texts(now, scheduler);
  seen.texts_generation = now.plan_generation;
  ++seen.steps;
  seen.lives = std::move(lives);
  seen.status = now;
  notes_[now.name] = {};
  std::erase_if(told_, [&](const Told& told) { return told.bond == now.name; });
}

void Rules::check_paths(const BondStatus& now, const BondStatus* before, const StepNotes& notes, bool nobody_agreed) {
  for (const StepNotes::Sent& sent : notes.sent) {
    if (sent.error != 0) continue;
    const PortStatus* const port = find_port(now, sent.card);
    bool allowed = port != nullptr && may_carry(now, *port, notes, nobody_agreed);
    if (!allowed && notes.looked_amid_frames && before != nullptr) {
      const PortStatus* const earlier = find_port(*before, sent.card);
      allowed = earlier != nullptr && (earlier->link == LinkState::up || earlier->active);
    }
    if (!allowed)
      fail(now.at, "unusable port",
           now.name + " sent frame " + std::to_string(sent.number) + " on " + sent.card + ", which carries nothing");
  }
}

void Rules::check_active(const BondStatus& now) {
  const Mode mode = now.options.mode;
  const auto active =
      std::count_if(now.ports.begin(), now.ports.end(), [](const PortStatus& port) { return port.active; });
  if (active > 1) fail(now.at, "two active", now.name + " has " + std::to_string(active) + " active ports");
  if (has_active_port(mode) && !now.active.empty() && active == 0)
    fail(now.at, "two active", now.name + " calls " + now.active + " active, which is no port");
  if (mode == Mode::active_backup && !now.options.all_slaves_active) {
    std::size_t delivering = 0;
    bool going_down = false;
    for (const PortStatus& port : now.ports) {
      if (now.plan.ports[port.id.index].deliver != deliver_nothing) ++delivering;
      going_down = going_down || (port.active && port.link == LinkState::fail);
    }
    if (delivering > (going_down ? 2U : 1U))
      fail(now.at, "two active", now.name + ": " + std::to_string(delivering) + " ports deliver");
  }
  if (!now.lacp) return;
  std::set<std::uint16_t> aggregators;
  for (const LacpPortStatus& port : now.lacp->ports)
    if (port.in_active_aggregator) aggregators.insert(port.aggregator);
  if (aggregators.size() > 1) fail(now.at, "two active", now.name + " has two active aggregators");
}

/// Where ports have addresses of their own, a switch that sees one on two cables moves it to and fro.
void Rules::check_addresses(const BondStatus& now) {
  const bool follow = now.options.mode == Mode::active_backup && now.options.fail_over_mac == FailOverMac::follow;
  if (!has_distinct_port_macs(now.options.mode) && !follow) return;
  if (now.at <= stolen_until_) return;
  std::map<MacAddress, std::string> holders;
  for (const PortStatus& port : now.ports) {
    const auto [place, fresh] = holders.emplace(port.mac, port.name);
    if (!fresh)
      fail(now.at, "one address twice",
           now.name + ": " + place->second + " and " + port.name + " have " + port.mac.text());
  }
}

void Rules::check_partner(const BondStatus& now, Seen& seen) {
  const LacpStatus& lacp = *now.lacp;
  for (const PortStatus& port : now.ports) {
    const LacpPortStatus* const one = lacp.find(port.id);
    if (one == nullptr || !now.host_up || port.link != LinkState::up) continue;
    // Observed kernel behaviour: a port whose aggregator is not the active one any more may still say that it collects.
    const bool says_so = (one->actor.state & (lacp_state::collecting | lacp_state::distributing)) != 0;
    const bool delivers = now.plan.ports[port.id.index].deliver != deliver_nothing && !now.options.all_slaves_active;
    const bool collects = says_so && delivers;
    const bool strange =
        collects && (!one->in_active_aggregator || !lacp.active || one->partner.system != lacp.active->partner_system ||
                     one->partner.key != lacp.active->partner_key);
    if (!strange) {
      seen.stranger_since.erase(port.name);
      continue;
    }
    // What the partner says is written down at once and acted upon with the machines' next tick.
    const Tick since = seen.stranger_since.emplace(port.name, now.at).first->second;
    // Without coupled control the way out is one state longer.
    const std::int64_t ticks = now.options.coupled_control ? 1 : 2;
    if ((now.at - since).count > ticks * machine_tick_ms + stalled_.count)
      fail(now.at, "strange partner",
           now.name + ": " + port.name + " collects from a partner that is not the active aggregator's");
  }
}

void Rules::check_nic_counters(const BondStatus& now) {
  for (const PortStatus& port : now.ports) {
    const NicLife& life = hardware_.life(port.name);
    const PortCounters& told = port.counters;
    if (told.rx_frames == life.rx_frames && told.rx_bytes == life.rx_bytes && told.tx_frames == life.tx_frames &&
        told.tx_bytes == life.tx_bytes)
      continue;
    fail(now.at, "counters",
         now.name + ": " + port.name + " counts " + std::to_string(told.rx_frames) + " in and " +
             std::to_string(told.tx_frames) + " out, its NIC saw " + std::to_string(life.rx_frames) + " and " +
             std::to_string(life.tx_frames));
  }
}

void Rules::check_sums(const BondStatus& now, const BondStatus& before, const StepNotes& notes) {
  std::uint64_t delivered = 0;
  for (const PortStatus& port : now.ports) {
    const PortStatus* const earlier = find_port(before, port.name);
    delivered += given_to_host(port) - (earlier != nullptr ? given_to_host(*earlier) : 0);
  }
  if (delivered != notes.host_took)
    fail(now.at, "counters",
         now.name + ": by the ports' counters the host got " + std::to_string(delivered) + " frames, it got " +
             std::to_string(notes.host_took));

  const bool copies = now.options.mode == Mode::broadcast;
  std::map<std::uint32_t, std::size_t> left;
  for (const std::uint32_t number : notes.from_host) left[number] = 0;
  for (const StepNotes::Sent& sent : notes.sent) {
    if (sent.error == 0 && left.contains(sent.number)) ++left[sent.number];
  }
  std::uint64_t missing = 0;
  for (const auto& [number, times] : left) {
    if (times == 0) ++missing;
    if (times > 1 && !copies)
      fail(now.at, "counters",
           now.name + " sent frame " + std::to_string(number) + " " + std::to_string(times) + " times");
  }
  const std::uint64_t lost = lost_to_ports(now) - lost_to_ports(before);
  if (missing > lost)
    fail(now.at, "counters",
         now.name + ": " + std::to_string(missing) + " frames of the host have gone, " + std::to_string(lost) +
             " are counted");
  const bool spoke = now.announcements != before.announcements;
  // ARP and neighbour discovery, which have no numbers, may have left on every port.
  const std::size_t copies_of_others = now.options.broadcast_neighbor ? std::max<std::size_t>(now.ports.size(), 1) : 1;
  const std::uint64_t others = notes.others_from_host * copies_of_others;
  if (!copies && !spoke && lost > missing + others + notes.others_refused)
    fail(now.at, "counters",
         now.name + ": " + std::to_string(lost) + " frames are counted as lost, of which only " +
             std::to_string(missing) + " are the host's");
}

void Rules::check_failures(const BondStatus& now, const BondStatus& before, const StepNotes& notes) {
  const auto events_of = [&](const std::string& port, std::string_view part) {
    return static_cast<std::uint64_t>(std::count_if(told_.begin(), told_.end(), [&](const Told& told) {
      return told.bond == now.name && (port.empty() || told.port == port) && told.text.find(part) != std::string::npos;
    }));
  };
  for (const PortStatus& port : now.ports) {
    const PortStatus* const earlier = find_port(before, port.name);
    const std::uint32_t more = port.failures - (earlier != nullptr ? earlier->failures : 0);
    if (more == 0) continue;
    const std::uint64_t told = events_of(port.name, "definitely down") + events_of(port.name, "is now down");
    if (told < more)
      fail(now.at, "unexplained failure",
           now.name + ": " + port.name + " counts " + std::to_string(more) + " more failures, and no event tells why");
    if (now.options.combines_monitors()) continue;  // a target may be late with its own updelay
    const bool saw_none = now.options.miimon_ms != 0 && !hardware_.life(port.name).link_was_read_down;
    if (!last_fault_ || saw_none)
      fail(now.at, "unexplained failure", now.name + ": " + port.name + " failed, and nothing has happened to it");
  }
  if (now.failovers - before.failovers > events_of("", "making interface the new active one"))
    fail(now.at, "unexplained failure", now.name + " counts a failover that no event tells of");
  std::uint64_t refused = 0;
  std::uint64_t host_refused = 0;
  for (const PortStatus& port : now.ports) {
    const PortStatus* const earlier = find_port(before, port.name);
    refused += port.counters.tx_refused - (earlier != nullptr ? earlier->counters.tx_refused : 0);
    host_refused += port.counters.rx_host_refused - (earlier != nullptr ? earlier->counters.rx_host_refused : 0);
  }
  // A refusal for want of a link ends the list: what stands behind it may be lost without having been tried.
  if (refused != 0 && notes.refused == 0)
    fail(now.at, "unexplained failure", now.name + " counts refused frames that no NIC has refused");
  if (host_refused != 0 && notes.host_refused == 0)
    fail(now.at, "unexplained failure", now.name + " counts frames that the host has not refused");
}

void Rules::check_plan(const BondStatus& now) {
  const TransmitRule& rule = now.plan.transmit;
  const auto wrong = [&](const std::string& text) { fail(now.at, "plan", now.name + ": " + text); };
  for (const PortList* list : {&rule.usable, &rule.fallback}) {
    for (const PortId id : *list) {
      const auto port =
          std::find_if(now.ports.begin(), now.ports.end(), [id](const PortStatus& one) { return one.id == id; });
      if (port == now.ports.end()) {
        wrong("the plan sends on slot " + std::to_string(id.index) + ", where there is no port");
      } else if (port->link == LinkState::down) {
        wrong("the plan sends on " + port->name + ", which is down");
      }
    }
  }
  if ((rule.spread == Spread::nothing) != rule.usable.empty())
    wrong("it spreads over no port, or has ports and spreads nothing");
  if (rule.spread == Spread::single && rule.usable.size() != 1) wrong("more than the one port for everything");
  for (const PortStatus& port : now.ports) {
    const bool usable = std::find(rule.usable.begin(), rule.usable.end(), port.id) != rule.usable.end();
    if (usable != port.carries) wrong(port.name + " is said to carry, or not to, against the plan");
    // Explanations take it for granted.
    const bool stands_by = now.options.mode == Mode::active_backup && !now.active.empty();
    if (port.link == LinkState::up && !usable && !stands_by && now.options.mode != Mode::lacp_8023ad)
      wrong(port.name + " is up, and nobody knows why it is not used");
  }
  if (now.plan.generation != now.plan_generation || now.plan.carrier != now.carrier)
    wrong("the status is not the plan's");
}

void Rules::check_texts(const BondStatus& now, const SchedulerStatus& scheduler) {
  std::string json = render_json(std::span(&now, 1), scheduler, WallClock{});
  std::string proc = render_proc(now);
  std::string text = render_text(now);
  if (tamper_texts) tamper_texts(json, proc, text);
  const std::string wrong = disagreement(now, json, proc, text);
  if (!wrong.empty()) fail(now.at, "status", now.name + ": " + wrong);
}

}  // namespace bondbox::swarm

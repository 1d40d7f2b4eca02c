// What may happen in a story, and how all of it is put right again.
//
//   link CARD up|down            its own end of the cable
//   silent CARD on|off           light, and no frames
//   mute CARD on|off             light, and no frames out of it: one-way
//   card CARD out|in             the interface vanishes and returns
//   noise CARD L D R G F         thousandths lost, doubled, late, garbled, refused with ENOBUFS
//   refuse CARD N                the next N frames: ENOBUFS
//   speed CARD MBPS full|half
//   mac CARD MAC, mtu CARD N     by somebody else
//   set BOND OPTION [VALUE]      as a person would; change: with bond0 down where the option asks for it
//   enslave BOND PORT, release BOND PORT, activate BOND PORT
//   drill BOND PORT MS down|pretend   the port is taken away for so long
//   host BOND up|down, hostmac BOND MAC, hostmtu BOND N, promisc BOND on|off, queueing BOND on|off
//   groups BOND N                its host is in N multicast groups, rename BOND NAME: somebody calls bond0 so
//   move STATION N               to its N-th card
//   deaf STATION on|off          it answers nobody
//   stall MS                     nothing runs for so long
//   takeover MS                  the program hands all that it knows to another, which carries on after so long
//   kill MS                      the program is killed, and another goes on from what it knew; after 0 ms: takes its
//   place
#include <algorithm>
#include <cerrno>

#include "tests/swarm/play.hpp"

namespace bondbox::swarm {
namespace {

/// Links are looked at within this time, and a stolen address found.
constexpr Ticks look_span = ticks_from_ms(1'200);

bool is_on(const std::string& word) {
  return word == "on" || word == "up" || word == "in";
}

Duplex duplex_of(const std::string& word) {
  return word == "half" ? Duplex::half : Duplex::full;
}

}  // namespace

void Play::perform(const Words& words) {
  if (words.size() < 2) return;
  ++result_.tally.faults[words[0]];
  rules_.note_fault(clock_.now());
  if (settings_.timeline) result_.timeline += std::to_string(clock_.now().number) + " > " + joined(words) + "\n";
  if (words[0] == "stall") {
    const Ticks span = ticks_from_ms(std::max<std::int64_t>(1, number_of(words[1])));
    rules_.note_stall(span);
    clock_.advance(span);
  } else if (words[0] == "kill") {
    kill(ticks_from_ms(std::max<std::int64_t>(0, number_of(words[1]))));
  } else if (words[0] == "takeover") {
    take_over(ticks_from_ms(std::max<std::int64_t>(0, number_of(words[1]))));
  } else if (!perform_on_card(words) && !perform_on_host(words)) {
    (void)perform_on_bond(words);
  }
  settle();
}

bool Play::perform_on_card(const Words& words) {
  const std::string& verb = words[0];
  const std::string& card = words[1];
  if (words.size() < 3) return false;
  const std::string& value = words[2];
  if (verb == "link") {
    (void)world_.set_link(card, is_on(value));
  } else if (verb == "silent") {
    (void)world_.set_silent(card, is_on(value));
  } else if (verb == "mute") {
    (void)world_.set_mute(card, is_on(value));
  } else if (verb == "card") {
    // Until it is found to have gone, a card that is not there refuses to change its address.
    rules_.note_stolen_mac(clock_.now() + look_span);
    (void)(is_on(value) ? world_.restore_nic(card) : world_.remove_nic(card));
  } else if (verb == "noise" && words.size() >= 7) {
    std::uint32_t share[5] = {};
    for (std::size_t i = 0; i < 5; ++i) share[i] = static_cast<std::uint32_t>(number_of(words[2 + i]));
    hardware_.set_noise(card, {share[0], share[1], share[2], share[3], share[4]});
  } else if (verb == "refuse") {
    (void)world_.refuse_transmits(card, static_cast<std::size_t>(number_of(value)), ENOBUFS);
  } else if (verb == "speed" && words.size() >= 4) {
    (void)world_.set_speed(card, static_cast<std::uint32_t>(number_of(value)), duplex_of(words[3]));
  } else if (verb == "mac") {
    rules_.note_stolen_mac(clock_.now() + look_span);
    (void)world_.set_mac(card, MacAddress::parse(value).value_or(MacAddress{{2, 0, 0, 0, 0, 1}}));
  } else if (verb == "mtu") {
    (void)world_.set_mtu(card, static_cast<std::uint32_t>(number_of(value)));
  } else {
    return false;
  }
  return true;
}

bool Play::perform_on_host(const Words& words) {
  const std::string& verb = words[0];
  if (words.size() < 3) return false;
  const std::string& value = words[2];
  const auto index = host_index(words[1]);
  if (!index) return false;
  Host& host = *hosts_[*index];
  if (verb == "move") {
    const auto card = static_cast<std::size_t>(number_of(value));
    if (!host.is_bond && card < host.cards.size()) move(host, card);
    return true;
  }
  if (verb == "deaf") {
    host.stack.answers = !is_on(value);
    return true;
  }
  sim::SimHostPort* const port = host.is_bond ? world_.host_port(host.name) : nullptr;
  if (port == nullptr) return false;
  if (verb == "host") {
    (void)port->set_up(is_on(value));
  } else if (verb == "hostmac") {
    rules_.note_stolen_mac(clock_.now() + look_span);
    (void)port->set_mac(MacAddress::parse(value).value_or(MacAddress{{2, 0, 0, 0, 0, 2}}));
  } else if (verb == "hostmtu") {
    (void)port->set_mtu(static_cast<std::uint32_t>(number_of(value)));
  } else if (verb == "promisc") {
    port->host_set_promiscuous(is_on(value));
  } else if (verb == "queueing") {
    port->host_set_queueing(is_on(value));
  } else if (verb == "rename") {
    port->host_rename(value);
  } else if (verb == "groups") {
    std::vector<HostGroup> groups;
    for (std::int64_t i = 0; i < number_of(value); ++i)
      groups.push_back({IpAddress{IpAddress::Family::v4, {239, 1, 1, static_cast<std::uint8_t>(i + 1)}},
                        {},
                        host.stack.v4,
                        port->mac(),
                        3});
    port->set_groups(groups);
  } else {
    return false;
  }
  return true;
}

bool Play::perform_on_bond(const Words& words) {
  const std::string& verb = words[0];
  const std::string& bond = words[1];
  const std::string value = words.size() > 2 ? words[2] : std::string();
  const std::string rest = joined(words, 3);
  if (scheduler_->find(bond) == nullptr) return false;
  if (verb == "set") {
    command(bond, [&](Bond& target) { return target.write(value, rest); });
  } else if (verb == "change") {
    Change change;
    change.bond = bond;
    change.name = value;
    change.to = rest;
    command(bond, [&](Bond& target) { return target.change(change); });
  } else if (verb == "enslave") {
    owners_[value] = bond;
    command(bond, [&](Bond& target) { return target.enslave(value); });
  } else if (verb == "release") {
    command(bond, [&](Bond& target) { return target.release(value); });
  } else if (verb == "drill" && words.size() >= 5) {
    const Away how = words[4] == "down" ? Away::down : Away::pretend;
    const Ticks span = ticks_from_ms(std::max<std::int64_t>(1, number_of(words[3])));
    command(bond, [&](Bond& target) { return target.take_away(value, how, span); });
  } else if (verb == "activate") {
    command(bond, [&](Bond& target) { return target.write("active_slave", value); });
  } else {
    return false;
  }
  return true;
}

/// In a step of its own. What is refused says why and changes nothing of the configuration.
void Play::command(const std::string& bond, const std::function<Outcome(Bond&)>& change) {
  ++result_.tally.commands;
  const Scheduler::Command what = [&](Tick now) {
    Bond& target = *scheduler_->find(bond);
    std::string before;
    for (const OptionInfo& option : all_options()) {
      const auto read = read_option(target, option.name);
      if (option.kind != OptionKind::read_only && read.ok()) before += std::string(option.name) + read.value() + "\n";
    }
    const Outcome outcome = change(target);
    if (outcome.ok()) return;
    ++result_.tally.refused_commands;
    if (settings_.sabotage.half_refuse) target.options().num_peer_notif ^= 1;
    if (settings_.timeline) result_.timeline += std::to_string(now.number) + " refused: " + outcome.reason + "\n";
    if (outcome.reason.empty()) rules_.fail(now, "refusal", "a command is refused without a reason");
    std::string after;
    for (const OptionInfo& option : all_options()) {
      const auto read = read_option(target, option.name);
      if (option.kind != OptionKind::read_only && read.ok()) after += std::string(option.name) + read.value() + "\n";
    }
    if (after != before) rules_.fail(now, "refusal", "a refused command has changed the bond: " + outcome.reason);
  };
  step(&what);
}

void Play::kill(Ticks gap) {
  struct Kept {
    BondConfig config;
    std::vector<std::uint8_t> bytes;
  };
  std::vector<Kept> kept;
  for (const auto& bond : scheduler_->bonds()) {
    kept.push_back({bond->running_config(), {}});
    bond->save(kept.back().bytes, clock_.now());
    for (std::size_t i = 0; i < bond->port_count(); ++i) (void)world_.abandon(bond->port_name(i));
    (void)world_.abandon(bond->name());
  }
  bonds_end_ = true;
  for (const Kept& one : kept) scheduler_->remove_bond(one.config.name);
  bonds_end_ = false;
  // What a drill has set down is set up by whoever is started next, from the journal of claimed ports.
  for (const auto& [card, words] : card_words_) (void)world_.set_up(card, true);
  const Tick then = clock_.now();
  if (gap.count != 0) rules_.note_stall(gap);
  clock_.advance(gap);
  hardware_.goes_on = true;
  for (const Kept& one : kept) {
    const BondMemory memory{one.bytes, then, {}};
    const Outcome outcome = scheduler_->add_bond(one.config, &memory);
    if (!outcome.ok()) rules_.fail(clock_.now(), "restart", one.config.name + " does not go on: " + outcome.reason);
  }
  hardware_.goes_on = false;
}

/// With its addresses, to another socket of the switch.
void Play::move(Host& host, std::size_t card) {
  host.card = card;
  for (std::size_t i = 0; i < host.cards.size(); ++i) (void)world_.set_link(host.cards[i], i == card);
  (void)world_.take_received(host.cards[card]);
  host.stack.announce();
}

void Play::heal() {
  hardware_.calm();
  for (const auto& [card, words] : card_words_) {
    (void)world_.restore_nic(card);
    (void)world_.set_silent(card, false);
    (void)world_.set_mute(card, false);
    (void)world_.refuse_transmits(card, 0, 0);
    (void)world_.set_speed(card, static_cast<std::uint32_t>(number_of(words[2])), Duplex::full);
    (void)world_.set_link(card, true);
  }
  for (const auto& host : hosts_) {
    host->stack.answers = true;
    if (!host->is_bond) move(*host, host->card);
    if (sim::SimHostPort* const port = world_.host_port(host->name)) (void)port->set_up(true);
  }
  for (const auto& bond : scheduler_->bonds()) bond->give_back("all is calm");
  settle();
  for (const auto& [bond, ports] : ports_of_) {
    for (const std::string& port : ports) {
      const BondStatus status = scheduler_->find(bond)->status(clock_.now());
      const bool known = std::any_of(status.ports.begin(), status.ports.end(),
                                     [&](const PortStatus& one) { return one.name == port; }) ||
                         std::any_of(status.awaited.begin(), status.awaited.end(),
                                     [&](const AwaitedStatus& one) { return one.name == port; });
      if (!known) command(bond, [&](Bond& target) { return target.enslave(port); });
    }
  }
}

}  // namespace bondbox::swarm

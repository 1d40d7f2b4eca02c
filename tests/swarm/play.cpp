#include "tests/swarm/play.hpp"

#include <algorithm>

#include "firmware/config/module_words.hpp"

namespace bondbox::swarm {
namespace {

/// More steps than this at one tick is a storm, not work.
constexpr int steps_max = 1'000;
/// For so long after the bound every frame has to arrive.
constexpr Ticks judged_span = ticks_from_ms(2'000);
constexpr Ticks question_interval = ticks_from_ms(1'000);
/// How long a frame that was sent at the very end may take.
constexpr Ticks last_frames = ticks_from_ms(50);
constexpr std::uint64_t steps_between_checkpoints = 1'000;
constexpr std::uint64_t commands_between_checkpoints = 4;

wire::Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// fd10:: and the last number of the IPv4 address.
IpAddress ipv6_beside(const IpAddress& v4) {
  IpAddress v6{IpAddress::Family::v6, {0xfd, 0x10}};
  v6.octets[15] = v4.octets[3];
  return v6;
}

}  // namespace

void Play::digest(wire::Bytes bytes) {
  for (const std::uint8_t byte : bytes) result_.digest = (result_.digest ^ byte) * 0x100000001b3U;
}

Play::Play(const Story& story, Settings settings)
    : story_(story), settings_(std::move(settings)), hardware_(world_, story.seed), rules_(events_, hardware_) {
  paths_.differ = [this](std::string text) { rules_.fail(clock_.now(), "two paths", std::move(text)); };
  // A card that was put in again is another one until the bond has taken it.
  paths_.has_carrier = [this](const std::string& card) {
    const auto state = world_.nic(card);
    return state->carrier && state->claimed;
  };
  paths_.distort = settings_.sabotage.other_plan;
  hardware_.witness = this;
  hardware_.excuse = [this](wire::Bytes frame) {
    const auto number = frame_number(frame);
    if (number && number->number < entries_.size()) entries_[number->number].excused = true;
  };
  rules_.tamper_status = settings_.sabotage.status;
  rules_.tamper_texts = settings_.sabotage.texts;
  rules_.also_told = [this](const Event& event) {
    const std::string line = std::to_string(event.at.number) + " " + event_line(event);
    if (settings_.timeline) result_.timeline += line + "\n";
    // Nobody else is to notice.
    if (event.text.view() == "taken over from another process") return;
    digest(bytes_of(line));
  };
  world_.events_enabled = story.events;
}

Play::~Play() {
  scheduler_.reset();  // bonds that end say farewell, which somebody has to witness
}

Played Play::run() {
  result_.tally.worlds = 1;
  if (build()) {
    settle();
    for (std::size_t next = 0; !rules_.violation();) {
      for (; next < story_.steps.size() && story_.steps[next].at_ms <= clock_.now().number; ++next) {
        if (!end_) perform(story_.steps[next].words);
        if (rules_.violation()) break;
      }
      if (!end_ && clock_.now().number >= story_.calm_ms) come_to_calm();
      traffic();
      settle();
      result_.trail.push_back({clock_.now().number, result_.digest});
      if (end_ && clock_.now() >= *end_) break;
      Tick wake = next_wake();
      if (!end_ && next < story_.steps.size()) wake = std::min(wake, Tick{story_.steps[next].at_ms});
      clock_.advance_to(std::max(wake, clock_.now() + Ticks{1}));
      if (settings_.sabotage.late) clock_.advance(Ticks{3});
    }
    if (!rules_.violation()) judge_recovery();
    if (!rules_.violation()) judge_replay();
  }
  const NoiseCount& noise = hardware_.noise_count();
  auto& faults = result_.tally.faults;
  faults["frame lost"] += noise.lost;
  faults["frame doubled"] += noise.doubled;
  faults["frame late"] += noise.late;
  faults["frame garbled"] += noise.garbled;
  faults["frame refused"] += noise.refused;
  result_.tally.simulated_ms = clock_.now().number;
  result_.violation = rules_.violation();
  return std::move(result_);
}

bool Play::build() {
  build_cards();
  begin_process();
  for (const Words& words : story_.bonds)
    if (!build_bond(words)) return false;
  for (const Words& words : story_.stations) {
    Host host;
    host.name = words[0];
    host.stack.v4 = IpAddress::parse(words[1]).value_or(IpAddress{});
    host.cards.assign(words.begin() + 2, words.end());
    build_host(std::move(host));
  }
  build_flows();
  return true;
}

void Play::begin_process() {
  recording_ = std::make_unique<Recording>(hardware_);
  recording_->tape.record(recording_->store, clock_.now());
  scheduler_ = std::make_unique<Scheduler>(recording_->hardware, clock_, events_);
  scheduler_->set_tape(recording_->tape);
}

void Play::build_cards() {
  for (const Words& words : story_.cards) {
    sim::NicSpec spec;
    spec.name = words[0];
    spec.mac = MacAddress::parse(words[1]).value_or(MacAddress{});
    spec.speed_mbps = static_cast<std::uint32_t>(number_of(words[2]));
    if (!world_.add_nic(spec).ok()) continue;
    card_words_[spec.name] = words;
  }
  for (const std::string& name : story_.switches) (void)world_.add_switch(name);
  for (const Words& ends : story_.wires) (void)world_.connect(ends[0], ends[1]);
}

/// False: it was refused, as some are meant to be, and nothing of it is left.
bool Play::build_bond(const Words& words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  const ConfigResult read = load_module_words(views);
  Outcome outcome = read.ok() ? Outcome::done() : Outcome::failed(EINVAL, read.errors[0].text());
  if (outcome.ok()) outcome = scheduler_->add_bond(read.config.bonds[0]);
  if (!outcome.ok()) {
    ++result_.tally.refused_configurations;
    if (settings_.timeline) result_.timeline += "0 refused: " + outcome.reason + "\n";
    if (outcome.reason.empty()) rules_.fail(clock_.now(), "refusal", "a configuration is refused without a reason");
    const bool left = world_.host_port(words[0]) != nullptr;
    if (left) rules_.fail(clock_.now(), "refusal", "a refused configuration has left an interface behind");
    return false;
  }
  make_checkpoint();  // before its first step
  const BondConfig& config = read.config.bonds[0];
  scheduler_->find(config.name)->seed(static_cast<std::uint32_t>(story_.seed));
  for (const std::string& port : config.ports) owners_[port] = config.name;
  ports_of_[config.name] = config.ports;
  Host host;
  host.name = config.name;
  host.is_bond = true;
  for (const IpPrefix& prefix : config.addresses)
    if (prefix.address.is_v4()) host.stack.v4 = prefix.address;
  build_host(std::move(host));
  return true;
}

void Play::build_host(Host made) {
  hosts_.push_back(std::make_unique<Host>(std::move(made)));
  Host& host = *hosts_.back();
  host.stack.v6 = ipv6_beside(host.stack.v4);
  host.stack.send = [this, &host](wire::Bytes frame) { put(host, frame); };
  host.stack.mac = [this, &host] {
    if (!host.is_bond) return world_.nic(host.cards[host.card])->mac;
    const sim::SimHostPort* const port = world_.host_port(host.name);
    return port != nullptr ? port->mac() : MacAddress{};
  };
  if (!host.is_bond) return move(host, 0);
  // Learning frames are for the VLANs that the host has.
  if (sim::SimHostPort* const port = world_.host_port(host.name)) port->set_vlans({tagged_frames_vlan});
}

void Play::build_flows() {
  std::int64_t offset = 0;
  for (const Words& words : story_.flows) {
    const auto from = host_index(words[0]);
    const auto to = host_index(words[1]);
    const auto kind = frame_kind(words[2]);
    const std::int64_t period = number_of(words[3]);
    if (!from || !to || !kind || period < 1) continue;
    Flow flow;
    flow.from = *from;
    flow.to = *to;
    flow.kind = *kind;
    flow.period = ticks_from_ms(period);
    flow.next = Tick{10 + offset};
    flow.next_question = Tick{5 + offset};
    offset += 3;
    flows_.push_back(flow);
  }
}

/// Whether there is more to do at this tick.
bool Play::step(const Scheduler::Command* command) {
  for (auto& [bond, passed] : frames_passed_) passed = false;
  const bool more = command != nullptr ? scheduler_->step(*command) : scheduler_->step();
  const bool is_due = ++result_.tally.steps % steps_between_checkpoints == 0;
  if (is_due || (command != nullptr && result_.tally.commands % commands_between_checkpoints == 0)) make_checkpoint();
  for (const auto& bond : scheduler_->bonds()) {
    const sim::SimHostPort* const port = world_.host_port(bond->name());
    const BondStatus status = bond->status(clock_.now());
    paths_.end_step(*bond, clock_.now());
    rules_.check(status, port != nullptr ? port->has_carrier() : status.carrier, scheduler_->status());
  }
  return more;
}

void Play::settle() {
  for (int i = 0; i < steps_max && !rules_.violation(); ++i) {
    const std::uint64_t arrived_before = world_.frames_arrived();
    spoke_ = false;
    const bool more = step(nullptr);
    const bool heard = spoke_;
    if (!hear_stations() && !more && !heard && !settings_.sabotage.restless &&
        world_.frames_arrived() == arrived_before)
      return;
  }
  if (!rules_.violation()) rules_.fail(clock_.now(), "storm", "the bonds do not come to rest");
}

/// Whether any of them has said something.
bool Play::hear_stations() {
  spoke_ = false;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    Host& host = *hosts_[i];
    if (host.is_bond) continue;
    for (const Frame& frame : world_.take_received(host.cards[host.card])) arrived(i, frame);
  }
  return spoke_;
}

void Play::traffic() {
  const Tick now = clock_.now();
  for (Flow& flow : flows_) {
    Host& from = *hosts_[flow.from];
    if (now >= flow.next_question) {
      flow.next_question = now + question_interval;
      const Stack& asked = hosts_[flow.to]->stack;
      from.stack.ask(flow.kind == FrameKind::udp6 ? asked.v6 : asked.v4);
    }
    if (now < flow.next) continue;
    flow.next = now + flow.period;
    send(flow);
  }
}

void Play::send(Flow& flow) {
  Host& from = *hosts_[flow.from];
  const Stack& to = hosts_[flow.to]->stack;
  const IpAddress& address = flow.kind == FrameKind::udp6 ? to.v6 : to.v4;
  const auto known = from.stack.find(address);
  if (!known) return;
  const bool v6 = flow.kind == FrameKind::udp6;
  const auto number = static_cast<std::uint32_t>(entries_.size());
  const Frame frame =
      numbered_frame(flow.kind, {from.stack.mac(), *known, v6 ? from.stack.v6 : from.stack.v4, address},
                     {static_cast<std::uint16_t>(flow.from), static_cast<std::uint16_t>(flow.to), number});
  entries_.push_back({static_cast<std::size_t>(&flow - flows_.data()), clock_.now(), 0, false});
  if (!put(from, frame)) return entries_.pop_back();
  ++result_.tally.frames_sent;
  if (settings_.sabotage.echo) arrived(flow.from, frame);
}

bool Play::put(Host& host, wire::Bytes frame) {
  spoke_ = true;
  if (!host.is_bond) return world_.send(host.cards[host.card], frame) == 0;
  sim::SimHostPort* const port = world_.host_port(host.name);
  return port != nullptr && port->inject(frame);
}

/// A frame has reached a host.
void Play::arrived(std::size_t index, wire::Bytes frame) {
  Host& host = *hosts_[index];
  const auto number = frame_number(frame);
  if (!number || number->number >= entries_.size()) {
    if (!settings_.sabotage.deaf) host.stack.hear(frame);
    return;
  }
  // As a stack does: what a listening NIC has heard for somebody else goes no further.
  const MacAddress destination = MacAddress::load(frame.data());
  if (!destination.is_multicast() && destination != host.stack.mac()) return;
  if (settings_.sabotage.eat && judged_from_) return;
  Entry& entry = entries_[number->number];
  const Flow& flow = flows_[entry.flow];
  const std::string name = "frame " + std::to_string(number->number) + " from " + hosts_[flow.from]->name;
  digest(frame);
  if (index == flow.from && !entry.excused && !may_double(flow))
    return rules_.fail(clock_.now(), "loop", name + " came back to it");
  if (index != flow.to) return;
  const std::uint32_t copies = settings_.sabotage.deliver_twice ? 2 : 1;
  if (entry.delivered == 0) ++result_.tally.frames_delivered;
  entry.delivered += copies;
  if (entry.delivered > 1 && !entry.excused && flow.kind != FrameKind::broadcast && !may_double(flow))
    rules_.fail(clock_.now(), "duplicate", name + " reached " + host.name + " twice");
}

/// Whether a frame may arrive more than once: copies are the mode's or the option's own.
bool Play::may_double(const Flow& flow) const {
  for (const std::size_t end : {flow.from, flow.to}) {
    if (!hosts_[end]->is_bond) continue;
    const Bond* const bond = bond_of(hosts_[end]->name);
    if (bond == nullptr) continue;
    const BondOptions& options = bond->options();
    if (options.mode == Mode::broadcast || options.all_slaves_active) return true;
  }
  return false;
}

Tick Play::next_wake() const {
  Tick wake = end_.value_or(Tick{story_.calm_ms});
  if (const auto due = scheduler_->next_deadline()) wake = std::min(wake, *due);
  if (const auto due = hardware_.next_arrival()) wake = std::min(wake, *due);
  for (const Flow& flow : flows_) wake = std::min({wake, flow.next, flow.next_question});
  return wake;
}

void Play::come_to_calm() {
  heal();
  std::int64_t bound = 0;
  for (const auto& bond : scheduler_->bonds())
    bound = std::max(bound, recovery_bound_ms(std::as_const(*bond).options(), ports_of_[bond->name()].size()));
  for (Flow& flow : flows_) {
    flow.expected = is_to_carry(*scheduler_, hosts_[flow.from]->name, hosts_[flow.to]->name, !story_.switches.empty());
    // Where lessons are given once, a switch that missed one is taught by what the host sends, which is untagged.
    const Bond* const to = bond_of(hosts_[flow.to]->name);
    if (flow.kind == FrameKind::tagged && to != nullptr && teaches_once(to->options())) flow.expected = false;
  }
  judged_from_ = clock_.now() + ticks_from_ms(bound);
  end_ = *judged_from_ + judged_span + last_frames;
}

/// After the bound every frame has to arrive, and only once where it may not be doubled.
void Play::judge_recovery() {
  std::optional<Tick> last_lost;
  const Tick judged_to = *end_ - last_frames;
  for (Flow& flow : flows_) flow.expected = flow.expected && are_partners(flow);
  for (std::size_t number = 0; number < entries_.size(); ++number) {
    const Entry& entry = entries_[number];
    Flow& flow = flows_[entry.flow];
    if (!flow.expected || entry.sent.number < story_.calm_ms || entry.sent >= judged_to) continue;
    if (entry.delivered == 0) last_lost = entry.sent;
    if (entry.sent < *judged_from_) continue;
    ++flow.judged;
    if (entry.delivered == 0)
      rules_.fail(entry.sent, "no recovery",
                  "frame " + std::to_string(number) + " from " + hosts_[flow.from]->name + " to " +
                      hosts_[flow.to]->name + " is lost " + std::to_string(entry.sent.number - story_.calm_ms) +
                      " ms after the last fault; the bound was " +
                      std::to_string((*judged_from_).number - story_.calm_ms) + " ms");
  }
  for (const Flow& flow : flows_) {
    if (flow.expected && flow.judged == 0)
      rules_.fail(clock_.now(), "no way",
                  hosts_[flow.from]->name + " never found out where " + hosts_[flow.to]->name + " is");
  }
  for (const auto& bond : scheduler_->bonds()) {
    Recovery& recovery = result_.tally.recovery_of_mode[mode_name(std::as_const(*bond).options().mode)];
    ++recovery.worlds;
    const std::int64_t took = last_lost ? last_lost->number - story_.calm_ms : 0;
    if (took < recovery.slowest_ms) continue;
    recovery.slowest_ms = took;
    recovery.bound_ms = judged_from_->number - story_.calm_ms;
  }
}

/// Of two that share a bond's cables in mode 4 only one can be its partner.
bool Play::are_partners(const Flow& flow) const {
  if (scheduler_->bonds().size() < 3) return true;
  const auto lacp_of = [this](std::size_t host) {
    const Bond* const bond = scheduler_->find(hosts_[host]->name);
    return bond != nullptr ? bond->status(clock_.now()).lacp : std::nullopt;
  };
  const auto from = lacp_of(flow.from);
  const auto to = lacp_of(flow.to);
  if (!from || !to || !from->active || !to->active) return true;
  return from->active->partner_system == to->system && to->active->partner_system == from->system;
}

std::optional<std::size_t> Play::host_index(std::string_view name) const {
  for (std::size_t i = 0; i < hosts_.size(); ++i)
    if (hosts_[i]->name == name) return i;
  return std::nullopt;
}

const std::string* Play::owner_of(const std::string& card) const {
  const auto place = owners_.find(card);
  return place == owners_.end() ? nullptr : &place->second;
}

}  // namespace bondbox::swarm

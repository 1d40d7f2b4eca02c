#include "firmware/simulation.hpp"

#include <cerrno>

#include "firmware/render.hpp"
#include "hal/sim/sim_host_port.hpp"

namespace bondbox {
namespace {

/// Steps within one tick: bonds that face each other answer each other's frames in it. More means a storm.
constexpr int steps_per_tick_max = 64;
/// Frames of a capture that are sent before the bonds get a step to move them on.
constexpr int frames_per_step = 32;

}  // namespace

std::string tick_text(Tick tick) {
  return tick.number % 1000 == 0 ? std::to_string(tick.number / 1000) + "s" : std::to_string(tick.number) + "ms";
}

Simulation::Simulation(Scenario scenario, Settings settings, Output output)
    : scenario_(std::move(scenario)), settings_(std::move(settings)), output_(std::move(output)) {}

Outcome Simulation::run() {
  if (Outcome outcome = build(); !outcome.ok()) return outcome;
  settle();
  const Tick end = Tick{} + scenario_.duration;
  std::size_t next = 0;
  for (;;) {
    while (next < scenario_.steps.size() && scenario_.steps[next].time <= clock_.now()) {
      if (Outcome outcome = perform(scenario_.steps[next]); !outcome.ok()) return outcome;
      ++next;
    }
    settle();
    report_drill();
    Tick wake = end;
    if (next < scenario_.steps.size()) wake = std::min(wake, scenario_.steps[next].time);
    if (const auto due = scheduler_->next_deadline()) wake = std::min(wake, *due);
    if (clock_.now() >= end) break;
    clock_.advance_to(std::max(wake, clock_.now() + Ticks{1}));
  }
  for (auto& [name, writer] : captures_) {
    if (Outcome outcome = writer.close(); !outcome.ok()) return outcome;
  }
  return capture_outcome_;
}

Outcome Simulation::build() {
  for (const ScenarioNic& nic : scenario_.nics) {
    sim::NicSpec spec;
    spec.name = nic.name;
    spec.mac = nic.mac;
    spec.speed_mbps = nic.speed_mbps;
    spec.duplex = nic.duplex;
    spec.mtu = nic.mtu;
    if (Outcome outcome = world_.add_nic(spec); !outcome.ok()) return outcome;
  }
  for (const ScenarioWire& wire : scenario_.wires) {
    for (const std::string& end : {wire.a, wire.b}) {
      if (scenario_.find_nic(end) != nullptr) continue;
      if (Outcome outcome = world_.add_switch(end); !outcome.ok() && outcome.error != EEXIST) return outcome;
    }
    if (Outcome outcome = world_.connect(wire.a, wire.b); !outcome.ok()) return outcome;
  }
  if (Outcome outcome = open_captures(); !outcome.ok()) return outcome;
  if (settings_.timeline) {
    events_.set_listener([this](const Event& event) { print(tick_text(event.at) + " " + event_line(event) + "\n"); });
  }
  if (tape_ != nullptr) taped_.emplace(*tape_, &hardware_);
  scheduler_.emplace(taped_ ? static_cast<Hardware&>(*taped_) : hardware_, clock_, events_);
  if (tape_ != nullptr) scheduler_->set_tape(*tape_);
  for (const BondConfig& bond : scenario_.bonds) {
    if (Outcome outcome = scheduler_->add_bond(bond); !outcome.ok()) return outcome;
    scheduler_->find(bond.name)->seed(settings_.seed);
  }
  return Outcome::done();
}

Outcome Simulation::open_captures() {
  if (settings_.pcap_directory.empty()) return Outcome::done();
  for (const ScenarioNic& nic : scenario_.nics) {
    auto writer = pcapio::CaptureWriter::create(settings_.pcap_directory + "/" + nic.name + ".pcap",
                                                pcapio::CaptureWriter::Precision::microseconds);
    if (!writer.ok()) return writer.failure();
    captures_.emplace(nic.name, std::move(writer.value()));
  }
  world_.set_tap([this](const std::string& nic, bool, Tick now, wire::Bytes frame) {
    const auto writer = captures_.find(nic);
    if (writer == captures_.end() || !capture_outcome_.ok()) return;
    capture_outcome_ = writer->second.write(now.number * 1'000'000, frame);
  });
  return Outcome::done();
}

void Simulation::settle() {
  for (int i = 0; i < steps_per_tick_max; ++i) {
    const std::uint64_t arrived = world_.frames_arrived();
    const bool more = scheduler_->step();
    if (!more && world_.frames_arrived() == arrived) return;
  }
}

void Simulation::print(const std::string& text) {
  output_(text);
}

Outcome Simulation::perform(const ScenarioStep& step) {
  for (const ScenarioAction& action : step.actions) {
    Outcome outcome = std::visit([this](const auto& what) { return perform(what); }, action);
    if (!outcome.ok()) return outcome;
  }
  return Outcome::done();
}

Outcome Simulation::perform(const LinkAction& action) {
  return world_.set_link(action.nic, action.up);
}

Outcome Simulation::perform(const PrintAction& action) {
  settle();
  const BondStatus status = scheduler_->find(action.bond)->status(clock_.now());
  print("# " + tick_text(clock_.now()) + " " + action.bond + "\n");
  switch (action.format) {
    case PrintFormat::proc:
      print(render_proc(status));
      break;
    case PrintFormat::json:
      print(render_json(std::span(&status, 1), scheduler_->status(), WallClock{}));
      break;
    case PrintFormat::text:
      print(render_text(status));
      break;
  }
  return Outcome::done();
}

/// A refusal is part of the story, as it would be on a running system: it is an event, not the end.
Outcome Simulation::command(const std::string& bond, const std::function<Outcome(Bond&)>& change) {
  Outcome outcome;
  scheduler_->step([&](Tick) { outcome = change(*scheduler_->find(bond)); });
  if (!outcome.ok()) {
    Event event;
    event.at = clock_.now();
    event.kind = EventKind::fault;
    event.bond.assign(bond);
    event.text.assign("refused: " + refusal_text(outcome));
    events_.record(event);
  }
  return Outcome::done();
}

Outcome Simulation::perform(const SetAction& action) {
  return command(action.bond, [&](Bond& bond) { return bond.write(action.option, action.value); });
}

Outcome Simulation::perform(const EnslaveAction& action) {
  return command(action.bond, [&](Bond& bond) { return bond.enslave(action.port); });
}

Outcome Simulation::perform(const ReleaseAction& action) {
  return command(action.bond, [&](Bond& bond) { return bond.release(action.port); });
}

Outcome Simulation::perform(const ActivateAction& action) {
  return command(action.bond, [&](Bond& bond) { return bond.write("active_slave", action.port); });
}

Outcome Simulation::perform(const NicAction& action) {
  return action.present ? world_.restore_nic(action.nic) : world_.remove_nic(action.nic);
}

Outcome Simulation::perform(const HostAction& action) {
  return world_.host_port(action.bond)->set_up(action.up);
}

Outcome Simulation::perform(const AddressAction& action) {
  HostPort& host = *world_.host_port(action.bond);
  return action.add ? host.add_address(action.prefix) : host.remove_address(action.prefix);
}

Outcome Simulation::perform(const DrillAction& action) {
  std::string wrong;
  auto request = DrillRequest::parse(action.words, wrong);
  return command(action.bond, [&](Bond&) {
    if (drill_) return Outcome::failed(EBUSY, "a drill of " + drill_->report().request.bond + " is under way");
    Outcome outcome = drill_.emplace(*scheduler_, std::move(*request)).begin(clock_.now());
    if (!outcome.ok()) drill_.reset();
    return outcome;
  });
}

void Simulation::report_drill() {
  if (!drill_ || !drill_->has_ended()) return;
  const DrillReport& report = drill_->report();
  print("# " + tick_text(clock_.now()) + " drill of " + report.request.bond + "\n");
  print(report.request.json ? render_drill_json(report) : render_drill(report));
  drill_.reset();
}

Outcome Simulation::perform(const SendAction& action) {
  const bool relative = action.file.empty() || action.file[0] != '/';
  auto reader = pcapio::CaptureReader::open(relative ? settings_.scenario_directory + action.file : action.file);
  if (!reader.ok()) return reader.failure();
  for (int count = 1;; ++count) {
    const auto frame = reader.value().next();
    if (!frame.ok()) return frame.failure();
    if (!frame.value()) break;
    if (action.bond.empty()) {
      world_.deliver(action.nic, frame.value()->bytes);
    } else {
      world_.host_port(action.bond)->inject(frame.value()->bytes);
    }
    if (count % frames_per_step == 0) settle();
  }
  settle();
  return Outcome::done();
}

}  // namespace bondbox

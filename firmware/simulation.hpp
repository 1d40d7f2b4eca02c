// A scenario at work: the firmware's own scheduler, bonds and forwarder on simulated NICs in simulated time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/config/scenario_config.hpp"
#include "firmware/drill.hpp"
#include "firmware/scheduler.hpp"
#include "firmware/trace/taped_hardware.hpp"
#include "hal/pcap/capture_file.hpp"
#include "hal/sim/sim_clock.hpp"
#include "hal/sim/sim_hardware.hpp"
#include "hal/sim/sim_world.hpp"

namespace bondbox {

/// Tick 0 is the start of the scenario. What happens at a tick happens before the steps of that tick; `print` shows
/// what they came to. The same scenario and seed give the same output, byte for byte.
class Simulation {
 public:
  struct Settings {
    std::uint32_t seed = 1;
    bool timeline = false;           ///< every event goes to the output as it happens
    std::string pcap_directory;      ///< one NAME.pcap for each NIC; empty: none
    std::string scenario_directory;  ///< what `send` files are relative to
  };
  using Output = std::function<void(std::string_view)>;

  Simulation(Scenario scenario, Settings settings, Output output);

  /// What the bonds decide by, and what they decide, passes the tape, which outlives the simulation. Before run().
  void set_tape(trace::Tape& tape) noexcept { tape_ = &tape; }

  /// Fails where the scenario asks for something that cannot be: a bond that does not start, a file that is not there.
  Outcome run();

  /// After run(): the bonds as the scenario has left them.
  Scheduler& scheduler() noexcept { return *scheduler_; }

 private:
  Outcome build();
  Outcome open_captures();
  Outcome perform(const ScenarioStep& step);
  Outcome perform(const LinkAction& action);
  Outcome perform(const PrintAction& action);
  Outcome perform(const SetAction& action);
  Outcome perform(const SendAction& action);
  Outcome perform(const EnslaveAction& action);
  Outcome perform(const ReleaseAction& action);
  Outcome perform(const ActivateAction& action);
  Outcome perform(const NicAction& action);
  Outcome perform(const HostAction& action);
  Outcome perform(const AddressAction& action);
  Outcome perform(const DrillAction& action);
  void report_drill();
  Outcome command(const std::string& bond, const std::function<Outcome(Bond&)>& change);
  void settle();
  void print(const std::string& text);

  Scenario scenario_;
  Settings settings_;
  Output output_;
  sim::SimClock clock_;
  sim::SimWorld world_{clock_};
  sim::SimHardware hardware_{world_};
  trace::Tape* tape_ = nullptr;
  std::optional<trace::TapedHardware> taped_;
  EventLog events_;
  std::map<std::string, pcapio::CaptureWriter> captures_;
  Outcome capture_outcome_;
  std::optional<Scheduler> scheduler_;
  std::optional<Drill> drill_;
};

/// "500ms", "3s": the shortest way to say it in whole units.
std::string tick_text(Tick tick);

}  // namespace bondbox

// A bond in the simulated world that an input plays with: frames of every protocol, right and wrong, cables, cards,
// options, commands and time, and what must be true after each step.
#pragma once

#include <cstdint>
#include <string>

#include "firmware/command_executor.hpp"
#include "firmware/scheduler.hpp"
#include "hal/sim/sim_clock.hpp"
#include "hal/sim/sim_hardware.hpp"
#include "hal/sim/sim_host_port.hpp"
#include "hal/sim/sim_world.hpp"
#include "tests/fuzz/support/input.hpp"

namespace bondbox::fuzz {

class World {
 public:
  static constexpr std::uint8_t cards = 3;  ///< e0, e1, e2, each with a cable that has no other end

  /// bond0 of all cards; the input chooses among a few settings that matter to the mode.
  World(Mode mode, Input& input);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Until the input is at its end, or a bounded number of turns.
  void play(Input& input);
  /// Once more at the end: every status text, and nothing that came in is lost without a count.
  void check_texts();

  /// bond0 is killed, and another one goes on from this; then some time passes and some frames come.
  void go_on_from(wire::Bytes memory);

  Reply command(std::span<const std::string> words);

 private:
  void settle();
  void pass(std::int64_t milliseconds);
  void turn(Input& input);
  void turn_frames(std::uint8_t what, const std::string& card, Input& input);
  void turn_world(std::uint8_t what, const std::string& card, Input& input);
  void check();
  sim::SimHostPort* host() { return world_.host_port("bond0"); }
  MacAddress some_mac(Input& input);
  IpAddress some_ip(Input& input, IpAddress::Family family);

  sim::SimClock clock_;
  sim::SimWorld world_{clock_};
  sim::SimHardware hardware_{world_};
  EventLog events_;
  Scheduler scheduler_{hardware_, clock_, events_};
  CommandExecutor executor_{scheduler_, [] { return WallClock{}; }, {}};
};

/// The whole of a target that plays with a mode.
void play_mode(Mode mode, wire::Bytes bytes);

}  // namespace bondbox::fuzz

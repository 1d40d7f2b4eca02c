// A bench for scenarios: simulated cards, a scheduler over them, and simulated time that passes as it does for the
// daemon, which sleeps to the next deadline unless an event, a command or a frame wakes it.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/scheduler.hpp"
#include "hal/sim/sim_clock.hpp"
#include "hal/sim/sim_hardware.hpp"
#include "hal/sim/sim_host_port.hpp"
#include "hal/sim/sim_world.hpp"
#include "tests/support/fake_offload.hpp"

namespace bondbox::test {

using Frame = std::vector<std::uint8_t>;

/// 02:00:00:00:0a:0N: the cards of a bench, in order.
constexpr MacAddress card_mac(std::uint8_t number) {
  return {{0x02, 0, 0, 0, 0x0a, number}};
}
/// 02:00:00:00:0b:0N: stations at far ends.
constexpr MacAddress station_mac(std::uint8_t number) {
  return {{0x02, 0, 0, 0, 0x0b, number}};
}

/// A frame of a protocol that no stack speaks by itself; `number` tells it from others.
Frame data_frame(const MacAddress& to, const MacAddress& from, std::uint32_t number = 0);
/// The number of a data_frame(); -1 for any other frame.
std::int64_t data_number(wire::Bytes frame);
/// Only the data_frame()s of these, as numbers.
std::vector<std::int64_t> data_numbers(const sim::Frames& frames);
/// Whether it is an ARP request of a station for its own address, or an unsolicited neighbour advertisement.
bool is_gratuitous_arp(wire::Bytes frame);
bool is_unsolicited_na(wire::Bytes frame);

class SimBench {
 public:
  /// Cards of 10 Gbit/s, full duplex, with link, each with a cable that has no other end.
  explicit SimBench(std::initializer_list<const char*> cards);
  /// Everything that the bonds decided is decided once more from the recording, and has to come out the same.
  ~SimBench();
  SimBench(const SimBench&) = delete;
  SimBench& operator=(const SimBench&) = delete;

  sim::SimClock clock;
  sim::SimWorld world{clock};
  OffloadingHardware hardware{world};  ///< without an offload, unless a test lets hardware.record open one
  EventLog events;
  struct Recording;
  std::unique_ptr<Recording> recording;
  Scheduler scheduler;

  /// A configuration of these ports with every default.
  static BondConfig config(std::initializer_list<const char*> ports, const char* name = "bond0");
  /// Makes the bond and takes the first steps. Fails the test case where it cannot be made.
  Bond& add(const BondConfig& config);
  Bond& add(std::initializer_list<const char*> ports) { return add(config(ports)); }

  /// Steps until nothing is left to do at this tick.
  void settle();
  /// Lets time pass up to this tick, stepping at every deadline on the way and at the tick itself when it is one.
  void run_to(std::int64_t tick_ms);
  void run_for(std::int64_t span_ms) { run_to(now() + span_ms); }
  std::int64_t now() const { return clock.now().number; }

  /// Pulls or plugs the cable; the program wakes where the world tells of it.
  void link(const char* card, bool up);
  void link(std::int64_t at_ms, const char* card, bool up) {
    run_to(at_ms);
    link(card, up);
  }
  /// As a command of a person: in a step of its own.
  Outcome command(const std::function<Outcome(Bond&)>& what, const char* bond = "bond0");
  Outcome set(const char* option, const char* value, const char* bond = "bond0");

  Bond& bond(const char* name = "bond0") { return *scheduler.find(name); }
  BondStatus status(const char* name = "bond0") { return bond(name).status(clock.now()); }
  PortStatus port(const char* port, const char* name = "bond0");
  std::string active(const char* name = "bond0") { return bond(name).active_port_name(); }
  LinkState state(const char* port, const char* name = "bond0") { return this->port(port, name).link; }
  sim::SimHostPort& host(const char* name = "bond0") { return *world.host_port(name); }
  sim::NicState card(const char* name) const { return world.nic(name).value(); }

  /// The host sends, and the bond moves it on.
  bool host_sends(const Frame& frame, const char* name = "bond0");
  /// A frame comes out of a card's cable, and the bond moves it on.
  bool card_receives(const char* card, const Frame& frame);

  /// "500 bond0: (slave e0): ..." for each event since the last call.
  std::vector<std::string> take_events();
  /// Whether an event since the last take_events() contains this text.
  bool told(std::string_view text) const;

  bool is_replayed = true;        ///< at the end
  unsigned checkpoint_each = 40;  ///< times that it came to rest; 0: the trace has none
  /// Replay from every checkpoint, where some of them are enough for most tests.
  bool is_replayed_from_all = false;
  /// How the replay of what has happened so far comes out; empty: the same.
  std::string replayed() const;

 private:
  void make_checkpoint();

  unsigned rests_ = 0;
  std::uint64_t events_taken_ = 0;
};

}  // namespace bondbox::test

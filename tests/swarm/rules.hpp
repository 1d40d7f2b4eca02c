// What must hold of every bond after every step, whatever happens around it. Nothing here asks the plan how frames
// should go: frames that passed the hardware are held against link states, machines and counters.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "firmware/bond_status.hpp"
#include "firmware/event_log.hpp"
#include "tests/swarm/faulty_hardware.hpp"

namespace bondbox::swarm {

struct Violation {
  std::int64_t at_ms = 0;
  std::string rule;  ///< one or two words, the same for all that break it alike
  std::string text;
};

/// What passed the hardware of one bond within one step.
struct StepNotes {
  struct Sent {
    std::string card;
    std::uint32_t number = 0;
    int error = 0;
  };
  std::vector<Sent> sent;                ///< numbered frames that a NIC was given
  std::vector<std::uint32_t> from_host;  ///< numbered frames that the host gave
  std::uint64_t others_from_host = 0;    ///< frames without a number
  std::uint64_t others_refused = 0;      ///< on NICs
  std::uint64_t host_took = 0;
  std::uint64_t host_refused = 0;
  std::uint64_t refused = 0;         ///< by NICs, of any kind
  std::set<std::string> refused_by;  ///< cards
  bool looked_amid_frames = false;   ///< a link was read after frames had passed: the plan may have changed then
};

class Rules {
 public:
  Rules(EventLog& events, FaultyHardware& hardware);
  Rules(const Rules&) = delete;
  Rules& operator=(const Rules&) = delete;
  ~Rules();

  StepNotes& notes(const std::string& bond) { return notes_[bond]; }

  /// Everything but frames that have or have not arrived: of one bond, after each step. `host_carrier`: what the host
  /// sees.
  void check(const BondStatus& now, bool host_carrier, const SchedulerStatus& scheduler);
  /// Something happened to the world: what depends on it is not judged for a moment.
  void note_fault(Tick now) { last_fault_ = now; }
  /// A card's address was changed by somebody else, who is found out with the next look.
  void note_stolen_mac(Tick until) { stolen_until_ = until; }
  void note_stall(Ticks span);
  void fail(Tick at, std::string rule, std::string text);

  const std::optional<Violation>& violation() const noexcept { return violation_; }
  /// Hears of every event.
  std::function<void(const Event&)> also_told;
  /// What the status that is judged says; a self-test tampers with it.
  std::function<void(BondStatus&)> tamper_status;
  std::function<void(std::string& json, std::string& proc, std::string& text)> tamper_texts;

 private:
  struct Seen {
    std::optional<BondStatus> status;
    std::map<std::string, std::uint64_t> lives;  ///< of the NICs of its ports
    std::map<std::string, Tick> stranger_since;
    Tick alone_at{};   ///< mode 4: when no port was agreed on last, and that for a moment only
    Tick agreed_at{};  ///< mode 4: when a port was last agreed on, or there was no partner to agree with
    std::uint64_t texts_generation = 0;
    std::uint64_t steps = 0;
  };
  struct Told {
    std::string bond;
    std::string port;
    std::string text;
  };

  void check_paths(const BondStatus& now, const BondStatus* before, const StepNotes& notes, bool nobody_agreed);
  void check_active(const BondStatus& now);
  void check_addresses(const BondStatus& now);
  void check_partner(const BondStatus& now, Seen& seen);
  void check_nic_counters(const BondStatus& now);
  void check_sums(const BondStatus& now, const BondStatus& before, const StepNotes& notes);
  void check_failures(const BondStatus& now, const BondStatus& before, const StepNotes& notes);
  void check_plan(const BondStatus& now);
  void check_texts(const BondStatus& now, const SchedulerStatus& scheduler);

  EventLog& events_;
  FaultyHardware& hardware_;
  std::map<std::string, StepNotes> notes_;
  std::map<std::string, Seen> seen_;
  std::vector<Told> told_;
  std::optional<Tick> last_fault_;
  Tick stolen_until_{-1};
  Ticks stalled_{};
  std::optional<Violation> violation_;
};

/// What the three texts say otherwise than the values and the plan that they were made of; empty: nothing.
std::string disagreement(const BondStatus& status, const std::string& json, const std::string& proc,
                         const std::string& text);

}  // namespace bondbox::swarm

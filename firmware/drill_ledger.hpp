// What became of a drill's probes. An echo tells that a request and its answer have arrived, or that one of them has
// not; what else was seen of a probe tells which. Ticks are milliseconds, as everywhere.
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "hal/wire/ids.hpp"

namespace bondbox {

/// Where in a drill something happened.
enum class DrillPart : std::uint8_t {
  before,  ///< nothing was done yet
  away,    ///< since the port was taken away
  back,    ///< since it was given back
};
inline constexpr std::size_t drill_parts = 3;

/// Probes that were sent in one part.
struct ProbeCount {
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::uint64_t lost_out = 0;  ///< of these: no port took it
  std::uint64_t lost_in =
      0;  ///< of these: it was seen on its way, or its answer came by a port that did not deliver it
  /// The longest time without answers that began in this part: from the sending of the first probe that was lost to
  /// that of the next one that was answered.
  std::int64_t outage_ms = 0;

  friend bool operator==(const ProbeCount&, const ProbeCount&) = default;
};

class DrillLedger {
 public:
  /// `every`: between two probes.
  explicit DrillLedger(Ticks every) : every_(every) {}

  /// How long an answer takes, as measured before. `doubled`: each probe is sent, and answered, more than once.
  void expect(Ticks round_trip, bool doubled) noexcept;
  /// `taken`: by a port.
  void sent(DrillPart part, bool taken, Tick now);
  /// An answer has come; `delivered`: by a port that gives it to the host.
  void answered(bool delivered, Tick now);
  /// The question itself has come back by another port: it got out.
  void seen_around(Tick now);
  /// Closes the books on probes whose time for an answer is over.
  void settle(Tick now);
  /// On all.
  void finish(Tick now);

  const ProbeCount& part(DrillPart part) const noexcept { return counts_[static_cast<std::size_t>(part)]; }
  /// Answers to nothing that was open.
  std::uint64_t strays() const noexcept { return strays_; }
  /// For how long an answer is waited for.
  Ticks patience() const noexcept { return round_trip_ + round_trip_ + Ticks{200}; }

 private:
  struct Probe {
    Tick at;
    DrillPart part = DrillPart::before;
    bool taken = false;
    bool got_out = false;
    bool answered = false;
  };
  Probe* nearest(Tick sent, Tick now, bool open_only);
  void close(const Probe& probe);
  void end_run(Tick at);

  Ticks every_;
  Ticks round_trip_{};
  bool doubled_ = false;
  std::deque<Probe> open_;  ///< in the order of their sending; as many as fit into patience()
  std::array<ProbeCount, drill_parts> counts_{};
  std::uint64_t strays_ = 0;
  bool in_run_ = false;  ///< the last closed one was lost
  Tick run_began_;
  DrillPart run_part_ = DrillPart::before;
};

}  // namespace bondbox

// A drill: a port of a bond is taken off its cable for a while and put back, and what that costs is measured, by probes
// to a target where there is one, and by the bond's own plan.
//
//   ask        does the target answer, and how soon (not without a target)
//   before     probes while all is well
//   away       the port is off its cable; the bond gives it back by itself when its time is over
//   returning  until the port is to the bond what it was
//   after      a little longer, for what its return costs
//   waiting    for the last answers; then the next port
//
// It is a guest of the scheduler's steps: whoever ends it early (the client has gone) destroys it, which gives the port
// back.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "firmware/drill_ledger.hpp"
#include "firmware/frame_watcher.hpp"
#include "firmware/scheduler.hpp"

namespace bondbox {

struct DrillRequest {
  std::string bond;
  std::string port;  ///< empty: the one that carries
  bool all = false;  ///< each port that has link, one after the other
  bool force = false;
  bool json = false;
  Away how = Away::down;
  Ticks span{2'000};
  Ticks every{10};                  ///< between two probes
  std::optional<Ticks> limit;       ///< on the outage
  std::optional<IpAddress> target;  ///< to be asked instead of a configured one

  /// The words after "drill". nullopt: `wrong` says what is expected.
  static std::optional<DrillRequest> parse(std::span<const std::string> words, std::string& wrong);
};

/// What one port's absence cost.
struct DrillResult {
  std::string port;
  std::string failure;  ///< why it could not be drilled to the end; empty: it was
  Tick taken;
  Tick given_back;
  // Times in ms since the port was taken away; -1: not.
  std::int64_t noticed_ms = -1;  ///< its link was called something else than up
  std::int64_t left_ms = -1;     ///< the plan did without it; 0: it did before
  // Since it was given back.
  std::int64_t link_ms = -1;   ///< its link was called up
  std::int64_t whole_ms = -1;  ///< it was to the bond what it had been
  /// The longest time in which the plan sent on the absent port, or on none: the most that traffic was interrupted for
  /// as far as the bond can know. By part, as probes.
  std::array<std::int64_t, drill_parts> exposed_ms{};
  /// The longest time by which a probe was late since the port was taken away: bondbox did not run then, and nobody
  /// knows what was lost.
  std::int64_t blind_ms = 0;
  std::string carried_before;  ///< ports that the plan sent on
  std::string carried_during;
  std::string carried_after;
  bool probed = false;         ///< a target was asked
  bool crossed = false;        ///< before, probes left by the port (or nothing else could be seen to)
  std::string probes_left_by;  ///< before
  Ticks round_trip{};
  std::array<ProbeCount, drill_parts> probes{};
  std::uint64_t host_frames = 0;  ///< of the host, that left meanwhile
  std::uint64_t host_lost = 0;    ///< that no port took; the probes' left out
  std::vector<std::string> events;

  /// Longest time without traffic: as measured, where probes crossed the port; else as the bond knows.
  std::int64_t outage_ms() const noexcept;
  bool is_measured() const noexcept { return probed && crossed; }
};

struct DrillReport {
  DrillRequest request;
  std::string target;          ///< empty: none
  std::string unmeasured_why;  ///< why there is none
  std::vector<DrillResult> results;

  std::int64_t outage_ms() const noexcept;
  std::int64_t blind_ms() const noexcept;
  /// Every port came back, and the limit, if there is one, held, as far as bondbox could see: it did not stand still
  /// for longer than that (or than half a second, which a busy machine may take).
  bool held() const noexcept;
};

std::string render_drill(const DrillReport& report);
std::string render_drill_json(const DrillReport& report);

class Drill final : public StepGuest, private FrameWatcher {
 public:
  Drill(Scheduler& scheduler, DrillRequest request);
  /// Whatever is away is given back.
  ~Drill();
  Drill(const Drill&) = delete;
  Drill& operator=(const Drill&) = delete;

  /// As the command of a step. EBUSY: it would take the last port, ENODEV, EINVAL, ENETUNREACH: no bond, no such port,
  /// no link, a target that is not behind this bond. Nothing has been done then.
  Outcome begin(Tick now);
  bool has_ended() const noexcept { return phase_ == Phase::ended; }
  const DrillReport& report() const noexcept { return report_; }

  void act(Tick now) override;
  void look(Tick now) override;
  std::optional<Tick> next_deadline() const override;

 private:
  /// For an answer to a question of the first phase.
  static constexpr Ticks question_patience{250};
  enum class Phase : std::uint8_t { ask, before, away, returning, after, waiting, ended };

  void see(PortId port, const PacketBatch& batch, const PortRule& rule) override;
  bool is_answer(wire::Bytes frame) const;
  bool is_question(wire::Bytes frame) const;

  Outcome choose_ports(const Bond& bond);
  Outcome choose_target(const Bond& bond);
  Outcome refuse_last(const Bond& bond, std::string_view port) const;
  void begin_port(Tick now);
  void ask(Bond& bond, Tick now);
  void take(Bond& bond, Tick now);
  void end_port(Bond& bond, Tick now);
  void fail(const std::string& why);
  PortList send(Bond& bond);
  void send_due(Bond& bond, Tick now);
  void observe(const Bond& bond, Tick now);
  void end_exposure(Tick now);
  void keep_events(const Bond& bond);
  /// Frames that have left, and those that no port took.
  void count(const Bond& bond, Tick now, std::uint64_t& left, std::uint64_t& lost) const;
  bool is_whole(const Bond& bond) const;
  Ticks patience(const Bond& bond) const;
  DrillPart part() const noexcept;
  DrillResult& result() { return report_.results.back(); }

  Scheduler& scheduler_;
  DrillReport report_;
  std::vector<std::string> ports_;  ///< still to be drilled; the first is the one at hand
  std::optional<IpAddress> target_;
  HostPath path_;
  Phase phase_ = Phase::ended;
  PortId port_;
  Tick until_;       ///< of the phase
  Tick next_probe_;  ///< while there are any
  DrillLedger ledger_{Ticks{1}};
  bool carried_ = false;       ///< the port, before
  std::optional<Tick> asked_;  ///< an unanswered question of the first phase
  int answers_ = 0;            ///< of it
  int questions_ = 0;
  std::optional<Tick> exposed_since_;
  DrillPart exposed_part_ = DrillPart::before;
  std::uint64_t events_before_ = 0;
  std::uint64_t frames_before_ = 0;
  std::uint64_t lost_before_ = 0;
  std::uint64_t probes_taken_ = 0;
  std::uint64_t probes_not_taken_ = 0;
};

}  // namespace bondbox

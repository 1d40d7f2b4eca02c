#include "firmware/drill_ledger.hpp"

#include <algorithm>

namespace bondbox {

void DrillLedger::expect(Ticks round_trip, bool doubled) noexcept {
  round_trip_ = round_trip;
  doubled_ = doubled;
}

void DrillLedger::sent(DrillPart part, bool taken, Tick now) {
  open_.push_back({now, part, taken, false, false});
}

/// The probe that was sent next to this time: answers carry no number.
DrillLedger::Probe* DrillLedger::nearest(Tick sent, Tick now, bool open_only) {
  Probe* found = nullptr;
  std::int64_t distance = 0;
  for (Probe& probe : open_) {
    if (!probe.taken || (open_only && probe.answered) || probe.at > now) continue;
    const std::int64_t far = std::abs((sent - probe.at).count);
    if (found != nullptr && far > distance) continue;
    found = &probe;
    distance = far;
  }
  return found;
}

void DrillLedger::answered(bool delivered, Tick now) {
  Probe* const probe = nearest(now - round_trip_, now, !doubled_);
  if (probe == nullptr) {
    ++strays_;
    return;
  }
  probe->got_out = true;
  probe->answered = probe->answered || delivered;
}

void DrillLedger::seen_around(Tick now) {
  if (Probe* const probe = nearest(now, now, true)) probe->got_out = true;
}

void DrillLedger::end_run(Tick at) {
  if (!in_run_) return;
  in_run_ = false;
  std::int64_t& longest = counts_[static_cast<std::size_t>(run_part_)].outage_ms;
  longest = std::max(longest, (at - run_began_).count);
}

void DrillLedger::close(const Probe& probe) {
  ProbeCount& count = counts_[static_cast<std::size_t>(probe.part)];
  ++count.sent;
  if (probe.answered) return end_run(probe.at);
  ++count.lost;
  count.lost_out += probe.taken ? 0 : 1;
  count.lost_in += probe.got_out ? 1 : 0;
  // Answers that were on their way when the port was taken are lost with it: such a silence is its absence's from
  // there.
  if (in_run_ && run_part_ == DrillPart::before && probe.part != DrillPart::before) end_run(probe.at);
  if (in_run_) return;
  in_run_ = true;
  run_began_ = probe.at;
  run_part_ = probe.part;
}

void DrillLedger::settle(Tick now) {
  while (!open_.empty() && now - open_.front().at >= patience()) {
    close(open_.front());
    open_.pop_front();
  }
}

void DrillLedger::finish(Tick now) {
  Tick last = now;
  for (const Probe& probe : open_) {
    close(probe);
    last = probe.at + every_;
  }
  open_.clear();
  end_run(last);
}

}  // namespace bondbox

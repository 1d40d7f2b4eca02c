#include "firmware/state_keeper.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "hal/linux/memory.hpp"

namespace bondbox {
namespace {

/// The names of the two kinds of work, which go into one file.
constexpr const char* whole_name = "state/bonds";
constexpr const char* beat_name = "state/bonds (alive)";

}  // namespace

std::vector<BondConfig> StateKeeper::recall(const std::string& path, const SavedPlace& here,
                                            std::vector<BondConfig> asked_for, bool whatever_ran,
                                            const std::string* handed) {
  file_ = std::make_shared<lnx::StateFile>(path);
  history_ = std::make_shared<lnx::StateFile>(path + ".events");
  here_ = here;
  note_configured(asked_for);
  const Result<std::vector<std::uint8_t>> found =
      handed != nullptr ? std::vector<std::uint8_t>(handed->begin(), handed->end()) : file_->read();
  const auto tick_of = [this](std::int64_t ms) { return Tick{ms - clock_.monotonic_ms_at(Tick{})}; };
  Outcome outcome = found.ok() ? before_.read(found.value(), here, tick_of, scheduler_.events()) : found.failure();
  if (!outcome.ok()) {
    // There is none after an orderly end.
    if (outcome.error != ENOENT) log_("what the bonds knew is not gone on from: " + outcome.reason);
    recall_history();
    return asked_for;
  }
  std::vector<SavedBond> usable;
  for (SavedBond& saved : before_.bonds) {
    const auto wanted = std::find_if(asked_for.begin(), asked_for.end(),
                                     [&](const BondConfig& bond) { return bond.name == saved.running.name; });
    if (wanted == asked_for.end() && !saved.added && !whatever_ran) continue;
    if (!whatever_ran && wanted != asked_for.end() && saved.asked_for != fingerprint_of(*wanted)) {
      log_(saved.running.name + ": its configuration is another one now, so it begins anew");
      continue;
    }
    if (wanted != asked_for.end()) {
      *wanted = saved.running;
    } else {
      asked_for.push_back(saved.running);
    }
    origins_[saved.running.name] = {saved.asked_for, saved.added};
    usable.push_back(std::move(saved));
  }
  before_.bonds = std::move(usable);
  return asked_for;
}

/// What happened before this start is worth knowing, whatever else is not.
void StateKeeper::recall_history() {
  const Result<std::vector<std::uint8_t>> found = history_->read();
  const auto tick_of = [this](std::int64_t ms) { return Tick{ms - clock_.monotonic_ms_at(Tick{})}; };
  SavedState none;
  if (found.ok()) (void)none.read(found.value(), here_, tick_of, scheduler_.events());
}

std::optional<BondMemory> StateKeeper::memory_of(std::string_view bond) const {
  const std::int64_t zero_ms = clock_.monotonic_ms_at(Tick{});
  for (const SavedBond& saved : before_.bonds)
    if (saved.running.name == bond)
      return BondMemory{saved.memory, Tick{before_.saved_ms - zero_ms}, Tick{before_.alive_ms - zero_ms}};
  return std::nullopt;
}

Outcome StateKeeper::add_bonds(const std::vector<BondConfig>& bonds) {
  for (const BondConfig& bond : bonds) {
    const std::optional<BondMemory> memory = memory_of(bond.name);
    Outcome outcome = scheduler_.add_bond(bond, memory ? &*memory : nullptr);
    if (!outcome.ok() && memory) {
      log_(bond.name + ": it cannot go on, so it begins anew: " + outcome.reason);
      outcome = scheduler_.add_bond(bond);
    }
    if (!outcome.ok()) return Outcome::failed(outcome.error, bond.name + ": " + outcome.reason);
  }
  return Outcome::done();
}

void StateKeeper::note_configured(const std::vector<BondConfig>& bonds) {
  std::erase_if(origins_, [](const auto& origin) { return !origin.second.added; });
  for (const BondConfig& bond : bonds) origins_[bond.name] = {fingerprint_of(bond), false};
}

void StateKeeper::note_added(const BondConfig& bond) {
  Origin& origin = origins_[bond.name];
  origin.added = origin.added || origin.fingerprint == 0;
  origin.fingerprint = fingerprint_of(bond);
}

void StateKeeper::keep() {
  if (!file_) return;
  const Tick now = scheduler_.now();
  std::uint64_t version = scheduler_.handles_version() + scheduler_.events().last_sequence();
  for (const auto& bond : scheduler_.bonds()) version += bond->status_version();
  if (!waits_ && (now >= next_save_ || (version != version_ && now >= next_news_))) {
    version_ = version;
    return save(now);
  }
  if (now < next_beat_) return;
  next_beat_ = now + beat_interval;
  writer_.hand(beat_name, [file = file_, bytes = SavedState::alive_bytes(clock_.monotonic_ms_at(now))] {
    file->put(SavedState::alive_at, bytes);
    return Outcome::done();
  });
}

void StateKeeper::collect(Tick now) {
  before_.bonds.clear();
  bytes_.reserve(size_);
  SavedState state;
  state.place = here_;
  state.saved_ms = clock_.monotonic_ms_at(now);
  for (const auto& bond : scheduler_.bonds()) {
    const Origin& origin = origins_[bond->name()];
    state.bonds.push_back({bond->running_config(), origin.fingerprint, origin.added, {}});
    bond->save(state.bonds.back().memory, now);
  }
  state.write(bytes_, now, scheduler_.events());
  size_ = bytes_.size();
}

void StateKeeper::save(Tick now) {
  collect(now);
  waits_ = true;
  next_news_ = now + busy_interval;
  next_save_ = now + idle_interval;
  next_beat_ = now + beat_interval;
  const bool tidies = now >= next_tidying_;
  if (tidies) next_tidying_ = now + tidy_interval;
  writer_.hand(
      whole_name,
      [file = file_, bytes = std::exchange(bytes_, {}), tidies] {
        Outcome outcome = file->replace(bytes);
        // Going on from what was true some time ago would be worse than to begin anew.
        if (!outcome.ok()) file->remove();
        if (tidies) lnx::give_free_pages_back();
        return outcome;
      },
      [this](const Outcome& outcome) { note(outcome, scheduler_.now()); });
}

Outcome StateKeeper::write_now() {
  collect(scheduler_.now());
  Outcome outcome = file_->replace(bytes_);
  if (!outcome.ok()) file_->remove();
  return outcome;
}

void StateKeeper::note(const Outcome& outcome, Tick now) {
  waits_ = false;
  scheduler_.note_state_kept(outcome.ok());
  if (!outcome.ok()) next_news_ = next_save_ = now + retry_interval;
  say_how(outcome);
}

/// Once for each time that it begins to fail, or works again.
void StateKeeper::say_how(const Outcome& outcome) {
  if (std::exchange(failing_, !outcome.ok()) == failing_) return;
  Event event;
  event.at = scheduler_.now();
  event.kind = outcome.ok() ? EventKind::bond : EventKind::fault;
  event.bond.assign("bondbox");
  event.text.assign(outcome.ok() ? "what the bonds know is kept again for a restart"
                                 : "what the bonds know is not kept for a restart: " + outcome.reason);
  scheduler_.events().record(event);
}

void StateKeeper::forget() {
  if (!file_) return;
  SavedState history;
  history.place = here_;
  history.saved_ms = clock_.monotonic_ms_at(scheduler_.now());
  history.write(bytes_, scheduler_.now(), scheduler_.events());
  writer_.hand(whole_name, [file = std::move(file_), kept = std::move(history_), bytes = std::move(bytes_)] {
    // Without it the next history begins anew, and nothing else is amiss.
    (void)kept->replace(bytes);
    file->remove();
    return Outcome::done();
  });
}

}  // namespace bondbox

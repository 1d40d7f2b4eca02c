#include "firmware/cli/daemon_files.hpp"

#include <algorithm>
#include <utility>

#include "firmware/control_protocol.hpp"
#include "firmware/text.hpp"
#include "hal/linux/background.hpp"

namespace bondbox::cli {
namespace {

/// How long an answer waits at most, and one that is about a file.
constexpr std::int64_t answer_limit_ms = 1'000;
constexpr std::int64_t trace_limit_ms = 3'000;
constexpr std::int64_t late_ms = 2'000;

}  // namespace

DaemonFiles::DaemonFiles(Parts parts)
    : parts_(std::move(parts)),
      status_(parts_.run_dir, parts_.writer),
      keeper_(parts_.scheduler, parts_.clock, parts_.writer,
              [this](const std::string& text) { parts_.say(text, LogLevel::warning); }) {}

// A full disk is no reason to give up a bond that works.
void DaemonFiles::write_pid() {
  parts_.writer.hand(
      pid_file,
      [at = lnx::FileTree(parts_.run_dir)] { return at.write(pid_file, std::to_string(lnx::own_process_id()) + "\n"); },
      [this](const Outcome& outcome) {
        if (!outcome.ok()) parts_.say(outcome.reason, LogLevel::warning);
      });
  pid_number_ = parts_.writer.handed();
}

void DaemonFiles::when_known(std::function<void()> told) {
  told_ = std::move(told);
  tell_by_ms_ = lnx::monotonic_ms() + answer_limit_ms;
  tell_known();
}

void DaemonFiles::tell_known() {
  if (!told_ || (!parts_.writer.has_done(pid_number_) && lnx::monotonic_ms() < tell_by_ms_)) return;
  std::exchange(told_, {})();
}

void DaemonFiles::after_steps() {
  tell_known();
  stay_in_place();
  keeper_.keep();
  const Outcome shown = status_.update(parts_.scheduler.bonds(), parts_.scheduler.now());
  if (!shown.ok()) parts_.say(shown.reason, LogLevel::warning);
  tell_lag();
}

void DaemonFiles::remove_all() {
  parts_.writer.hand(pid_file, [at = lnx::FileTree(parts_.run_dir)] {
    at.remove(pid_file);
    return Outcome::done();
  });
  keeper_.forget();
  status_.remove_all();
}

/// A next init may mount a file system over /run, somebody may remove what is in it: then nobody finds the bonds, and
/// the next start would not know what to give back.
void DaemonFiles::stay_in_place() {
  if (parts_.scheduler.now() < look_at_place_) return;
  look_at_place_ = parts_.scheduler.now() + place_interval;
  if (parts_.run_dir.is_in_place() && parts_.runtime.is_reachable()) {
    (void)parts_.hardware.put_back_notes();  // whoever removes things may not have come to the end
    return;
  }
  Outcome back = parts_.run_dir.is_in_place() ? Outcome::done() : parts_.run_dir.put_back();
  if (back.ok()) back = parts_.runtime.listen(parts_.run_dir.file(control::socket_name));
  if (back.ok()) write_pid();
  const int unwritten = back.ok() ? parts_.hardware.put_back_notes() : 0;
  if (unwritten != 0) back = Outcome::failed(unwritten, "notes of what the ports were cannot be written");
  status_.forget();
  keeper_.keep_now();
  if (back.ok() || back.reason != place_trouble_) {
    parts_.say(parts_.run_dir.path() + " was removed, or hidden by a mount" +
                   (back.ok() ? "; it is there again" : ": " + back.reason),
               LogLevel::warning);
  }
  place_trouble_ = back.reason;
}

void DaemonFiles::tell_lag() {
  const std::int64_t lag_ms = parts_.writer.lag_ms();
  if (lag_ms >= late_ms && !std::exchange(late_, true)) {
    parts_.say("files in " + parts_.run_dir.path() + " are written late, " + parts_.writer.status().waits_for +
                   " waits; the bonds go on",
               LogLevel::warning);
  }
  if (lag_ms < late_ms && std::exchange(late_, false))
    parts_.say("files in " + parts_.run_dir.path() + " are written in time again", LogLevel::info);
}

std::uint64_t DaemonFiles::after_command(std::span<const std::string> words) {
  if (!CommandExecutor::is_question(words)) keeper_.keep_now();
  const Outcome shown = status_.update(parts_.scheduler.bonds(), parts_.scheduler.now());
  if (!shown.ok()) parts_.say(shown.reason, LogLevel::warning);
  return parts_.writer.handed();
}

bool DaemonFiles::may_answer(const control::HeldAnswer& answer) {
  parts_.writer.take_results();
  const bool done = parts_.writer.has_done(answer.number);
  if (!answer.words.empty() && answer.words[0] == "trace" && answer.reply.exit_status == 0) {
    const Outcome& written = parts_.recorder.last_outcome();
    if (!done && lnx::monotonic_ms() - answer.held_since_ms < trace_limit_ms) return false;
    if (!done) answer.reply = {1, "the trace is not written yet: writing files takes long now\n"};
    if (done && !written.ok()) answer.reply = {1, written.reason + "\n"};
    return true;
  }
  // Where nothing has been written for long, nobody is made to wait for it.
  return done || hang();
}

bool DaemonFiles::hang() const {
  return parts_.writer.lag_ms() >= answer_limit_ms;
}

bool DaemonFiles::is_stuck() {
  parts_.writer.take_results();
  return parts_.writer.stuck_ms() >= answer_limit_ms;
}

bool DaemonFiles::is_settled() {
  parts_.writer.take_results();
  return parts_.writer.is_idle() && !parts_.runtime.holds_answers();
}

}  // namespace bondbox::cli

#include "tests/live/support/machine_watch.hpp"

#include <chrono>

#include "tests/lab/support/backlog.hpp"

namespace bondbox::live {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds step{50};
// Nothing that a partner waits for is due sooner than this.
constexpr std::int64_t tolerable_ms = 200;

}  // namespace

MachineWatch::MachineWatch() : dropped_before_(lab::backlog_drops()), thread_([this] { work(); }) {}

MachineWatch::~MachineWatch() {
  stopping_ = true;
  thread_.join();
}

void MachineWatch::work() {
  const auto raise = [](std::atomic<std::int64_t>& longest, std::int64_t late) {
    for (std::int64_t known = longest; late > known && !longest.compare_exchange_weak(known, late);) {
    }
  };
  for (Clock::time_point due = Clock::now(); !stopping_;) {
    due = Clock::now() + step;
    std::this_thread::sleep_until(due);
    const std::int64_t late = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - due).count();
    raise(longest_ms_, late);
    raise(longest_since_taken_ms_, late);
    if (late >= tolerable_ms) late_ms_ += late;
  }
}

std::string MachineWatch::trouble() const {
  const auto in_ms = [](std::int64_t time) { return std::to_string(time) + " ms"; };
  std::string text;
  if (longest_ms_ >= tolerable_ms)
    text = "it stood still for " + in_ms(late_ms_) + " in all, " + in_ms(longest_ms_) + " at a time";
  if (const std::uint64_t dropped = lab::backlog_drops() - dropped_before_; dropped > 0)
    text += (text.empty() ? "it dropped " : ", and dropped ") + std::to_string(dropped) + " frames";
  return text;
}

}  // namespace bondbox::live

#include "tests/live/lacp/machine_watch.hpp"

#include <algorithm>
#include <sstream>

#include "tests/lab/support/daemon.hpp"
#include "tests/live/lacp/pair.hpp"
#include "tests/live/lacp/traffic.hpp"

namespace bondbox::live {
namespace {

constexpr int step_ms = 50;
// Nothing that a partner waits for is due sooner than this.
constexpr std::int64_t tolerable_ms = 200;

/// Frames that found the queue between an interface and the stack full (net.core.netdev_max_backlog), on all CPUs.
std::uint64_t dropped_frames() {
  std::istringstream lines(lab::read_text("/proc/net/softnet_stat"));
  std::uint64_t sum = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::uint64_t processed = 0;
    std::uint64_t dropped = 0;
    if (words >> std::hex >> processed >> dropped) sum += dropped;
  }
  return sum;
}

}  // namespace

MachineWatch::MachineWatch() : thread_([this] { work(); }) {}

MachineWatch::~MachineWatch() {
  stopping_ = true;
  thread_.join();
}

void MachineWatch::work() {
  const std::uint64_t dropped_before = dropped_frames();
  for (std::int64_t before = now_ms(); !stopping_;) {
    sleep_ms(step_ms);
    const std::int64_t now = now_ms();
    const std::int64_t late = now - before - step_ms;
    before = now;
    longest_ms_ = std::max<std::int64_t>(longest_ms_, late);
    if (late >= tolerable_ms) late_ms_ += late;
    dropped_ = dropped_frames() - dropped_before;
  }
}

std::string MachineWatch::trouble() const {
  std::string text;
  if (longest_ms_ >= tolerable_ms)
    text = "it stood still for " + in_ms(late_ms_) + " in all, " + in_ms(longest_ms_) + " at a time";
  if (dropped_ > 0) text += (text.empty() ? "it dropped " : ", and dropped ") + std::to_string(dropped_) + " frames";
  return text;
}

}  // namespace bondbox::live

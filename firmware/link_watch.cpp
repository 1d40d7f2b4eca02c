#include "firmware/link_watch.hpp"

#include <algorithm>

namespace bondbox {
namespace {

/// Received frames for each look. A port that sends as often has its cable looked at as often by what it sends.
constexpr std::uint64_t frames_per_look = 4;

/// What was counted since `before`; nothing where counting began anew.
std::uint64_t grown(std::uint64_t now, std::uint64_t before) noexcept {
  return now >= before ? now - before : 0;
}

}  // namespace

void LinkWatch::poll(const TrafficList& traffic, Ticks interval, Tick now) noexcept {
  std::uint64_t looks = 0;  // until the next poll
  for (const Traffic& port : traffic) {
    Totals& before = totals_[port.port.index];
    const std::uint64_t received = grown(port.received, before.received);
    const std::uint64_t sent = grown(port.sent, before.sent);
    before = {port.received, port.sent};
    if (!port.delivers) continue;
    // A tick is the shortest that can be waited for.
    const std::uint64_t wanted = std::min(received / frames_per_look, static_cast<std::uint64_t>(interval.count));
    if (sent < wanted) looks = std::max(looks, wanted);
  }
  due_.reset();
  if (looks < 2) return;
  pace_ = Ticks{interval.count / static_cast<std::int64_t>(looks)};
  due_ = now + pace_;
}

}  // namespace bondbox

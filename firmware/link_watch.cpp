#include "firmware/link_watch.hpp"

#include <algorithm>

namespace bondbox {
namespace {

/// Received frames for each look. A port that sends as often has its cable looked at as often by what it sends.
constexpr std::int64_t frames_per_look = 4;
/// After so many the rate is judged.
constexpr std::uint64_t frames_judged = 32;

/// What was counted since `before`; nothing where counting began anew.
std::uint64_t grown(std::uint64_t now, std::uint64_t before) noexcept {
  return now >= before ? now - before : 0;
}

}  // namespace

void LinkWatch::note(const TrafficList& traffic, Ticks interval, Tick now) noexcept {
  listed_ = 0;
  for (const Traffic& seen : traffic) {
    listed_ = static_cast<std::uint16_t>(listed_ | 1U << seen.port.index);
    Port& port = ports_[seen.port.index];
    port.heard += grown(seen.received, port.received);
    if (grown(seen.sent, port.sent) != 0) port.assured = now;
    port.received = seen.received;
    port.sent = seen.sent;
    if (!seen.delivers) {
      port.patience.reset();
      port.from = now;
      port.heard = 0;
    } else if (port.heard >= frames_judged || now - port.from >= interval) {
      judge(port, interval, now);
    }
  }
  plan();
}

void LinkWatch::judge(Port& port, Ticks interval, Tick now) noexcept {
  const auto looks = static_cast<std::int64_t>(port.heard) / frames_per_look;
  const bool had_none = !port.patience;
  port.patience.reset();
  // A tick is the shortest that can be waited for, and the next poll is a look as well.
  if (const std::int64_t passed = std::min(now - port.from, interval).count; looks >= 2) {
    port.patience = Ticks{std::max<std::int64_t>(passed / looks, 1)};
    if (had_none) port.assured = now;
  }
  port.from = now;
  port.heard = 0;
}

void LinkWatch::looked(Tick now) noexcept {
  last_look_ = now;
  plan();
}

void LinkWatch::plan() noexcept {
  due_.reset();
  for (std::size_t i = 0; i < max_ports; ++i) {
    const Port& port = ports_[i];
    if ((listed_ >> i & 1) == 0 || !port.patience) continue;
    const Tick due = std::max(port.assured, last_look_) + *port.patience;
    due_ = due_ ? std::min(*due_, due) : due;
  }
}

}  // namespace bondbox

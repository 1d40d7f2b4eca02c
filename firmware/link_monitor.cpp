#include "firmware/link_monitor.hpp"

#include <algorithm>
#include <limits>

namespace bondbox {

void LinkMonitor::start(const LinkSample& sample, const BondOptions& options, Tick now) noexcept {
  const bool by_arp = options.is_judged_by_arp();
  const bool monitored = options.miimon_ms != 0 || by_arp;
  failures_ = 0;
  inspected_ = false;
  since_ = now;
  last_seen_up_ = now;
  delay_began_ = now;
  if (!monitored) {
    state_ = sample.present ? LinkState::up : LinkState::down;
  } else if (!sample.up) {
    state_ = LinkState::down;
  } else {
    state_ = options.updelay_ms != 0 && !by_arp ? LinkState::back : LinkState::up;
    deadline_ = now + ticks_from_ms(options.updelay_ms);
  }
}

LinkMonitor::Change LinkMonitor::move_to(LinkState next, Tick now) noexcept {
  const Change change{state_, next, now - delay_began_};
  if (next == LinkState::down && failures_ < std::numeric_limits<std::uint32_t>::max()) ++failures_;
  state_ = next;
  since_ = now;
  return change;
}

std::optional<LinkMonitor::Change> LinkMonitor::inspect(const LinkSample& sample, const BondOptions& options, Tick now,
                                                        bool& skip_updelay) noexcept {
  inspected_ = true;
  if (sample.up) last_seen_up_ = now;
  switch (state_) {
    case LinkState::up:
      if (sample.up) return std::nullopt;
      delay_began_ = now;
      deadline_ = now + ticks_from_ms(options.downdelay_ms);
      return move_to(options.downdelay_ms != 0 ? LinkState::fail : LinkState::down, now);
    case LinkState::fail:
      if (sample.up) return move_to(LinkState::up, now);
      if (now >= deadline_) return move_to(LinkState::down, now);
      return std::nullopt;
    case LinkState::down:
      if (!sample.up) return std::nullopt;
      delay_began_ = now;
      deadline_ = now + ticks_from_ms(options.updelay_ms);
      if (options.updelay_ms == 0) return move_to(LinkState::up, now);
      break;
    case LinkState::back:
      if (!sample.up) return move_to(LinkState::down, now);
      if (now >= deadline_) {
        skip_updelay = false;
        return move_to(LinkState::up, now);
      }
      break;
  }
  // Waiting out updelay; not when nothing else carries traffic.
  if (skip_updelay) {
    skip_updelay = false;
    return move_to(LinkState::up, now);
  }
  if (state_ == LinkState::back) return std::nullopt;
  return move_to(LinkState::back, now);
}

std::optional<LinkMonitor::Change> LinkMonitor::set(LinkState next, Tick alive, Tick now) noexcept {
  inspected_ = true;
  last_seen_up_ = std::max(last_seen_up_, next == LinkState::up ? now : alive);
  if (next == state_) return std::nullopt;
  delay_began_ = now;
  deadline_ = now;
  return move_to(next, now);
}

Ticks LinkMonitor::delay_left(Tick now) const noexcept {
  if (state_ != LinkState::fail && state_ != LinkState::back) return {};
  return std::max(Ticks{}, deadline_ - now);
}

const char* link_state_text(LinkState state) noexcept {
  switch (state) {
    case LinkState::up:
      return "up";
    case LinkState::fail:
      return "going down";
    case LinkState::down:
      return "down";
    case LinkState::back:
      return "going back";
  }
  return "unknown";
}

const char* link_state_name(LinkState state) noexcept {
  switch (state) {
    case LinkState::up:
      return "up";
    case LinkState::fail:
      return "fail";
    case LinkState::down:
      return "down";
    case LinkState::back:
      return "back";
  }
  return "unknown";
}

}  // namespace bondbox

// What is to leave a little later: ports that an ifdown releases, so that the ifup after it finds them as they were.
#include <algorithm>

#include "firmware/bond.hpp"
#include "firmware/text.hpp"
#include "firmware/trace/tape.hpp"

namespace bondbox {

Outcome Bond::release_later(std::string_view port, Ticks delay) {
  const trace::Tape::Command command(tape_, trace::CommandKind::release_later, name_, port, delay);
  const std::optional<PortId> id = find(port);
  if (!id) return release(port);  // one that is awaited carries nothing that could be spared
  slot(*id).leaves_at = now_ + delay;
  record(EventKind::port, port, -1, "leaves in %s unless it is enslaved again", duration_text(delay.count).c_str());
  return Outcome::done();
}

void Bond::leave_later(Ticks delay) {
  const trace::Tape::Command command(tape_, trace::CommandKind::leave_later, name_, delay);
  leaves_at_ = now_ + delay;
  if (delay.count == 0)
    record(EventKind::bond, {}, -1, "is removed");
  else
    record(EventKind::bond, {}, -1, "is removed in %s unless it is added again", duration_text(delay.count).c_str());
}

void Bond::stay() {
  const trace::Tape::Command command(tape_, trace::CommandKind::stay, name_);
  if (!is_leaving()) return;
  leaves_at_.reset();
  for (const PortId id : order_) slot(id).leaves_at.reset();
  record(EventKind::bond, {}, -1, "stays");
}

void Bond::stand_still(bool keep_below) {
  const trace::Tape::Command command(tape_, trace::CommandKind::stand_still, name_, keep_below);
  give_back("another process is taking over");
  loops_.close("another process is taking over");
  if (offload_.is_open() && !(keep_below && offload_.is_whole())) offload_.close("another process is taking over");
}

void Bond::go_on() {
  const trace::Tape::Command command(tape_, trace::CommandKind::go_on, name_);
  let_go_ = false;
  if (queues_shown_ == 1) open_loops();
  (void)open_offload();
}

bool Bond::is_leaving() const noexcept {
  return next_departure().has_value();
}

std::optional<Tick> Bond::next_departure() const noexcept {
  std::optional<Tick> next = leaves_at_;
  for (const PortId id : order_) {
    const std::optional<Tick>& leaves_at = slot(id).leaves_at;
    if (leaves_at && (!next || *leaves_at < *next)) next = leaves_at;
  }
  return next;
}

void Bond::leave_when_due() {
  if (away_ && now_ >= away_->until) {
    // A step that comes late looks first: what nobody has seen was no drill, and would be seen when it is over.
    const bool looks_now = (options_.miimon_ms != 0 || options_.arp_interval_ms != 0) && now_ >= next_poll_;
    if (looks_now && slot(away_->port).monitor.state() == LinkState::up) {
      away_->until = now_ + Ticks{1};
    } else {
      give_back("its time is over");
    }
  }
  for (std::size_t i = 0; i < order_.size();) {
    const Port& port = slot(order_[i]);
    if (port.leaves_at && now_ >= *port.leaves_at) {
      (void)release(port.name.str());
    } else {
      ++i;
    }
  }
  if (held_up_ && !is_leaving()) {
    held_up_ = false;
    apply(Reconfigured{});
  }
}

}  // namespace bondbox

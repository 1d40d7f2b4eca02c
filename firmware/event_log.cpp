#include "firmware/event_log.hpp"

namespace bondbox {

const char* event_kind_name(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::bond:
      return "bond";
    case EventKind::port:
      return "port";
    case EventKind::link:
      return "link";
    case EventKind::active:
      return "active";
    case EventKind::announce:
      return "announce";
    case EventKind::protocol:
      return "protocol";
    case EventKind::option:
      return "option";
    case EventKind::fault:
      return "fault";
  }
  return "bond";
}

std::string event_line(const Event& event) {
  std::string line = event.bond.str() + ": ";
  if (!event.port.empty()) line += "(slave " + event.port.str() + "): ";
  line += event.text.view();
  return line;
}

void EventLog::record(Event event) {
  event.sequence = ++sequence_;
  Event& slot = ring_[(sequence_ - 1) % capacity];
  slot = event;
  if (listener_) listener_(slot);
}

void EventLog::for_each_after(std::uint64_t after, const std::function<void(const Event&)>& visit) const {
  const std::uint64_t oldest = sequence_ > capacity ? sequence_ - capacity + 1 : 1;
  for (std::uint64_t next = after + 1 > oldest ? after + 1 : oldest; next <= sequence_; ++next) {
    visit(ring_[(next - 1) % capacity]);
  }
}

}  // namespace bondbox

// What frames bring about in a bond, as it passes the tape: read from it when a recording is replayed.
#include "firmware/bond.hpp"
#include "firmware/trace/tape.hpp"
#include "hal/wire/ethernet.hpp"

namespace bondbox {

void Bond::pass_punted() {
  if (!tape_.replaying()) {
    for (const PuntedFrame& frame : forwarder_.punted()) tape_.note(trace::Point::punted, number_, frame);
    return;
  }
  forwarder_.punted().clear();
  while (auto record = tape_.take_note(trace::Point::punted, number_)) {
    PuntedFrame frame;
    trace::Get get(*record);
    get(frame);
    if (frame.bytes.size() < wire::ethernet_header_size || frame.port.index >= max_ports) record->refuse();
    if (tape_.finish(*record)) forwarder_.punted().push_back(frame);
  }
}

/// What frames brought about when the recording was made.
void Bond::replay_frames() {
  using trace::Point;
  for (;;) {
    if (auto wanted = tape_.take_note(Point::buckets, number_)) {
      Forwarder::BucketList list;
      trace::Get get(*wanted);
      get(list);
      if (tape_.finish(*wanted)) decide_buckets(list);
    } else if (auto look = tape_.take_note(Point::look, number_)) {
      if (tape_.finish(*look)) look_and_decide();
    } else if (auto heard = tape_.take_note(Point::heard, number_)) {
      const PortId port{static_cast<std::uint8_t>(heard->number_to(max_ports - 1))};
      ArpMonitor::Heard what;
      trace::Get get(*heard);
      get(what.any);
      get(what.targets_v4);
      get(what.targets_v6);
      if (tape_.finish(*heard)) arp_.note(port, what, now_);
    } else {
      return;
    }
  }
}

void Bond::look_and_decide() {
  const trace::Tape::Scope decides(tape_);
  observe_links(false);
  republish();
}

void Bond::decide_buckets(const Forwarder::BucketList& wanted) {
  const trace::Tape::Scope decides(tape_);
  apply(BucketsWanted{{wanted.data(), wanted.size()}});
  republish();
}

}  // namespace bondbox

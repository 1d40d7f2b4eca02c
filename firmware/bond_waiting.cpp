// Frames on the brink of a decision: what has come by a port and was not read yet when a plan takes from that port what
// it delivered, or the port goes; and what is about to be dropped while a link may have changed unseen.
#include <algorithm>

#include "firmware/bond.hpp"
#include "firmware/trace/tape.hpp"

namespace bondbox {
namespace {

/// Bounds how long a port whose cable still brings frames can hold up the plan: some 10 ms.
constexpr std::size_t frames_max = 4'096;
/// How long after a change of plan the last copies come of what another port has delivered: what one card keeps to
/// itself until it interrupts, and a busy machine takes from one port's queue to the next one's.
constexpr Ticks apart_max = ticks_from_ms(20);

}  // namespace

/// What came until now is delivered by the plan that was in force when it came. `leaving` has left the bond; `its_nic`
/// is there still.
void Bond::read_before(const ForwardingPlan& next, PortId leaving, Nic* its_nic) {
  // A replay has the frames that a policy is told of from the tape.
  if (spare_ == nullptr || tape_.replaying() || !host_) return;
  const auto taken = [&](PortId id) {
    return static_cast<Deliver>(plan_.ports[id.index].deliver & ~next.ports[id.index].deliver);
  };
  // Where one port is to deliver, a second one stands in while that one is going down. When its link is back what waits
  // in the other may be copies; and by the time that it has gone the first one has nothing left that waits.
  const auto delivers_on = [&](PortId id) {
    return (plan_.ports[id.index].deliver & next.ports[id.index].deliver & deliver_unicast) != 0;
  };
  const bool is_single = options_.mode == Mode::active_backup && !options_.all_slaves_active;
  if (is_single && std::any_of(order_.begin(), order_.end(), delivers_on)) return;
  const trace::Tape::Gap beside(tape_);
  if (its_nic != nullptr && taken(leaving) != deliver_nothing) read_waiting(leaving, *its_nic);
  for (const PortId id : order_)
    if (taken(id) != deliver_nothing) read_waiting(id, *slot(id).nic);
}

void Bond::read_waiting(PortId id, Nic& nic) {
  loops_.read_before(id, plan_, newcomers_, nic.has_link());
  for (std::size_t read = 0; read < frames_max; read += spare_->size()) {
    spare_->clear();
    if (nic.receive(*spare_) == 0) return;
    if (watcher_ != nullptr) watcher_->see(id, *spare_, plan_.ports[id.index]);
    deliver(id, *spare_, true);
  }
}

void Bond::deliver(PortId id, PacketBatch& batch, bool leaves) {
  ChangeoverSieve sieve(id, plan_, newcomers_, memory_, leaves);
  forwarder_.port_to_host(batch, id, plan_, *host_, mac_, sieve.if_needed());
}

void Bond::note_newcomers(const ForwardingPlan& next) {
  for (std::size_t i = 0; i < max_ports; ++i) {
    const auto begun = static_cast<Deliver>(next.ports[i].deliver & ~plan_.ports[i].deliver);
    newcomers_.deliver[i] = static_cast<Deliver>((newcomers_.deliver[i] & next.ports[i].deliver) | begun);
  }
  newcomers_.own_macs.clear();
  if (!newcomers_.any()) return;
  newcomers_since_ = now_;
  newcomers_.own_macs.push_back(mac_);
  for (const PortId id : order_) newcomers_.own_macs.push_back(slot(id).mac);
}

/// The port has been read empty. Copies may come by one port a while after the other's.
void Bond::settle_newcomer(PortId id) {
  Deliver& begun = newcomers_.deliver[id.index];
  if (begun == deliver_nothing || now_ < newcomers_since_ + apart_max || loops_.has_waiting(id)) return;
  begun = deliver_nothing;
  if (!newcomers_.any()) memory_.clear();
}

/// Frames on a port that delivers nothing may be the first by the way that a peer has found around a dead cable: the
/// links are looked at before the frames are dropped. And while the active port is going down another one delivers
/// beside it: when its link is back unseen, a switch brings the host's own broadcasts back by the other. `no_port`: the
/// frames are the host's.
void Bond::look_before_dropping(PortId id) {
  if (options_.miimon_ms == 0) return;
  const auto is_back = [this](PortId port) {
    const Port& one = slot(port);
    return one.monitor.state() == LinkState::fail && !one.sample.up && one.nic->has_link();
  };
  const bool delivers = id == no_port || plan_.ports[id.index].deliver != deliver_nothing;
  if (delivers && !has_active_port(options_.mode)) return;
  if (delivers ? std::none_of(order_.begin(), order_.end(), is_back) : !has_lost_link()) return;
  tape_.note(trace::Point::look, number_);
  look_and_decide();
}

}  // namespace bondbox

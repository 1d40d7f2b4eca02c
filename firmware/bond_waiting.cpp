// Frames on the brink of a decision: what has come by a port and was not read yet when a plan takes from that port what
// it delivered, or the port goes; and what is about to be dropped while a link may have changed unseen.
#include <algorithm>
#include <utility>

#include "firmware/bond.hpp"
#include "firmware/trace/tape.hpp"
#include "hal/wire/ethernet.hpp"

namespace bondbox {
namespace {

/// Bounds how long a port whose cable still brings frames can hold up the plan: some 10 ms.
constexpr std::size_t frames_max = 4'096;
constexpr Deliver deliver_groups = deliver_multicast | deliver_broadcast | deliver_link_local;

}  // namespace

/// What came until now is delivered by the plan that was in force when it came. Not what ports of the next plan deliver
/// for the first time: of frames to a group those have copies. `leaving` has left the bond; `its_nic` is there still.
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
  Deliver copied = deliver_nothing;
  for (const PortId id : order_)
    copied |= static_cast<Deliver>(next.ports[id.index].deliver & ~plan_.ports[id.index].deliver & deliver_groups);
  const trace::Tape::Gap beside(tape_);
  if (its_nic != nullptr && taken(leaving) != deliver_nothing) read_waiting(leaving, *its_nic, copied);
  for (const PortId id : order_)
    if (taken(id) != deliver_nothing) read_waiting(id, *slot(id).nic, copied);
}

void Bond::read_waiting(PortId id, Nic& nic, Deliver but) {
  ForwardingPlan last = plan_;
  PortRule& rule = last.ports[id.index];
  rule.deliver = static_cast<Deliver>(rule.deliver & ~but);
  loops_.read_before(id, last, nic.has_link());
  for (std::size_t read = 0; read < frames_max; read += spare_->size()) {
    spare_->clear();
    if (nic.receive(*spare_) == 0) return;
    if (watcher_ != nullptr) watcher_->see(id, *spare_, rule);
    forwarder_.port_to_host(*spare_, id, last, *host_, mac_);
  }
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

/// What came by a port that delivers only since these frames were looked at. Not what the host itself has sent: it left
/// by another port when its own refused it, and a switch brings it to every cable.
void Bond::forward_without_echoes(PortId id, PacketBatch& batch) {
  if (spare_ == nullptr) return forwarder_.port_to_host(batch, id, plan_, *host_, mac_);
  const auto is_ours = [this](const MacAddress& mac) {
    const auto has = [&](PortId port) { return slot(port).mac == mac; };
    return mac == mac_ || std::any_of(order_.begin(), order_.end(), has);
  };
  ForwardingPlan silent = plan_;
  silent.ports[id.index].deliver = deliver_nothing;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const wire::Bytes frame = std::as_const(batch[i]).frame();
    const bool echo = frame.size() >= wire::ethernet_header_size && is_ours(MacAddress::load(frame.data() + 6));
    spare_->clear();
    Packet& copy = spare_->prepare();
    std::copy(frame.begin(), frame.end(), copy.frame_bytes());
    copy.set_length(frame.size());
    copy.set_offload(batch[i].offload());
    spare_->commit();
    forwarder_.port_to_host(*spare_, id, echo ? silent : plan_, *host_, mac_);
  }
}

}  // namespace bondbox

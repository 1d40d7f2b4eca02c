// Mode 6, balance-alb: what is sent is spread as in mode 5, and peers are told by ARP and by neighbour
// advertisements which port to send to.
#pragma once

#include "policies/balanced_ports.hpp"
#include "policies/neighbour_balancer.hpp"
#include "policies/receive_balancer.hpp"

namespace bondbox {

/// Reference: ../ARCHITECTURE.md "Modes 5 and 6"; options as BalanceTlb, and nd_balance.
class BalanceAlb {
 public:
  void handle(const PolicyEvent& event, const BondFacts& facts, Tick now, ActionList& actions);
  ForwardingPlan plan(const BondFacts& facts) const;
  std::optional<Tick> next_deadline() const noexcept;
  std::optional<PortId> active() const noexcept { return ports_.active(); }
  bool skip_updelay(const BondFacts& facts) const noexcept { return !any_port_up(facts); }
  BalanceStatus balance(const BondFacts& facts) const;
  template <class A>
  void archive(A& a) {
    a(ports_, receive_, neighbours_, unsent_, lost_, lost_told_, hearing_, hearing_ticks_, returned_, now_);
  }

 private:
  void note_link(const LinkChanged& link, const BondFacts& facts, ActionList& actions);
  void take_frame(const FramePunted& punted, const BondFacts& facts);
  void send_for_host(wire::Bytes frame, const BondFacts& facts);
  void choose(const wire::EthernetView& view, const BondFacts& facts, SendFrame& out);
  void hear_for(const MacAddress& mac, ActionList& actions);
  void end_hearing(ActionList& actions);
  void speak(const BondFacts& facts, ActionList& actions);

  BalancedPorts ports_;
  ReceiveBalancer receive_;
  NeighbourBalancer neighbours_;
  FixedVector<SendFrame, 64> unsent_;  ///< frames of the host that there was no room for
  std::uint64_t lost_ = 0;
  std::uint64_t lost_told_ = 0;
  /// The active port, while it hears for one that cannot.
  std::optional<PortId> hearing_;
  std::uint32_t hearing_ticks_ = 0;
  RepeatedLessons returned_;
  Tick now_{};
};
static_assert(Policy<BalanceAlb>);

}  // namespace bondbox

// Receive balancing of mode 6: peers are told by ARP which port to send to.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "hal/wire/arp.hpp"
#include "policies/client_rounds.hpp"
#include "policies/policy.hpp"
#include "policies/port_macs.hpp"

namespace bondbox {

/// A table of 256 clients by the XOR of their IPv4 address's bytes. Each is assigned the next port in turn among the
/// fastest that can send, and is told so by replies whose sender hardware address is that port's. Whenever what a
/// client believes is not what is wanted (its port died, ports were spread anew, a broadcast request of the host told
/// everybody the bond's address), it is told again by two replies a round.
///
/// A request that the host sends puts the next round off, so that it cannot be overtaken by the request (reference: the
/// kernel driver, recorded and observed).
class ReceiveBalancer {
 public:
  /// An ARP packet of the host's, about to leave. Which port it must leave on; none: the active one, unchanged.
  struct Sent {
    std::optional<PortId> port;
    bool rewrite_sender = false;  ///< a reply: its sender hardware address becomes the port's
  };
  Sent sent(const wire::ArpView& arp, VlanId vlan, const BondFacts& facts, std::optional<PortId> active,
            const PortMacs& macs);
  /// An ARP packet from a peer, or one of ours that a switch has brought back.
  void received(const wire::ArpView& arp, const BondFacts& facts);

  /// A port went down or left: its clients go to the others.
  void port_lost(PortId port, const BondFacts& facts) { rounds_.port_lost(port, facts); }
  /// The port that was lost is gone, and nobody hears for it: its clients do not wait for the round that would be due.
  void hurry() noexcept { rounds_.hurry(); }
  /// A port can send now: with the next tick clients are spread anew.
  void order_spread() noexcept { rounds_.order_spread(); }
  /// The port's address is another now: its clients must hear of it.
  void address_moved(PortId port) { rounds_.address_moved(port); }
  /// A tenth of a second has passed.
  void tick(const BondFacts& facts);

  /// Replies of the current round leave as there is room for them.
  void speak(const PortMacs& macs, ActionList& actions);
  bool waiting() const noexcept { return rounds_.waiting(); }
  std::array<std::uint32_t, max_ports> clients_of_ports() const noexcept;
  /// Clients that lost their place in the table to another.
  std::uint64_t replaced() const noexcept { return replaced_; }
  template <class A>
  void archive(A& a) {
    a(rounds_, replaced_);
  }

 private:
  using Client = ClientRounds::Client;

  std::optional<PortId> choose(const wire::ArpView& arp, VlanId vlan, const BondFacts& facts,
                               std::optional<PortId> active);
  void forget_host(const wire::ArpView& arp);

  ClientRounds rounds_{ClientRounds::Pause::stands_still};
  std::uint64_t replaced_ = 0;
};

}  // namespace bondbox

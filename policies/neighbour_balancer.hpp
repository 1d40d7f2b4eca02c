// Receive balancing of mode 6 for IPv6: peers are told by neighbour advertisements which port to send to. bondbox's
// own.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "hal/wire/ethernet.hpp"
#include "hal/wire/nd.hpp"
#include "policies/client_rounds.hpp"
#include "policies/policy.hpp"
#include "policies/port_macs.hpp"

namespace bondbox {

/// A table of 256 clients. A client is a station that has asked for one of the host's addresses: that is what its
/// neighbour cache holds. It is assigned the next port in turn among the fastest that can send; the answer of the host
/// leaves there, rewritten to name that port's address. When its port died or left, when ports were spread anew or an
/// address has moved, it is told by unsolicited advertisements (RFC 4861 7.2.6, override set) to it alone.
///
/// A solicitation of the host names the bond's address and so undoes what the one who is asked was told. The answer to
/// it shows that it has arrived: with the next round that client is told again.
///
/// An address that is no longer the host's is not spoken for.
class NeighbourBalancer {
 public:
  /// On which port an advertisement of the host's must leave, with that port's address in it. None: the active port,
  /// unchanged: it is no answer to one station, or not about an address of the host's own, or does not override.
  std::optional<PortId> sent(const wire::EthernetView& frame, const BondFacts& facts, std::optional<PortId> active);
  /// Any frame of neighbour discovery from a peer, or one of ours that a switch has brought back.
  void received(const wire::EthernetView& frame, const BondFacts& facts, const PortMacs& macs);

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
  /// nd_balance was turned off: in one round all are told the active port's address, and are forgotten.
  void dismiss(std::optional<PortId> active, const BondFacts& facts);

  /// Advertisements of the current round leave as there is room for them.
  void speak(const BondFacts& facts, const PortMacs& macs, ActionList& actions);
  bool waiting() const noexcept { return rounds_.waiting(); }

  void add_clients(std::array<std::uint32_t, max_ports>& counts) const noexcept { rounds_.add_clients(counts); }
  /// Clients that another has taken the place of.
  std::uint64_t replaced() const noexcept { return replaced_; }
  template <class A>
  void archive(A& a) {
    a(rounds_, dismissing_, replaced_);
  }

 private:
  using Client = ClientRounds::Client;

  static std::uint8_t index_of(const IpAddress& client, const IpAddress& host) noexcept;
  Client* find(const MacAddress& mac, const IpAddress& host_ip, VlanId vlan) noexcept;
  Client* admit(const wire::EthernetView& frame, const IpAddress& ip, const IpAddress& host_ip,
                std::optional<PortId> active);
  void forget_lost_addresses(const BondFacts& facts);
  bool notify(const Client& client, const BondFacts& facts, const PortMacs& macs, ActionList& actions) const;

  ClientRounds rounds_{ClientRounds::Pause::goes_on};
  bool dismissing_ = false;  ///< the current round is the last
  std::uint64_t replaced_ = 0;
};

}  // namespace bondbox

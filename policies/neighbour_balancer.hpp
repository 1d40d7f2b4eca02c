// Receive balancing of mode 6 for IPv6: peers are told by neighbour advertisements which port to send to. bondbox's
// own.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "hal/wire/ethernet.hpp"
#include "hal/wire/nd.hpp"
#include "policies/policy.hpp"
#include "policies/port_macs.hpp"
#include "policies/port_turn.hpp"

namespace bondbox {

/// A table of 256 clients. A client is a station that has asked for one of the host's addresses: that is what its
/// neighbour cache holds. It is assigned the next port in turn among the fastest that can send; the answer of the host
/// leaves there, rewritten to name that port's address. When its port died or left, when ports were spread anew or an
/// address has moved, it is told by unsolicited advertisements (RFC 4861 7.2.6, override set) to it alone.
///
/// A solicitation of the host names the bond's address and so undoes what the one who is asked was told. The answer to
/// it shows that it has arrived: with the next round that client is told again.
///
/// Rounds as in ReceiveBalancer, in tenths of a second: two advertisements to a client, none for two seconds after,
/// three more rounds after a port was lost. An address that is no longer the host's is not spoken for.
class NeighbourBalancer {
 public:
  static constexpr std::uint32_t update_delay = 20;
  static constexpr std::uint32_t update_retries = 3;
  static constexpr std::size_t burst = 2;

  /// On which port an advertisement of the host's must leave, with that port's address in it. None: the active port,
  /// unchanged: it is no answer to one station, or not about an address of the host's own, or does not override.
  std::optional<PortId> sent(const wire::EthernetView& frame, const BondFacts& facts, std::optional<PortId> active);
  /// Any frame of neighbour discovery from a peer, or one of ours that a switch has brought back.
  void received(const wire::EthernetView& frame, const BondFacts& facts, const PortMacs& macs);

  /// A port went down or left: its clients go to the others.
  void port_lost(PortId port, const BondFacts& facts);
  /// A port can send now: with the next tick clients are spread anew.
  void order_spread() noexcept { spread_ordered_ = true; }
  /// The port's address is another now: its clients must hear of it.
  void address_moved(PortId port);
  /// A tenth of a second has passed.
  void tick(const BondFacts& facts);
  /// nd_balance was turned off: in one round all are told the active port's address, and are forgotten.
  void dismiss(std::optional<PortId> active, const BondFacts& facts);

  /// Advertisements of the current round leave as there is room for them.
  void speak(const BondFacts& facts, const PortMacs& macs, ActionList& actions);
  bool waiting() const noexcept { return in_round_ || !farewells_.empty(); }

  void add_clients(std::array<std::uint32_t, max_ports>& counts) const noexcept;
  /// Clients that another has taken the place of.
  std::uint64_t replaced() const noexcept { return replaced_; }

 private:
  static constexpr std::size_t table_size = 256;
  static constexpr std::uint16_t nobody = table_size;

  struct Client {
    IpAddress host_ip;  ///< ours, that the client has asked for
    IpAddress ip;
    MacAddress mac;
    PortId port = no_port;  ///< no_port: no port can send
    VlanId vlan;
    std::uint16_t next = nobody;  ///< entered before it
    bool assigned = false;
    bool outdated = false;          ///< believes something else than it should
    std::uint8_t notices_left = 0;  ///< of the current round
  };

  static std::uint16_t index_of(const IpAddress& client, const IpAddress& host) noexcept;
  Client* find(const MacAddress& mac, const IpAddress& host_ip, VlanId vlan) noexcept;
  Client* admit(const wire::EthernetView& frame, const IpAddress& ip, const IpAddress& host_ip,
                std::optional<PortId> active);
  void remove(std::uint16_t index);
  void mark_outdated(Client& client);
  void spread(const BondFacts& facts);
  void forget_lost_addresses(const BondFacts& facts);
  void begin_round();
  bool notify(const Client& client, const BondFacts& facts, const PortMacs& macs, ActionList& actions) const;

  std::array<Client, table_size> table_;
  std::uint16_t newest_ = nobody;  ///< clients are gone through from the newest to the oldest
  PortTurn turn_;
  bool outdated_ = false;  ///< somebody must be told
  bool spread_ordered_ = false;
  bool in_round_ = false;
  bool dismissing_ = false;  ///< the current round is the last
  /// Clients that another has taken the place of, and that go to the active port: told once.
  FixedVector<Client, 8> farewells_;
  std::uint32_t delay_left_ = 0;
  std::uint32_t retries_left_ = 0;
  std::uint64_t replaced_ = 0;
};

}  // namespace bondbox

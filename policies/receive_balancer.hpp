// Receive balancing of mode 6: peers are told by ARP which port to send to.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "hal/wire/arp.hpp"
#include "policies/policy.hpp"
#include "policies/port_macs.hpp"
#include "policies/port_turn.hpp"

namespace bondbox {

/// A table of 256 clients by the XOR of their IPv4 address's bytes. Each is assigned the next port in turn among the
/// fastest that can send, and is told so by replies whose sender hardware address is that port's. Whenever what a
/// client believes is not what is wanted (its port died, ports were spread anew, a broadcast request of the host told
/// everybody the bond's address), it is told again by two replies a round.
///
/// Time is counted in tenths of a second. A round that has told somebody is followed by none for two seconds; a request
/// that the host sends puts the next round off likewise, so that it cannot be overtaken by the request. After a port
/// was lost, or its address has moved, there are four rounds (reference: the kernel driver, recorded and observed).
class ReceiveBalancer {
 public:
  static constexpr std::uint32_t update_delay = 20;   ///< ticks without a round after one, and after a request
  static constexpr std::uint32_t update_retries = 3;  ///< more rounds after a port was lost
  static constexpr std::size_t burst = 2;             ///< replies to a client in one round

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
  void port_lost(PortId port, const BondFacts& facts);
  /// A port can send now: with the next tick clients are spread anew.
  void order_spread() noexcept { spread_ordered_ = true; }
  /// The port's address is another now: its clients must hear of it.
  void address_moved(PortId port);
  /// A tenth of a second has passed.
  void tick(const BondFacts& facts);

  /// Replies of the current round leave as there is room for them.
  void speak(const PortMacs& macs, ActionList& actions);
  bool waiting() const noexcept { return in_round_ || !farewells_.empty(); }
  std::array<std::uint32_t, max_ports> clients_of_ports() const noexcept;

 private:
  static constexpr std::size_t table_size = 256;
  static constexpr std::uint16_t nobody = table_size;

  struct Client {
    IpAddress host_ip;  ///< ours, that the client speaks to
    IpAddress ip;
    MacAddress mac;         ///< no station's address: not known yet
    MacAddress host_mac;    ///< under which the host spoke
    PortId port = no_port;  ///< no_port: no port can send
    VlanId vlan;
    std::uint16_t next = nobody;  ///< entered before it
    bool assigned = false;
    bool asked = false;             ///< by the host; its answer makes it be told
    bool outdated = false;          ///< believes something else than it should
    std::uint8_t replies_left = 0;  ///< of the current round
  };

  bool reply(const Client& client, const PortMacs& macs, ActionList& actions) const;
  std::optional<PortId> choose(const wire::ArpView& arp, VlanId vlan, const BondFacts& facts,
                               std::optional<PortId> active);
  void enter(Client& client, std::uint16_t index);
  void remove(std::uint16_t index);
  void mark_outdated(Client& client);
  void forget_host(const wire::ArpView& arp);
  void spread(const BondFacts& facts);
  void begin_round();

  std::array<Client, table_size> table_;
  std::uint16_t newest_ = nobody;  ///< clients are gone through from the newest to the oldest
  PortTurn turn_;
  bool outdated_ = false;  ///< somebody must be told
  bool spread_ordered_ = false;
  bool in_round_ = false;
  /// Clients that another has taken the place of, and that go to the active port: told once.
  FixedVector<Client, 8> farewells_;
  std::uint32_t delay_left_ = 0;
  std::uint32_t retries_left_ = 0;
};

}  // namespace bondbox

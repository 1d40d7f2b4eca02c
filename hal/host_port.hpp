// Contract: the one interface that the host sees (bond0). Frames that the host sends come out of receive();
// frames for the host go into transmit().
//
// Destroying it takes the interface away. No call blocks or throws.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hal/nic.hpp"
#include "hal/outcome.hpp"
#include "hal/packet.hpp"
#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/host_address.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox {

/// How the host would reach an address, as its routes stand now.
struct HostPath {
  bool through_here = false;  ///< through this port, a VLAN interface on it, or its bridge; the rest is unset if not
  VlanId vlan;
  IpAddress source;  ///< of the asked family; all zero when the interface has no address
  MacAddress mac;    ///< of the interface that the frame would leave by
  friend constexpr bool operator==(const HostPath&, const HostPath&) = default;
};

/// An IPv4 multicast group that the host has joined on this port or on a VLAN interface on top of it.
struct HostGroup {
  IpAddress group;
  VlanId vlan;
  IpAddress source;          ///< the holder's address; all zero when it has none
  MacAddress mac;            ///< of the interface that joined
  std::uint8_t version = 3;  ///< of IGMP, as the interface speaks it now: 1, 2 or 3
  friend constexpr bool operator==(const HostGroup&, const HostGroup&) = default;
};

class HostPort : public Channel {
 public:
  virtual std::string_view name() const noexcept = 0;
  /// What the host calls the interface now: somebody may have renamed it. name() stays.
  virtual std::string_view interface_name() const noexcept { return name(); }
  virtual MacAddress mac() const noexcept = 0;
  virtual Outcome set_mac(MacAddress mac) = 0;
  virtual std::uint32_t mtu() const noexcept = 0;
  virtual Outcome set_mtu(std::uint32_t mtu) = 0;

  /// Whether the host's stack sees a cable in this port.
  virtual Outcome set_carrier(bool on) = 0;
  /// How many queues the host may put frames in: those of queue N < count come out with Packet::queue() N, all that the
  /// host does not put anywhere in particular with 0. Frames that wait in a queue which is taken away still come out.
  /// EOPNOTSUPP where there is but one.
  virtual Outcome set_queues(std::size_t count) = 0;
  /// False: somebody deleted the interface. The object stays usable, as a Nic whose interface has vanished.
  virtual bool is_present() const noexcept = 0;
  /// It was left by a process that was killed, and goes on as it was found: MAC, carrier, addresses.
  virtual bool was_taken_over() const noexcept { return false; }
  /// It goes on as another process had it, with what waits in it, and is not to be set up anew.
  virtual bool was_handed_over() const noexcept { return false; }
  /// Whether the host is shown a cable, as last set.
  virtual bool shows_carrier() const noexcept { return true; }
  /// Whether the host has set the interface up.
  virtual bool is_up() const noexcept = 0;
  /// Whether something above wants every frame (a bridge, a capture, a macvlan).
  virtual bool is_promiscuous() const noexcept = 0;

  /// Whether somebody has put a queueing discipline of their own (htb, tbf, netem) between the host and this port. What
  /// is carried below the daemon would pass it by.
  virtual bool has_queueing() const noexcept { return false; }

  /// As last learned; tentative and duplicate IPv6 addresses are left out. IPv4 first, then IPv6, in the host's order.
  virtual std::span<const HostAddress> addresses() const noexcept = 0;
  /// VLAN interfaces on top of this port, each identifier once, in the host's order.
  virtual std::span<const VlanId> vlans() const noexcept = 0;
  /// Asks the host's routing table now. ENETUNREACH: the host has no route at all.
  virtual Result<HostPath> path_to(const IpAddress& target) const = 0;
  /// Appends the groups joined now (all-hosts left out, 224.0.0.0/24 too unless the host reports those) until `groups`
  /// is full.
  virtual void append_groups(FixedVector<HostGroup, 64>& groups) const = 0;
  /// Gives the host an address with its prefix length, once the interface exists. EEXIST is not an error.
  virtual Outcome add_address(const IpPrefix& prefix) = 0;
  virtual Outcome remove_address(const IpPrefix& prefix) = 0;
  /// The default route of the gateway's family, through this port; an old one through this port is replaced.
  virtual Outcome set_gateway(const IpAddress& gateway) = 0;
  virtual Outcome remove_gateway(const IpAddress& gateway) = 0;
  virtual Outcome set_up(bool up) = 0;

  bool has_link() override { return is_present(); }
  /// Channel::wait_handle() is that of the first queue; this gives those of all, and others after set_queues().
  virtual void append_wait_handles(std::vector<int>& handles) const {
    if (wait_handle() >= 0) handles.push_back(wait_handle());
  }

  /// As those of Nic. Only a port that was made for several channels has more than one, and none while it has queues.
  virtual Result<std::unique_ptr<Channel>> open_channel() {
    return Outcome::failed(EOPNOTSUPP, std::string(name()) + " has one channel only");
  }
  virtual Outcome spread_flows(bool) { return Outcome::done(); }
};

}  // namespace bondbox

// Contract: a network interface card as a port of a bond uses it.
//
// A Nic exists while it is claimed: making one (Hardware::open_nic) brings the interface up and fences it off from the
// host's own network stack; destroying it MUST give the interface back as it was found: MAC, MTU, flags, fence.
// No call blocks. No call throws. A Nic whose interface vanishes MUST stay usable as an object: link() says
// present = false, receive() gives what had come until then and after that nothing, transmit() refuses, setters fail
// with ENODEV.
#pragma once

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "hal/channel.hpp"
#include "hal/link.hpp"
#include "hal/outcome.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox {

/// How a NIC is kept off its cable for a while, to see what becomes of a bond without it.
enum class Away : std::uint8_t {
  no,
  pretend,  ///< it says that it has no link, takes no frames and gives none; the far end notices nothing
  down,     ///< it is set down, which the far end sees as a lost link
};

class Nic : public Channel {
 public:
  /// The name it was opened by; stays the same when the interface is renamed or vanishes.
  virtual std::string_view name() const noexcept = 0;
  /// The hardware's own address (ethtool's permanent address; where there is none, the MAC found when opened).
  virtual MacAddress permanent_mac() const noexcept = 0;
  virtual MacAddress mac() const noexcept = 0;
  /// After ok(), frames to `mac` MUST be received and frames sent may carry it. Fails with EADDRNOTAVAIL for an
  /// address that is not a station's, EOPNOTSUPP where the driver cannot, ENODEV.
  virtual Outcome set_mac(MacAddress mac) = 0;
  virtual std::uint32_t mtu() const noexcept = 0;
  /// Fails with EINVAL outside the driver's range.
  virtual Outcome set_mtu(std::uint32_t mtu) = 0;
  /// On: every frame on the wire is received. Off: frames to mac(), broadcast and all multicast.
  virtual Outcome set_promiscuous(bool on) = 0;

  /// Takes the NIC off its cable, or puts it back. Ends with the Nic. Where a process is killed before, the NIC MUST be
  /// up again when it is opened the next time, or given back as it was found. EOPNOTSUPP where it cannot be done.
  virtual Outcome set_away(Away) { return Outcome::failed(EOPNOTSUPP, std::string(name()) + " cannot be taken away"); }

  /// It goes on as another process had it, and is not to be set up anew.
  virtual bool was_handed_over() const noexcept { return false; }

  /// Reads the PHY now. MUST be cheap enough for every tick (no speed negotiation, no waiting).
  virtual LinkSample link() = 0;
  /// Whether the interface is set up, of which a link is a part; for who asks, not for deciding. A NIC that cannot tell
  /// says yes.
  virtual bool is_set_up() const { return true; }
  /// Whether link() would say now that the link which it last said is there has gone; asked up to once a tick between
  /// two polls. A NIC that cannot tell at a small fraction of the cost of link() says no.
  bool has_lost_link() override { return false; }
  /// How link() reads from now on. A NIC that has one way only ignores it.
  virtual void set_link_source(LinkSource) {}

  bool has_link() override { return link().up; }
  /// Of data; append_wait_handles() gives all, for a NIC may keep frames of protocols apart from data.
  virtual void append_wait_handles(std::vector<int>& handles) const {
    if (wait_handle() >= 0) handles.push_back(wait_handle());
  }

  /// Opens one more channel, which MUST be destroyed before the Nic. Nothing comes out of it before spread_flows(true).
  /// EOPNOTSUPP where there is but the one that the Nic is itself.
  virtual Result<std::unique_ptr<Channel>> open_channel() {
    return Outcome::failed(EOPNOTSUPP, std::string(name()) + " has one channel only");
  }
  /// On: what comes in is spread over all channels by flow. Off, as at first: it comes out of the Nic itself; what
  /// waits in other channels still comes out of them.
  virtual Outcome spread_flows(bool) { return Outcome::done(); }
};

}  // namespace bondbox

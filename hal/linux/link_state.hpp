// Which of a driver's ways to tell its link is believed. Drivers differ: some answer ETHTOOL_GLINK, some only the MII
// registers, some neither; the kernel's own carrier bit always answers but is wrong for drivers that never touch it.
// The decision is kept apart from the ioctls so that it is tested without hardware.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

#include "hal/hardware.hpp"
#include "hal/link.hpp"

namespace bondbox::lnx {

struct LinkSpeed {
  std::uint32_t speed_mbps = 0;  ///< 0: unknown
  Duplex duplex = Duplex::unknown;
};

/// What can be asked of one interface. The link probes answer 1: link, 0: no link or administratively down, or a
/// negative errno: this driver does not tell. ENODEV is no exception: phylib says it for a port without a PHY. Whether
/// the interface exists at all is the caller's to know.
struct LinkProbes {
  std::function<int()> read_ethtool;  ///< ETHTOOL_GLINK
  std::function<int()> read_mii;      ///< the PHY's basic mode status register
  std::function<int()> read_carrier;  ///< the carrier bit of the kernel's network device
  std::function<LinkSpeed()> read_speed;
  /// How often the carrier has gone since the interface was made; negative: not told. To be much cheaper than the
  /// others.
  std::function<std::int64_t()> count_losses = nullptr;
};

/// Answers with the first probe that works, in the order that the LinkSource asks for, and stays with it, so that a
/// poll costs one question. When that probe fails, all are tried again in order.
class LinkReader {
 public:
  LinkReader(LinkProbes probes, LinkSource source);

  /// Starts over: all probes are tried, in the order that this source asks for.
  void set_source(LinkSource source) noexcept;

  /// `now_ms` only limits how often the speed is read: when the link comes or goes, and once a
  /// second while it is up.
  LinkSample read(std::int64_t now_ms);

  /// Link or no link, nothing else. Asks no probe while there was a link at the last look and no carrier loss has been
  /// counted since.
  bool has_link();

  /// Whether the probe in use is cheap enough to be asked between polls: a PHY register costs up to 100 us on a slow
  /// management bus.
  bool is_cheap() const noexcept { return in_use_ == ethtool; }

  /// "ethtool", "mii", "carrier", or "none" before the first answer.
  std::string_view serving() const noexcept;

 private:
  enum Probe : std::uint8_t { ethtool, mii, carrier, none };
  int ask(Probe probe);
  int ask_all();

  LinkProbes probes_;
  std::array<Probe, 3> order_;
  Probe in_use_ = none;
  bool had_link_ = false;
  std::int64_t losses_ = -1;  ///< at the last look of has_link()
  LinkSample last_;
  std::int64_t speed_read_ms_ = 0;
};

/// What a basic mode status register (IEEE 802.3 clause 22.2.4.2) says: 1 or 0, or -EIO when no PHY can have said it.
/// `first` and `second` are two reads in a row: link status latches low, so only the second tells of now.
int link_from_bmsr(std::uint16_t first, std::uint16_t second) noexcept;

}  // namespace bondbox::lnx

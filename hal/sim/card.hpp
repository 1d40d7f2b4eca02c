// One simulated network card: what its hardware remembers, whoever has claimed it. SimWorld moves frames between cards;
// SimNic is a card through the eyes of a bond.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "hal/link.hpp"
#include "hal/sim/frame_queue.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::sim {

class SwitchBox;

/// What a card is made as; a card that is taken out and put back is like this again.
struct NicSpec {
  std::string name;  ///< as a Linux interface's: 1 to 15 characters, no '/', no white space
  MacAddress mac;    ///< the permanent one
  std::uint32_t speed_mbps = 1000;
  Duplex duplex = Duplex::full;
  std::uint32_t mtu = 1500;
  bool up = true;  ///< administratively, before anyone claims it
  bool can_set_mac = true;
  std::uint32_t mtu_max = 65'535;
};

/// Frames since the card was made.
struct CardCounters {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;  ///< taken into the receive queue
  std::uint64_t filtered = 0;  ///< seen on the cable, for somebody else
  std::uint64_t lost = 0;      ///< no room in the receive queue
};

struct Card {
  static constexpr std::size_t queue_frames_max = 1024;
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  // A world is made for each input, and AddressSanitizer marks every byte of it.
  static constexpr std::size_t queue_bytes_max = std::size_t{256} << 10;
#else
  static constexpr std::size_t queue_bytes_max = std::size_t{4} << 20;
#endif

  explicit Card(NicSpec specification) : spec(std::move(specification)) {
    power_on();
  }

  void power_on() {
    mac = spec.mac;
    mtu = spec.mtu;
    speed_mbps = spec.speed_mbps;
    duplex = spec.duplex;
    up = spec.up;
    promiscuous = false;
    claimed = false;
    left.reset();
    received.clear();
  }

  NicSpec spec;
  bool present = true;
  std::uint64_t incarnation = 0;  ///< grows each time the card is taken out: a handle on an older one is dead
  bool claimed = false;
  /// As whoever claimed it has found it, to be given back.
  struct Found {
    MacAddress mac;
    std::uint32_t mtu = 0;
    bool up = false;
    bool promiscuous = false;
  };
  Found found;                ///< while it is claimed
  std::optional<Found> left;  ///< by a process that was killed, with nothing given back
  bool up = true;
  bool has_link = true;  ///< set by whoever plays the cable puller
  bool silent = false;   ///< light on the cable, and no frames
  bool mute = false;     ///< light on the cable, and no frames out of this end
  bool promiscuous = false;
  MacAddress mac;
  std::uint32_t mtu = 0;
  std::uint32_t speed_mbps = 0;
  Duplex duplex = Duplex::unknown;
  bool carrier = false;  ///< as SimWorld last worked it out

  // The far end of the cable: nothing, a card, or a switch's port.
  Card* far_card = nullptr;
  SwitchBox* far_switch = nullptr;
  std::size_t far_port = 0;

  std::size_t refusals_left = 0;
  int refusal_error = 0;
  CardCounters counters;
  FrameQueue received{queue_frames_max, queue_bytes_max};
  FrameQueue sent{queue_frames_max, queue_bytes_max};  ///< only what left on a cable with no other end

  bool has_cable_end() const noexcept {
    return far_card != nullptr || far_switch != nullptr;
  }
  /// Whether this end lights the cable.
  bool lights() const noexcept {
    return present && up && has_link;
  }
};

}  // namespace bondbox::sim

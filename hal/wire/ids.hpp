// The small values that everything else is keyed by: which port, which VLAN, which tick.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace bondbox {

/// Most ports one bond can have. Sets the size of every per-port array.
inline constexpr std::size_t max_ports = 16;

/// A port's place in its bond: its slot from enslaving to release, 0 .. max_ports - 1.
/// A slot that was released may be given to a later port; the order of ports is kept apart from it.
struct PortId {
  std::uint8_t index = 0;
  friend constexpr auto operator<=>(PortId, PortId) = default;
};

/// A VLAN identifier (IEEE 802.1Q, 12 bits). 0 means "no tag".
struct VlanId {
  std::uint16_t value = 0;
  constexpr bool tagged() const noexcept { return value != 0; }
  friend constexpr auto operator<=>(VlanId, VlanId) = default;
};

/// A span of time in ticks. One tick is one millisecond, everywhere.
struct Ticks {
  std::int64_t count = 0;
  friend constexpr auto operator<=>(Ticks, Ticks) = default;
  friend constexpr Ticks operator+(Ticks a, Ticks b) noexcept { return {a.count + b.count}; }
  friend constexpr Ticks operator-(Ticks a, Ticks b) noexcept { return {a.count - b.count}; }
};

constexpr Ticks ticks_from_ms(std::int64_t milliseconds) noexcept {
  return {milliseconds};
}

/// A point in time: the number of the tick since the program started. The only time that policies,
/// monitors and the forwarder know; it reaches them as an argument.
struct Tick {
  std::int64_t number = 0;
  friend constexpr auto operator<=>(Tick, Tick) = default;
  friend constexpr Tick operator+(Tick a, Ticks b) noexcept { return {a.number + b.count}; }
  friend constexpr Tick operator-(Tick a, Ticks b) noexcept { return {a.number - b.count}; }
  friend constexpr Ticks operator-(Tick a, Tick b) noexcept { return {a.number - b.number}; }
};

}  // namespace bondbox

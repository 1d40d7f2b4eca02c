// Frames as they may come out of a wire, right or wrong, made from a seed.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "hal/wire/mac_address.hpp"

namespace bondbox::test {

/// Everything follows from the seed; the standard fixes the engine's numbers, not those of its distributions.
class Chance {
 public:
  explicit Chance(std::uint32_t seed) : engine_(seed) {}
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(engine_()) % limit; }
  bool one_in(std::uint32_t count) { return below(count) == 0; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(engine_()); }
  template <class T, std::size_t N>
  const T& one_of(const std::array<T, N>& list) {
    return list[below(static_cast<std::uint32_t>(N))];
  }

 private:
  std::mt19937 engine_;
};

/// A whole frame between some of these addresses: IPv4 with options, fragments, IGMP, ICMP errors that quote a packet,
/// ESP, GRE, IP in IP; IPv6 with extension headers, neighbour discovery; ARP; slow protocols; up to two VLAN tags (now
/// and then nine); lengths that lie; or nothing but noise.
std::vector<std::uint8_t> random_wire_frame(Chance& chance, const std::vector<MacAddress>& addresses);

}  // namespace bondbox::test

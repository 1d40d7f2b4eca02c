#include "policies/lacp/port.hpp"

#include <array>

namespace bondbox::lacp {
namespace {

/// The number of a speed is its place here; anything else is 0.
constexpr std::array<std::uint32_t, 18> speeds_mbps = {0,      1,      10,      100,     1'000,   2'500,
                                                       5'000,  10'000, 14'000,  20'000,  25'000,  40'000,
                                                       50'000, 56'000, 100'000, 200'000, 400'000, 800'000};

}  // namespace

std::uint16_t port_key(std::uint16_t user_key, bool enabled, std::uint32_t speed_mbps, Duplex duplex) noexcept {
  std::uint16_t key = static_cast<std::uint16_t>(user_key << 6);
  if (!enabled) return key;
  for (std::size_t number = 1; number < speeds_mbps.size(); ++number)
    if (speeds_mbps[number] == speed_mbps) key = static_cast<std::uint16_t>(key | (number << 1));
  if (duplex == Duplex::full) key = static_cast<std::uint16_t>(key | 1);
  return key;
}

}  // namespace bondbox::lacp

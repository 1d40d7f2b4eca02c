// What modes 5 and 6 show of their balancing, as values.
#pragma once

#include <array>
#include <cstdint>

#include "hal/wire/ids.hpp"
#include "policies/plan.hpp"

namespace bondbox {

struct BalanceStatus {
  std::array<std::uint32_t, max_ports> buckets{};           ///< how many of the 256 each port has, by PortId::index
  std::array<std::uint64_t, max_ports> load_bytes_per_s{};  ///< sent on each in the last full round
  std::array<std::uint32_t, max_ports> clients{};           ///< mode 6: peers told to send to this port
  std::uint64_t clients_replaced = 0;  ///< mode 6: peers no longer looked after, as another took their place
  std::uint64_t rounds = 0;            ///< how often the load was looked at
  std::uint64_t buckets_moved = 0;     ///< by rebalancing, links that come and go left out
};

}  // namespace bondbox

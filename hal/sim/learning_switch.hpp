// A learning switch (IEEE 802.1Q clause 8): one filtering database keyed by VLAN and MAC; VLANs are kept apart but
// every port is a member of each. Learnt addresses stay until their port loses its link or the database is full.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "hal/wire/bytes.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::sim {

class LearningSwitch {
 public:
  static constexpr std::size_t addresses_max = 4096;

  /// Where a frame goes. `port` is meaningful with `to_port`.
  struct Verdict {
    enum class Kind : std::uint8_t { drop, to_port, flood } kind = Kind::drop;
    std::size_t port = 0;
  };

  LearningSwitch() { learnt_.reserve(addresses_max); }

  /// Learns the source and says where the frame, which came in at `port`, goes: never back to `port`. Frames to
  /// 01:80:c2:00:00:0X and frames shorter than an Ethernet header go nowhere.
  Verdict handle(std::size_t port, wire::Bytes frame) noexcept;
  /// Forgets every address learnt at `port`.
  void forget(std::size_t port) noexcept;
  /// Where this address was learnt last.
  std::optional<std::size_t> port_of(VlanId vlan, const MacAddress& mac) const noexcept;

 private:
  struct Entry {
    VlanId vlan;
    MacAddress mac;
    std::size_t port = 0;
  };

  std::vector<Entry>::const_iterator place_of(VlanId vlan, const MacAddress& mac) const noexcept;
  void learn(VlanId vlan, const MacAddress& mac, std::size_t port) noexcept;

  std::vector<Entry> learnt_;  ///< sorted by VLAN and MAC; never reallocated
};

}  // namespace bondbox::sim

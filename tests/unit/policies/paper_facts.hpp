// Facts about a bond that exists on paper only: what policies are asked with.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "policies/policy.hpp"

namespace bondbox::test {

inline constexpr MacAddress paper_mac(std::uint8_t number) {
  return {{0x02, 0, 0, 0, 0x0a, number}};
}

/// eth0, eth1, ...: PortId 0, 1, ... in this order, all with link, 1000 Mbit/s full duplex, each with a MAC of its own;
/// the bond has eth0's, and is up.
class PaperFacts {
 public:
  explicit PaperFacts(std::size_t ports) {
    for (std::size_t i = 0; i < ports; ++i) add();
    facts.bond_mac = paper_mac(0);
    facts.bond_up = true;
  }
  PaperFacts(const PaperFacts&) = delete;
  PaperFacts& operator=(const PaperFacts&) = delete;

  PortFacts& add() {
    const std::uint8_t number = static_cast<std::uint8_t>(facts.ports.size());
    PortFacts port;
    port.id = {number};
    port.name = names[number];
    port.link = LinkState::up;
    port.speed_mbps = 1000;
    port.duplex = Duplex::full;
    port.mac = port.permanent_mac = paper_mac(number);
    facts.ports.push_back(port);
    return facts.ports[number];
  }
  PortFacts& operator[](std::size_t index) { return facts.ports[index]; }
  operator const BondFacts&() const { return facts; }

  BondOptions options;
  BondFacts facts{options, {}, false, {}};

 private:
  static constexpr const char* names[max_ports] = {"eth0", "eth1", "eth2", "eth3", "eth4", "eth5", "eth6", "eth7"};
};

/// "eth1", or "none".
inline std::string name_of(const BondFacts& facts, std::optional<PortId> id) {
  const PortFacts* const port = id ? facts.find(*id) : nullptr;
  return port != nullptr ? std::string(port->name) : id ? "gone" : "none";
}

}  // namespace bondbox::test

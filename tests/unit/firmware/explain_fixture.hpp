// Bonds on paper for the tests of explanations.
#pragma once

#include <boost/test/unit_test.hpp>
#include <string_view>

#include "firmware/explain.hpp"

namespace bondbox::test {

/// eth0 (the active one, where the mode has one) and eth1, both up, by a plan that uses them.
inline BondStatus bond_of(Mode mode) {
  BondStatus bond;
  bond.name = "bond0";
  bond.options.mode = mode;
  bond.carrier = bond.host_up = true;
  for (std::uint8_t i = 0; i < 2; ++i) {
    PortStatus port;
    port.id = PortId{i};
    port.name = i == 0 ? "eth0" : "eth1";
    port.link = LinkState::up;
    port.has_carrier = true;
    port.speed_mbps = 1000;
    port.duplex = Duplex::full;
    port.carries = mode != Mode::active_backup || i == 0;
    bond.ports.push_back(port);
    (port.carries ? bond.plan.transmit.usable : bond.plan.transmit.fallback).push_back(port.id);
  }
  if (mode == Mode::active_backup || mode == Mode::balance_tlb || mode == Mode::balance_alb) {
    bond.active = "eth0";
    bond.ports[0].active = true;
  }
  return bond;
}

inline void take_away(BondStatus& bond, std::size_t port) {
  bond.ports[port].carries = false;
  for (PortList* const list : {&bond.plan.transmit.usable, &bond.plan.transmit.fallback}) {
    for (std::size_t i = 0; i < list->size(); ++i)
      if ((*list)[i] == bond.ports[port].id) list->erase_at(i);
  }
}

inline void check(const Explanation& told, std::string_view verdict, std::string_view cause, std::string_view remedy) {
  BOOST_TEST(told.verdict == verdict);
  BOOST_TEST(told.cause == cause);
  BOOST_TEST(told.remedy == remedy);
}

inline void check_carries(const BondStatus& bond, std::size_t port, std::string_view cause, std::string_view remedy) {
  check(explain_port(bond, bond.ports[port]), "carries traffic", cause, remedy);
}

inline void check_idle(const BondStatus& bond, std::size_t port, std::string_view cause, std::string_view remedy) {
  check(explain_port(bond, bond.ports[port]), "does not carry traffic", cause, remedy);
}

}  // namespace bondbox::test

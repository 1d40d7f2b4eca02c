// The status as it is typed on a serial line: 80 columns and 24 lines, of which the prompts before and after take two.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "firmware/render.hpp"

namespace {

using namespace bondbox;

constexpr std::size_t columns = 80;
constexpr std::ptrdiff_t lines_between_prompts = 22;
constexpr Mode all_modes[] = {Mode::balance_rr,  Mode::active_backup, Mode::balance_xor, Mode::broadcast,
                              Mode::lacp_8023ad, Mode::balance_tlb,   Mode::balance_alb};

void check_fits(const BondStatus& bond) {
  const std::string text = render_text(bond);
  BOOST_TEST(std::count(text.begin(), text.end(), '\n') <= lines_between_prompts, text);
  std::size_t widest = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start);
    widest = std::max(widest, end - start);
    start = end + 1;
  }
  BOOST_TEST(widest <= columns, text);
}

struct Trouble {
  LinkState link;
  bool carrier;
  bool carries;
  std::size_t addresses;
  std::string name;
  std::string reason;  ///< why nothing is carried below
  unsigned long long frames;
};

LacpStatus lacp_of(const BondStatus& bond) {
  constexpr MacAddress partner{{0x02, 0xff, 0xff, 0xff, 0xff, 0xff}};
  LacpStatus lacp;
  if (bond.carrier) {
    lacp.active = {.number = 65'535, .ports = 2, .actor_key = 65'535, .partner_key = 65'535, .partner_system = partner};
  }
  for (const PortStatus& port : bond.ports) {
    LacpPortStatus one;
    one.port = port.id;
    one.aggregator = 16;
    one.has_partner = true;
    one.partner.system = partner;
    one.actor.state = one.partner.state = 0xff;
    lacp.ports.push_back(one);
  }
  return lacp;
}

BondStatus bond_in(Mode mode, const Trouble& trouble) {
  BondStatus bond;
  bond.name = trouble.name.empty() ? "bond0" : trouble.name;
  bond.options.mode = mode;
  bond.plan.transmit.spread = mode == Mode::balance_xor || mode == Mode::lacp_8023ad ? Spread::hash : Spread::single;
  bond.options.xmit_hash_policy = HashPolicy::vlan_srcmac;
  bond.carrier = trouble.carrier;
  bond.host_up = true;
  bond.mtu = 65'535;
  bond.options.primary = bond.primary = trouble.name.empty() ? "eth0" : trouble.name;
  bond.offload.reason = trouble.reason;
  bond.addresses.assign(trouble.addresses, {IpAddress::parse("2001:db8:1111:2222:3333:4444:5555:6666").value(),
                                            {trouble.name.empty() ? VlanId{} : VlanId{4'094}},
                                            {},
                                            false});
  for (std::uint8_t i = 0; i < 2; ++i) {
    PortStatus port;
    port.id = PortId{i};
    port.name = trouble.name.empty() ? "eth" + std::to_string(i) : trouble.name;
    port.link = trouble.link;
    port.carries = trouble.carries;
    port.speed_mbps = 400'000;
    port.duplex = Duplex::half;
    port.failures = 4'294'967'295U;
    port.delay_left = port.in_state_for = Ticks{86'399'000};
    port.counters.rx_frames = port.counters.tx_frames = trouble.frames;
    port.counters.rx_suppressed = port.counters.tx_refused = port.counters.tx_moved = trouble.frames;
    bond.ports.push_back(port);
  }
  bond.failovers = bond.announcements = bond.counters.tx_no_port = trouble.frames;
  if (mode == Mode::lacp_8023ad) bond.lacp = lacp_of(bond);
  if (mode == Mode::balance_tlb || mode == Mode::balance_alb) {
    bond.balance = BalanceStatus{};
    bond.balance->buckets.fill(256);
    bond.balance->clients.fill(4'294'967'295U);
    bond.balance->load_bytes_per_s.fill(99'999'999'999ULL);
  }
  return bond;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(render_console)

BOOST_AUTO_TEST_CASE(two_ports_fit_between_two_prompts_in_every_mode_and_trouble) {
  const std::string longest(15, 'w');
  const std::string long_reason(300, 'r');
  for (const Mode mode : all_modes) {
    for (const LinkState link : {LinkState::up, LinkState::fail, LinkState::down, LinkState::back}) {
      for (const bool carrier : {true, false}) {
        for (const std::size_t addresses : {0, 1, 2, 7}) {
          for (const std::string& name : {std::string(), longest}) {
            for (const std::string& reason : {std::string(), long_reason}) {
              check_fits(bond_in(mode, {link, carrier, false, addresses, name, reason, 99'999'999'999ULL}));
            }
          }
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_fits_is_told_whole_and_of_what_does_not_first_the_addresses_are_left_out) {
  const BondStatus quiet = bond_in(Mode::active_backup, {LinkState::up, true, true, 4, "", "", 1'000});
  BOOST_TEST(render_text(quiet).find("more") == std::string::npos, render_text(quiet));
  const BondStatus crowded =
      bond_in(Mode::lacp_8023ad, {LinkState::down, true, false, 7, "", "the kernel has no clsact", 1'000});
  const std::string text = render_text(crowded);
  for (const char* part :
       {"DEGRADED: eth0 has had no link", "DEGRADED: eth1 has had no link", "the kernel has no clsact",
        "aggregator 65535", "  address 2001:db8", "more\n", "lost: no port"})
    BOOST_TEST(text.find(part) != std::string::npos, part << " is missing in\n" << text);
}

BOOST_AUTO_TEST_CASE(a_bond_of_more_ports_is_longer_than_a_console_and_leaves_nothing_out_for_it) {
  BondStatus bond = bond_in(Mode::lacp_8023ad, {LinkState::down, true, false, 4, "", "", 1'000});
  bond.ports.push_back(bond.ports[0]);
  const std::string text = render_text(bond);
  std::size_t addresses = 0;
  for (std::size_t at = text.find("  address "); at != std::string::npos; at = text.find("  address ", at + 1))
    ++addresses;
  BOOST_TEST(addresses == 4U, text);
}

BOOST_AUTO_TEST_SUITE_END()

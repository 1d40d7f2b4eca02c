// The form of every /proc/net/bonding text that was recorded (Linux 6.1.176): rendered, byte for byte, from a state
// written down by hand. How bonds come into these states is the matter of the other oracle tests.
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "firmware/render.hpp"
#include "tests/support/recorded_texts.hpp"

namespace bondbox::test {
namespace {

constexpr MacAddress mac_a(std::uint8_t number) {
  return {{0x02, 0, 0, 0, 0x0a, number}};
}
constexpr MacAddress mac_b(std::uint8_t number) {
  return {{0x02, 0, 0, 0, 0x0b, number}};
}

PortStatus port_of(const char* name, std::uint8_t number, MacAddress mac, LinkState link = LinkState::up,
                   std::uint32_t failures = 0) {
  PortStatus port;
  port.id = PortId{number};
  port.name = name;
  port.link = link;
  port.failures = failures;
  port.speed_mbps = 10'000;
  port.duplex = Duplex::full;
  port.mac = port.permanent_mac = mac;
  return port;
}

BondStatus bond_of(Mode mode, std::uint8_t ports) {
  BondStatus bond;
  bond.name = "bond0";
  bond.options.mode = mode;
  bond.carrier = ports != 0;
  for (std::uint8_t i = 0; i < ports; ++i) bond.ports.push_back(port_of(i == 0 ? "e0" : "e1", i, mac_a(i)));
  return bond;
}

LacpEnd end_of(MacAddress system, std::uint16_t key, std::uint16_t port, std::uint8_t state) {
  return {.system_priority = 65535, .system = system, .key = key, .port_priority = 255, .port = port, .state = state};
}

/// Two ports in full partnership, as recorded at both ends.
BondStatus partnership(MacAddress ours, MacAddress theirs) {
  BondStatus bond = bond_of(Mode::lacp_8023ad, 2);
  bond.options.lacp_rate = LacpRate::fast;
  LacpStatus lacp{.system_priority = 65535, .system = ours, .active = {}, .ports = {}};
  lacp.active = {.number = 1, .ports = 2, .actor_key = 15, .partner_key = 15, .partner_system = theirs};
  for (std::uint8_t i = 0; i < 2; ++i) {
    LacpPortStatus port;
    port.port = PortId{i};
    port.aggregator = 1;
    const auto number = static_cast<std::uint16_t>(i + 1);
    port.actor = end_of(ours, 15, number, 63);
    port.partner = end_of(theirs, 15, number, 63);
    lacp.ports.push_back(port);
  }
  bond.lacp = lacp;
  return bond;
}

/// One port that nobody answers.
BondStatus without_partner() {
  BondStatus bond = bond_of(Mode::lacp_8023ad, 1);
  LacpStatus lacp{.system_priority = 65535, .system = mac_a(0), .active = {}, .ports = {}};
  lacp.active = {.number = 1, .ports = 1, .actor_key = 15, .partner_key = 1, .partner_system = {}};
  LacpPortStatus port;
  port.aggregator = 1;
  port.actor = end_of(mac_a(0), 15, 1, 77);
  port.partner = end_of({}, 1, 1, 0);
  lacp.ports.push_back(port);
  bond.lacp = lacp;
  return bond;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(proc_forms)

BOOST_AUTO_TEST_CASE(a_partnership_is_told_as_at_both_ends_of_the_recorded_one) {
  BondStatus bond = partnership(mac_a(0), mac_b(0));
  bond.options.xmit_hash_policy = HashPolicy::layer34;
  BOOST_TEST(render_proc(bond) == recorded_text("proc.lacp.bond0.txt"));

  BondStatus other = partnership(mac_b(0), mac_a(0));
  other.ports[0] = port_of("p0", 0, mac_b(0));
  other.ports[1] = port_of("p1", 1, mac_b(1));
  BOOST_TEST(render_proc(other) == recorded_text("proc.lacp.bondB.txt"));
}

BOOST_AUTO_TEST_CASE(a_partnership_that_lost_a_port_and_got_it_back_is_told_as_recorded) {
  BondStatus bond = partnership(mac_a(0), mac_b(0));
  bond.options.xmit_hash_policy = HashPolicy::layer34;
  bond.ports[0] = port_of("e0", 0, mac_a(0), LinkState::up, 1);
  BOOST_TEST(render_proc(bond) == recorded_text("proc.lacp.p0back.txt"));

  bond.ports[0].link = LinkState::down;
  bond.lacp->active->ports = 1;
  bond.lacp->ports[0].actor.key = 0;
  BOOST_TEST(render_proc(bond) == recorded_text("proc.lacp.p0down.txt"));
}

BOOST_AUTO_TEST_CASE(lacp_without_ports_without_a_partner_and_without_link_is_told_as_recorded) {
  const auto states = recorded_states();
  BondStatus empty = bond_of(Mode::lacp_8023ad, 0);
  empty.lacp = LacpStatus{};
  BOOST_TEST(render_proc(empty) == states.at("3ad no slaves"));

  BondStatus bond = without_partner();
  BOOST_TEST(render_proc(bond) == states.at("3ad no partner after 6 s"));

  bond.carrier = false;
  bond.ports[0].link = LinkState::down;
  bond.ports[0].failures = 1;
  bond.lacp->active.reset();
  bond.lacp->ports[0].actor.key = 0;
  BOOST_TEST(render_proc(bond) == states.at("3ad slave down"));
}

BOOST_AUTO_TEST_CASE(who_is_not_an_administrator_sees_neither_end) {
  BOOST_TEST(render_proc(without_partner(), ProcReader::anybody) == recorded_text_for_nobody());
}

BOOST_AUTO_TEST_CASE(the_balancing_modes_name_their_hash_policy_when_they_go_by_it_alone) {
  const auto states = recorded_states();
  BondStatus bond = bond_of(Mode::balance_tlb, 2);
  bond.active = "e0";
  bond.options.tlb_dynamic_lb = false;
  BOOST_TEST(render_proc(bond) == states.at("tlb nondyn"));
  bond.options.mode = Mode::balance_alb;
  BOOST_TEST(render_proc(bond) == states.at("alb (tlb_dynamic_lb=0 attempt)"));
  bond.options.tlb_dynamic_lb = true;
  BOOST_TEST(render_proc(bond).find("Transmit Hash Policy") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_port_without_an_aggregator_says_so_and_no_more) {
  BondStatus bond = without_partner();
  bond.lacp->ports[0].aggregator = 0;
  BOOST_TEST(render_proc(bond).ends_with("Slave queue ID: 0\nAggregator ID: N/A\n"));
  bond.lacp->ports.clear();
  BOOST_TEST(render_proc(bond).ends_with("Slave queue ID: 0\nAggregator ID: N/A\n"));
}

BOOST_AUTO_TEST_CASE(churn_and_every_choice_of_lacp_are_told_in_the_kernels_words) {
  BondStatus bond = without_partner();
  bond.options.lacp_active = false;
  bond.options.min_links = 2;
  bond.options.ad_select = AdSelect::count;
  bond.lacp->ports[0].actor_churn = LacpChurn::churned;
  bond.lacp->ports[0].partner_churn = LacpChurn::none;
  bond.lacp->ports[0].actor_churned = 3;
  bond.lacp->ports[0].partner_churned = 4;
  const std::string text = render_proc(bond);
  for (const char* part : {"LACP active: off\nLACP rate: slow\nMin links: 2\n", "(ad_select): count\n",
                           "Actor Churn State: churned\nPartner Churn State: none\nActor Churned Count: 3\nPartner "
                           "Churned Count: 4\n"}) {
    BOOST_TEST(text.find(part) != std::string::npos, text);
  }
}

BOOST_AUTO_TEST_CASE(each_mode_has_the_lines_that_the_kernel_gives_it) {
  struct Row {
    Mode mode;
    const char* name;
    bool hash;
    bool active;
  };
  constexpr Row rows[] = {{Mode::balance_rr, "load balancing (round-robin)", false, false},
                          {Mode::active_backup, "fault-tolerance (active-backup)", false, true},
                          {Mode::balance_xor, "load balancing (xor)", true, false},
                          {Mode::broadcast, "fault-tolerance (broadcast)", false, false},
                          {Mode::lacp_8023ad, "IEEE 802.3ad Dynamic link aggregation", true, false},
                          {Mode::balance_tlb, "transmit load balancing", false, true},
                          {Mode::balance_alb, "adaptive load balancing", false, true}};
  for (const Row& row : rows) {
    BondStatus bond = bond_of(row.mode, 1);
    bond.options.xmit_hash_policy = HashPolicy::vlan_srcmac;
    const std::string text = render_proc(bond);
    std::string wanted = std::string("\n\nBonding Mode: ") + row.name + "\n";
    if (row.hash) wanted += "Transmit Hash Policy: vlan+srcmac (5)\n";
    if (row.active) wanted += "Primary Slave: None\nCurrently Active Slave: None\n";
    BOOST_TEST(text.find(wanted + "MII Status: up\n") != std::string::npos, text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

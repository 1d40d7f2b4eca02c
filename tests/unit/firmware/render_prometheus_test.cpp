// The metrics, held to the grammar of both forms line by line; promtool and the reference parser judge them in the lab.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "firmware/render.hpp"
#include "tests/unit/firmware/explain_fixture.hpp"

namespace {

using namespace bondbox;

/// eth0 is up, eth1 has lost its link.
BondStatus bond_of_two(Mode mode) {
  BondStatus bond = test::bond_of(mode);
  for (PortStatus& port : bond.ports) {
    port.in_state_for = Ticks{131'005};
    port.counters.tx_bytes = 5'000'000'000;
  }
  PortStatus& lost = bond.ports[1];
  lost.link = LinkState::down;
  lost.failures = 1;
  lost.speed_mbps = 0;
  test::take_away(bond, 1);
  return bond;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool has_line(const std::string& text, const std::string& line) {
  const auto lines = lines_of(text);
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

std::string metrics(const BondStatus& bond, MetricsForm form = MetricsForm::prometheus) {
  return render_prometheus({&bond, 1}, {}, form);
}

/// Each family declared once before its samples, all of them together, and every sample of the form that its type has.
void check_grammar(const std::string& text, bool openmetrics) {
  const std::regex sample("([a-z_]+)(\\{([a-z_]+=\"([^\"\\\\]|\\\\.)*\",?)+\\})? [0-9]+(\\.[0-9]+)?");
  std::set<std::string> seen;
  std::string family;
  std::string type;
  std::vector<std::string> lines = lines_of(text);
  if (openmetrics) {
    BOOST_TEST(lines.back() == "# EOF");
    lines.pop_back();
  }
  for (const std::string& line : lines) {
    if (line.starts_with("# TYPE ")) {
      std::istringstream words(line.substr(7));
      words >> family >> type;
      BOOST_TEST(seen.insert(family).second, line);
      continue;
    }
    if (line.starts_with("# HELP ")) {
      BOOST_TEST(line.starts_with("# HELP " + family + " "), line);
      continue;
    }
    std::smatch parts;
    BOOST_TEST(std::regex_match(line, parts, sample), line);
    const bool suffixed = type == "counter" && openmetrics;
    BOOST_TEST(parts[1].str() == family + (suffixed ? "_total" : ""), line);
    BOOST_TEST((type == "counter") == parts[1].str().ends_with("_total"), line);
  }
  BOOST_TEST(seen.size() > 20U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(render_metrics)

BOOST_AUTO_TEST_CASE(both_forms_are_asked_for_by_name) {
  BOOST_TEST((parse_status_format("prometheus") == StatusFormat::prometheus));
  BOOST_TEST((parse_status_format("openmetrics") == StatusFormat::openmetrics));
}

BOOST_AUTO_TEST_CASE(every_line_is_as_its_form_demands_in_all_modes) {
  for (int mode = 0; mode <= 6; ++mode) {
    BondStatus bond = bond_of_two(static_cast<Mode>(mode));
    if (bond.options.mode == Mode::lacp_8023ad) {
      bond.lacp = LacpStatus{};
      bond.lacp->ports.push_back(LacpPortStatus{});
    }
    if (mode >= 5) bond.balance = BalanceStatus{};
    check_grammar(metrics(bond), false);
    check_grammar(metrics(bond, MetricsForm::openmetrics), true);
  }
}

BOOST_AUTO_TEST_CASE(values_are_in_base_units_and_unknown_ones_are_left_out) {
  const std::string text = metrics(bond_of_two(Mode::active_backup));
  BOOST_TEST(has_line(text, "bondbox_port_up{bond=\"bond0\",port=\"eth1\"} 0"));
  BOOST_TEST(has_line(text, "bondbox_port_link_failures_total{bond=\"bond0\",port=\"eth1\"} 1"));
  BOOST_TEST(has_line(text, "bondbox_port_speed_bytes_per_second{bond=\"bond0\",port=\"eth0\"} 125000000"));
  BOOST_TEST(text.find("speed_bytes_per_second{bond=\"bond0\",port=\"eth1\"}") == std::string::npos);
  BOOST_TEST(has_line(text, "bondbox_port_link_state_seconds{bond=\"bond0\",port=\"eth0\"} 131.005"));
  BOOST_TEST(has_line(text, "bondbox_port_transmit_bytes_total{bond=\"bond0\",port=\"eth0\"} 5000000000"));
  BOOST_TEST(has_line(text, "bondbox_bond_degraded{bond=\"bond0\"} 1"));
  BOOST_TEST(text.find("lacp") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(monitors_that_decide_together_are_told_each_by_itself) {
  BondStatus bond = bond_of_two(Mode::active_backup);
  BOOST_TEST(metrics(bond).find("port_monitor") == std::string::npos);
  bond.ports[0].monitors = {{"link", true, Ticks{7'250}, "has link"}, {"probes", false, Ticks{40}, "no answer yet"}};
  for (PortStatus& port : bond.ports) port.arp = ArpPortStatus{};
  bond.ports[0].arp->heard = Ticks{1'002};
  const std::string text = metrics(bond);
  check_grammar(text, false);
  BOOST_TEST(has_line(text, "bondbox_port_monitor_up{bond=\"bond0\",port=\"eth0\",monitor=\"link\"} 1"));
  BOOST_TEST(has_line(text, "bondbox_port_monitor_up{bond=\"bond0\",port=\"eth0\",monitor=\"probes\"} 0"));
  BOOST_TEST(has_line(text, "bondbox_port_monitor_state_seconds{bond=\"bond0\",port=\"eth0\",monitor=\"link\"} 7.250"));
  BOOST_TEST(has_line(text, "bondbox_port_target_silence_seconds{bond=\"bond0\",port=\"eth0\"} 1.002"));
  BOOST_TEST(text.find("target_silence_seconds{bond=\"bond0\",port=\"eth1\"}") == std::string::npos);
  BOOST_TEST(text.find("port_held") == std::string::npos);
  bond.lacp = LacpStatus{};
  bond.ports[0].held = true;
  BOOST_TEST(has_line(metrics(bond), "bondbox_port_held{bond=\"bond0\",port=\"eth0\"} 1"));
}

BOOST_AUTO_TEST_CASE(what_a_port_waits_for_is_told_where_it_is_switched_on) {
  BondStatus bond = bond_of_two(Mode::active_backup);
  BOOST_TEST(metrics(bond).find("damp") == std::string::npos);
  BOOST_TEST(metrics(bond).find("revert") == std::string::npos);
  bond.options.flap_damping_ms = 15'000;
  bond.options.revert_delay_ms = 10'000;
  bond.ports[1].damping = {2'761, true, Ticks{12'300}};
  bond.ports[0].revert_left = Ticks{4'000};
  bond.ports[1].away = Away::down;
  const std::string text = metrics(bond, MetricsForm::openmetrics);
  check_grammar(text, true);
  BOOST_TEST(has_line(text, "bondbox_port_damped{bond=\"bond0\",port=\"eth1\"} 1"));
  BOOST_TEST(has_line(text, "bondbox_port_damping_penalty{bond=\"bond0\",port=\"eth1\"} 2761"));
  BOOST_TEST(has_line(text, "bondbox_port_damping_left_seconds{bond=\"bond0\",port=\"eth1\"} 12.300"));
  BOOST_TEST(has_line(text, "bondbox_port_damped{bond=\"bond0\",port=\"eth0\"} 0"));
  BOOST_TEST(has_line(text, "bondbox_port_revert_left_seconds{bond=\"bond0\",port=\"eth0\"} 4.000"));
  BOOST_TEST(has_line(text, "bondbox_port_in_drill{bond=\"bond0\",port=\"eth1\"} 1"));
}

BOOST_AUTO_TEST_CASE(names_that_need_it_are_escaped) {
  BondStatus bond = bond_of_two(Mode::active_backup);
  bond.ports[0].name = "e\"\\x";
  check_grammar(metrics(bond), false);
  BOOST_TEST(has_line(metrics(bond), "bondbox_port_up{bond=\"bond0\",port=\"e\\\"\\\\x\"} 1"));
}

BOOST_AUTO_TEST_CASE(families_of_several_bonds_stand_together) {
  std::vector<BondStatus> bonds = {bond_of_two(Mode::active_backup), bond_of_two(Mode::balance_rr)};
  bonds[1].name = "bond1";
  check_grammar(render_prometheus(bonds, {}, MetricsForm::openmetrics), true);
}

BOOST_AUTO_TEST_SUITE_END()

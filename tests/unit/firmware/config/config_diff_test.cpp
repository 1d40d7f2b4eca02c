#include "firmware/config/config_diff.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "firmware/config/config_target.hpp"
#include "firmware/option_table.hpp"

namespace {

using namespace bondbox;

Config loaded(std::string_view text) {
  const ConfigResult result = load_config(text, "b.toml");
  for (const ConfigMessage& error : result.errors) BOOST_ERROR(error.text());
  return result.config;
}

BondConfig bond(std::string_view lines) {
  return loaded("[bond.bond0]\n" + std::string(lines)).bonds.at(0);
}

std::vector<std::string> texts(const std::vector<Change>& changes) {
  std::vector<std::string> result;
  for (const Change& change : changes) result.push_back(change.text());
  return result;
}

/// Carries the steps out on `running`, as reload does on a bond.
void apply(BondConfig& running, const std::vector<Change>& changes) {
  ConfigTarget target(running);
  for (const Change& change : changes) {
    switch (change.kind) {
      case Change::Kind::option:
        BOOST_CHECK_MESSAGE(write_option(target, change.name, change.to).ok(), change.text());
        break;
      case Change::Kind::add_port:
        BOOST_CHECK(write_option(target, "slaves", "+" + change.name).ok());
        break;
      case Change::Kind::remove_port:
        BOOST_CHECK(write_option(target, "slaves", "-" + change.name).ok());
        break;
      case Change::Kind::add_address:
        running.addresses.push_back(*IpPrefix::parse(change.name));
        break;
      case Change::Kind::remove_address:
        std::erase(running.addresses, *IpPrefix::parse(change.name));
        break;
      case Change::Kind::gateway:
        running.gateway = IpAddress::parse(change.to);
        break;
      default:
        BOOST_ERROR(change.text());
    }
  }
}

/// The steps are these, and they do lead from the one to the other.
void check(std::string_view from, std::string_view to, const std::vector<std::string>& wanted) {
  BondConfig running = bond(from);
  const BondConfig goal = bond(to);
  const std::vector<Change> changes = diff_config(running, goal);
  const std::vector<std::string> lines = texts(changes);
  BOOST_CHECK_EQUAL_COLLECTIONS(lines.begin(), lines.end(), wanted.begin(), wanted.end());
  apply(running, changes);
  const std::vector<std::string> left = texts(diff_config(running, goal));
  BOOST_CHECK_MESSAGE(left.empty(), "still: " << (left.empty() ? "" : left.front()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_diff)

BOOST_AUTO_TEST_CASE(equal_configurations_need_no_step) {
  check("ports = [\"eth0\"]\nmiimon = 100\n", "miimon = 100\nmode = 1\nslaves = \"eth0\"\n", {});
}

BOOST_AUTO_TEST_CASE(changed_options_are_shown_old_and_new) {
  check("ports = [\"eth0\"]\nmiimon = 100\nprimary = \"eth0\"\n",
        "ports = [\"eth0\"]\nmiimon = 50\nprimary_reselect = \"failure\"\nuse_carrier = 0\nnum_grat_arp = 5\n",
        {"bond0: use_carrier 1 -> 0", "bond0: num_grat_arp 1 -> 5", "bond0: miimon 100 -> 50",
         "bond0: primary_reselect always -> failure", "bond0: primary eth0 -> none"});
}

BOOST_AUTO_TEST_CASE(a_delay_that_miimon_would_move_is_written_again) {
  check("ports = [\"eth0\"]\nmiimon = 100\nupdelay = 200\n", "ports = [\"eth0\"]\nmiimon = 50\nupdelay = 200\n",
        {"bond0: miimon 100 -> 50", "bond0: updelay stays 200"});
}

BOOST_AUTO_TEST_CASE(ports_leave_before_others_join) {
  check(
      "ports = [\"eth0\", \"eth1\"]\n", "ports = [\"eth1\", \"eth2\"]\nactive_slave = \"eth2\"\nport.eth2.prio = 5\n",
      {"bond0: - port eth0", "bond0: + port eth2", "bond0: prio eth2:0 -> eth2:5", "bond0: active_slave none -> eth2"});
}

BOOST_AUTO_TEST_CASE(an_option_that_needs_a_bond_without_ports_moves_all_of_them) {
  check("ports = [\"eth0\", \"eth1\"]\nport.eth1.prio = 5\n",
        "ports = [\"eth0\", \"eth1\"]\nport.eth1.prio = 5\nfail_over_mac = 1\n",
        {"bond0: - port eth0", "bond0: - port eth1", "bond0: fail_over_mac none -> active", "bond0: + port eth0",
         "bond0: + port eth1", "bond0: prio stays eth1:5"});
}

BOOST_AUTO_TEST_CASE(a_bond_can_be_monitored_again_and_no_longer) {
  check("ports = [\"eth0\"]\nmiimon = 0\nunmonitored = true\n", "ports = [\"eth0\"]\nmiimon = 100\n",
        {"bond0: miimon 0 -> 100", "bond0: unmonitored 1 -> 0"});
  check("ports = [\"eth0\"]\nmiimon = 100\n", "ports = [\"eth0\"]\nmiimon = 0\nunmonitored = true\n",
        {"bond0: unmonitored 0 -> 1", "bond0: miimon 100 -> 0"});
}

BOOST_AUTO_TEST_CASE(lists_change_item_by_item) {
  check("ports = [\"eth0\"]\narp_ip_target = [\"10.0.0.1\", \"10.0.0.2\"]\naddress = [\"10.0.0.5/24\"]\n",
        "ports = [\"eth0\"]\narp_ip_target = [\"10.0.0.2\", \"10.0.0.3\"]\naddress = [\"10.0.0.6/24\"]\n"
        "gateway = \"10.0.0.1\"\n",
        {"bond0: - arp_ip_target 10.0.0.1", "bond0: + arp_ip_target 10.0.0.3", "bond0: + address 10.0.0.6/24",
         "bond0: gateway none -> 10.0.0.1", "bond0: - address 10.0.0.5/24"});
}

BOOST_AUTO_TEST_CASE(an_old_address_goes_when_the_new_one_and_its_gateway_are_there) {
  check("ports = [\"eth0\"]\naddress = [\"10.0.0.5/24\"]\ngateway = \"10.0.0.1\"\n",
        "ports = [\"eth0\"]\naddress = [\"10.0.7.5/24\"]\ngateway = \"10.0.7.1\"\n",
        {"bond0: + address 10.0.7.5/24", "bond0: gateway 10.0.0.1 -> 10.0.7.1", "bond0: - address 10.0.0.5/24"});
}

BOOST_AUTO_TEST_CASE(an_address_that_becomes_the_gateway_goes_first) {
  check("ports = [\"eth0\"]\naddress = [\"10.0.0.1/24\"]\ngateway = \"10.0.0.2\"\n",
        "ports = [\"eth0\"]\naddress = [\"10.0.0.2/24\"]\ngateway = \"10.0.0.1\"\n",
        {"bond0: gateway 10.0.0.2 -> none", "bond0: + address 10.0.0.2/24", "bond0: - address 10.0.0.1/24",
         "bond0: gateway none -> 10.0.0.1"});
}

BOOST_AUTO_TEST_CASE(bonds_come_and_go) {
  const Config running = loaded("[bond.a]\nports=[\"e0\"]\n[bond.b]\nports=[\"e1\"]\n");
  const Config wanted = loaded("[bond.b]\nports=[\"e1\"]\nmtu = 9000\n[bond.c]\nports=[\"e0\"]\n");
  const std::vector<std::string> lines = texts(diff_config(running, wanted));
  const std::vector<std::string> expected = {"- bond a", "b: mtu none -> 9000", "+ bond c"};
  BOOST_CHECK_EQUAL_COLLECTIONS(lines.begin(), lines.end(), expected.begin(), expected.end());
}

BOOST_AUTO_TEST_SUITE_END()

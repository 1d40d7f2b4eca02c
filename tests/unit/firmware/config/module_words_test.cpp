#include "firmware/config/module_words.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "firmware/config/config_diff.hpp"
#include "policies/modes.hpp"

namespace {

using namespace bondbox;

ConfigResult words(const std::vector<std::string_view>& list) {
  return load_module_words(list);
}

std::vector<std::string> errors_of(const std::vector<std::string_view>& list) {
  std::vector<std::string> texts;
  for (const ConfigMessage& error : words(list).errors) texts.push_back(error.text());
  return texts;
}

void check_errors(const std::vector<std::string_view>& list, const std::vector<std::string>& wanted) {
  const std::vector<std::string> errors = errors_of(list);
  BOOST_CHECK_EQUAL_COLLECTIONS(errors.begin(), errors.end(), wanted.begin(), wanted.end());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(module_words)

BOOST_AUTO_TEST_CASE(words_and_a_file_give_the_same_bond) {
  const ConfigResult from_words =
      words({"bond0", "eth0", "eth1", "mode=1", "miimon=50", "updelay=200", "primary=eth0",
             "arp_ip_target=10.0.0.1,10.0.0.2", "prio=eth1:7", "fail-over-mac=active", "mtu=9000",
             "address=192.168.10.52/24,2001:db8::5/64", "gateway=192.168.10.254"});
  for (const ConfigMessage& error : from_words.errors) BOOST_ERROR(error.text());
  const ConfigResult from_file = load_config(R"([bond.bond0]
gateway = "192.168.10.254"
address = ["192.168.10.52/24", "2001:db8::5/64"]
mtu = 9000
fail_over_mac = 1
arp_ip_target = ["10.0.0.1", "10.0.0.2"]
primary = "eth0"
updelay = 200
miimon = 50
mode = "active-backup"
ports = ["eth0", "eth1"]
port.eth1.prio = 7
)",
                                             "b.toml");
  BOOST_REQUIRE(from_file.ok());
  for (const Change& change : diff_config(from_words.config, from_file.config)) BOOST_ERROR(change.text());
  const BondConfig& bond = from_words.config.bonds.at(0);
  BOOST_CHECK_EQUAL(bond.options.updelay_ms, 200);
  BOOST_CHECK_EQUAL(bond.options.arp_ip_targets.size(), 2);
  BOOST_CHECK_EQUAL(bond.port_options.at("eth1").prio, 7);
  BOOST_CHECK_EQUAL(bond.addresses.size(), 2);
}

BOOST_AUTO_TEST_CASE(the_modules_parameters_are_taken_as_guides_show_them) {
  const auto bond_of = [](const std::vector<std::string_view>& list) {
    const ConfigResult result = words(list);
    for (const ConfigMessage& error : result.errors) BOOST_ERROR(error.text());
    return result.config.bonds.at(0);
  };
  const BondConfig lacp =
      bond_of({"bond0", "eth0", "eth1", "mode=4", "lacp_rate=1", "xmit_hash_policy=1", "ad_select=bandwidth",
               "min_links=1", "all_slaves_active=1", "ad_user_port_key=5", "ad_actor_port_prio=eth1:9"});
  BOOST_CHECK(lacp.options.mode == Mode::lacp_8023ad);
  BOOST_CHECK(lacp.options.lacp_rate == LacpRate::fast);
  BOOST_CHECK(lacp.options.xmit_hash_policy == HashPolicy::layer34);
  BOOST_CHECK(lacp.options.ad_select == AdSelect::bandwidth);
  BOOST_CHECK_EQUAL(lacp.options.min_links, 1);
  BOOST_CHECK(lacp.options.all_slaves_active);
  BOOST_CHECK_EQUAL(lacp.port_options.at("eth1").actor_port_prio, 9);
  BOOST_CHECK(bond_of({"bond0", "eth0", "mode=802.3ad", "lacp_rate=fast"}).options.lacp_rate == LacpRate::fast);

  const BondConfig backup = bond_of({"bond0", "eth0", "eth1", "mode=active-backup", "fail_over_mac=2", "primary=eth0",
                                     "primary_reselect=better", "num_grat_arp=3", "use_carrier=0", "resend_igmp=5"});
  BOOST_CHECK(backup.options.fail_over_mac == FailOverMac::follow);
  BOOST_CHECK_EQUAL(backup.options.primary, "eth0");
  BOOST_CHECK(backup.options.primary_reselect == PrimaryReselect::better);
  BOOST_CHECK_EQUAL(backup.options.num_peer_notif, 3);
  BOOST_CHECK(!backup.options.use_carrier);

  const BondConfig targets =
      bond_of({"bond0", "eth0", "eth1", "mode=1", "arp_ip_target=192.0.2.1,192.0.2.2",
               "ns_ip6_target=2001:db8::1,2001:db8::2", "arp_validate=3", "arp_all_targets=all"});
  BOOST_CHECK_EQUAL(targets.options.arp_ip_targets.size(), 2);
  BOOST_CHECK_EQUAL(targets.options.ns_ip6_targets.size(), 2);
  BOOST_CHECK(targets.options.arp_validate == ArpValidate::all);
  BOOST_CHECK(targets.options.arp_all_targets == ArpAllTargets::all);

  BOOST_CHECK_EQUAL(bond_of({"bond0", "eth0", "mode=0", "packets_per_slave=0"}).options.packets_per_slave, 0);
  BOOST_CHECK(bond_of({"bond0", "eth0", "mode=6", "rebalance=kernel"}).options.rebalance == Rebalance::kernel);
  BOOST_CHECK(bond_of({"bond0", "eth0", "mode=2", "xmit_hash_resilient=1"}).options.xmit_hash_resilient);
  BOOST_CHECK(!bond_of({"bond0", "eth0", "mode=4", "lacp_fallback=off"}).options.lacp_fallback);
  BOOST_CHECK(!bond_of({"bond0", "eth0", "mode=5", "tlb_dynamic_lb=0"}).options.tlb_dynamic_lb);
}

BOOST_AUTO_TEST_CASE(an_option_of_another_mode_is_refused_as_the_kernel_refuses_the_write) {
  check_errors({"bond0", "eth0", "mode=1", "lacp_rate=fast"},
               {"argument 4: lacp_rate is not supported in mode active-backup (1), only in 802.3ad (4)"});
  const std::string other =
      "argument 4: primary is not supported in mode 802.3ad (4), only in active-backup (1), balance-tlb (5), "
      "balance-alb (6)";
  const std::vector<std::string> errors = errors_of({"bond0", "eth0", "mode=4", "primary=eth0"});
  BOOST_CHECK(std::find(errors.begin(), errors.end(), other) != errors.end());
}

BOOST_AUTO_TEST_CASE(options_may_stand_before_ports) {
  const ConfigResult result = words({"bond0", "mode=1", "eth0", "miimon=0", "eth1", "unmonitored=1"});
  BOOST_REQUIRE(result.ok());
  BOOST_CHECK(result.config.bonds[0].ports == (std::vector<std::string>{"eth0", "eth1"}));
  BOOST_CHECK_EQUAL(result.config.bonds[0].options.miimon_ms, 0);
}

BOOST_AUTO_TEST_CASE(errors_count_the_words) {
  check_errors({"bond0", "eth0", "mimon=100"}, {"argument 3: unknown option \"mimon\"; did you mean \"miimon\"?"});
  check_errors({"bond0", "eth0", "eth0", "miimon=x", "mode=7"},
               {"argument 3: \"eth0\" is among the ports twice",
                "argument 4: miimon cannot be \"x\" (allowed values 0 - 2147483647)",
                "argument 5: mode cannot be \"7\" (one of balance-rr, active-backup, balance-xor, broadcast, 802.3ad, "
                "balance-tlb, balance-alb)"});
  check_errors({"bond0", "eth0", "miimon=1", "miimon=2"},
               {"argument 4: \"miimon\" is given twice; argument 3 has it as \"miimon\""});
  check_errors({"bond0", "eth0", "slaves=eth1"},
               {"argument 3: \"slaves\" is given twice; argument 2 has it as \"ports\""});
  check_errors({"bond0", "eth0", "=3"}, {"argument 3: \"=3\" has no option before the ="});
  check_errors({"bond0", "eth0", "address=10.0.0.1"},
               {"argument 3: address \"10.0.0.1\" has no prefix length; write \"10.0.0.1/24\""});
}

BOOST_AUTO_TEST_CASE(parameters_of_the_module_itself_are_refused_with_a_hint) {
  check_errors(
      {"bond0", "eth0", "max_bonds=2"},
      {"argument 3: \"max_bonds\" is a parameter of the kernel's module, not of a bond; name the bond instead: "
       "bondbox run bond0 eth0 eth1; a file can hold several bonds"});
}

BOOST_AUTO_TEST_CASE(the_first_word_must_name_the_bond) {
  check_errors({"mode=1", "eth0"},
               {"argument 1: \"mode=1\" is not the name of a bond; write the bond's name first: bond0 eth0 eth1 mode=1 "
                "miimon=100"});
  check_errors({}, {"argument 1: there is no bond; write the bond's name first: bond0 eth0 eth1 mode=1 miimon=100"});
}

BOOST_AUTO_TEST_SUITE_END()

#include "firmware/config/bond_config.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "hal/wire/ids.hpp"
#include "policies/modes.hpp"

namespace {

using namespace bondbox;

std::vector<std::string> texts(const std::vector<ConfigMessage>& messages) {
  std::vector<std::string> result;
  for (const ConfigMessage& message : messages) result.push_back(message.text());
  return result;
}

std::vector<std::string> errors_of(std::string_view text) {
  return texts(load_config(text, "bondbox.toml").errors);
}

/// Exactly these errors.
void check_errors(std::string_view text, const std::vector<std::string>& wanted) {
  const std::vector<std::string> errors = errors_of(text);
  BOOST_CHECK_EQUAL_COLLECTIONS(errors.begin(), errors.end(), wanted.begin(), wanted.end());
}

void check_warnings(std::string_view text, const std::vector<std::string>& wanted) {
  const ConfigResult result = load_config(text, "b.toml");
  for (const ConfigMessage& error : result.errors) BOOST_ERROR(error.text());
  const std::vector<std::string> warnings = texts(result.warnings);
  BOOST_CHECK_EQUAL_COLLECTIONS(warnings.begin(), warnings.end(), wanted.begin(), wanted.end());
}

Config loaded(std::string_view text) {
  const ConfigResult result = load_config(text, "b.toml");
  for (const ConfigMessage& error : result.errors) BOOST_ERROR(error.text());
  return result.config;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bond_config)

BOOST_AUTO_TEST_CASE(the_file_of_the_guide_is_read) {
  const Config config = loaded(R"([bond.bond0]
mode = "active-backup"          # or 1
ports = ["eth0", "eth1"]
miimon = 100
primary = "eth0"
address = ["192.168.10.52/24"]
gateway = "192.168.10.254"
)");
  BOOST_REQUIRE_EQUAL(config.bonds.size(), 1);
  const BondConfig& bond = config.bonds[0];
  BOOST_CHECK_EQUAL(bond.name, "bond0");
  BOOST_CHECK(bond.ports == (std::vector<std::string>{"eth0", "eth1"}));
  BOOST_CHECK(bond.options.mode == Mode::active_backup);
  BOOST_CHECK_EQUAL(bond.options.miimon_ms, 100);
  BOOST_CHECK_EQUAL(bond.options.primary, "eth0");
  BOOST_REQUIRE_EQUAL(bond.addresses.size(), 1);
  BOOST_CHECK_EQUAL(bond.addresses[0].text(), "192.168.10.52/24");
  BOOST_CHECK(bond.gateway == IpAddress::parse("192.168.10.254"));
}

BOOST_AUTO_TEST_CASE(numbers_strings_and_truth_values_say_the_same) {
  const Config config = loaded(R"(
[bond.a]
ports = ["e0"]
mode = 1
miimon = "50"
use_carrier = false
all_slaves_active = true
fail_over_mac = "follow"
[bond.b]
slaves = "e1 e2"
mode = "1"
miimon = 50
use-carrier = 0
all_slaves_active = "on"
fail-over-mac = 2
)");
  BOOST_REQUIRE_EQUAL(config.bonds.size(), 2);
  for (const BondConfig& bond : config.bonds) {
    BOOST_CHECK(bond.options.mode == Mode::active_backup);
    BOOST_CHECK_EQUAL(bond.options.miimon_ms, 50);
    BOOST_CHECK(!bond.options.use_carrier);
    BOOST_CHECK(bond.options.all_slaves_active);
    BOOST_CHECK(bond.options.fail_over_mac == FailOverMac::follow);
  }
  BOOST_CHECK(config.bonds[1].ports == (std::vector<std::string>{"e1", "e2"}));
}

BOOST_AUTO_TEST_CASE(the_order_of_the_lines_makes_no_difference) {
  std::vector<std::string> lines = {
      "mode = 1",
      "ports = [\"e0\", \"e1\"]",
      "updelay = 400",
      "primary = \"e1\"",
      "active_slave = \"e0\"",
      "miimon = 200",
      "fail_over_mac = \"active\"",
      "queue_id = [\"e1:3\"]",
  };
  std::sort(lines.begin(), lines.end());
  std::size_t orders = 0;
  do {
    std::string text = "[bond.bond0]\n";
    for (const std::string& line : lines) text += line + "\n";
    const ConfigResult result = load_config(text, "b.toml");
    BOOST_REQUIRE_MESSAGE(result.ok() && result.warnings.empty(), text);
    const BondConfig& bond = result.config.bonds[0];
    BOOST_REQUIRE(bond.options.miimon_ms == 200 && bond.options.updelay_ms == 400 && bond.options.primary == "e1" &&
                  bond.options.fail_over_mac == FailOverMac::active && bond.active_slave == "e0" &&
                  bond.port_options.size() == 1 && bond.port_options.at("e1").queue_id == 3);
    // Every order of 8 lines would be 40,320 files; moving on by several keeps the test short and the orders varied.
    for (int skip = 0; skip < 60; ++skip)
      if (!std::next_permutation(lines.begin(), lines.end())) return;
  } while (++orders < 1000);
}

BOOST_AUTO_TEST_CASE(an_unknown_option_is_refused_with_the_nearest_known_one) {
  check_errors("\n\n\n\n[bond.bond0]\nports = [\"e0\"]\nmimon = 100\n",
               {"bondbox.toml:7:1: unknown option \"mimon\" in [bond.bond0]; did you mean \"miimon\"?"});
  check_errors("[bond.bond0]\nports = [\"e0\"]\nslave = 1\ngatway = \"x\"\n  quite_something_else = 3\n",
               {"bondbox.toml:3:1: unknown option \"slave\" in [bond.bond0]; did you mean \"slaves\"?",
                "bondbox.toml:4:1: unknown option \"gatway\" in [bond.bond0]; did you mean \"gateway\"?",
                "bondbox.toml:5:3: unknown option \"quite_something_else\" in [bond.bond0]"});
  check_errors("[bond.bond0]\nports = [\"e0\"]\nbond-miimon = 100\nmii_status = \"up\"\n",
               {"bondbox.toml:3:1: unknown option \"bond-miimon\" in [bond.bond0]",
                "bondbox.toml:4:1: \"mii_status\" in [bond.bond0] can only be read"});
}

BOOST_AUTO_TEST_CASE(a_bad_value_is_refused_with_the_allowed_ones) {
  check_errors(R"([bond.bond0]
ports = ["e0"]
miimon = "abc"
updelay = -1
fail_over_mac = "x"
peer_notif_delay = 300001
use_carrier = 2
mode = true
num_grat_arp = 1.5
primary_reselect = [1]
primary = 7
)",
               {"bondbox.toml:3:10: miimon cannot be \"abc\" (allowed values 0 - 2147483647)",
                "bondbox.toml:4:11: updelay cannot be \"-1\" (allowed values 0 - 2147483647)",
                "bondbox.toml:5:17: fail_over_mac cannot be \"x\" (one of none, active, follow)",
                "bondbox.toml:6:20: peer_notif_delay cannot be \"300001\" (allowed values 0 - 300000)",
                "bondbox.toml:7:15: use_carrier cannot be \"2\" (0 or 1)",
                "bondbox.toml:8:8: mode cannot be true (one of balance-rr, active-backup, balance-xor, broadcast, "
                "802.3ad, balance-tlb, balance-alb)",
                "bondbox.toml:9:16: num_grat_arp cannot be a number with a fraction (allowed values 0 - 255)",
                "bondbox.toml:10:20: primary_reselect cannot be a list (one of always, better, failure)",
                "bondbox.toml:11:11: primary cannot be a whole number (the name of an interface; empty: none)"});
  check_errors("[bond.b]\nports=[\"e0\"]\nmode = \"active-backup 1\"\n",
               {"bondbox.toml:3:8: mode cannot be \"active-backup 1\": it contains white space"});
}

BOOST_AUTO_TEST_CASE(options_of_the_mode_may_stand_before_it) {
  const Config config = loaded("[bond.bond0]\nports = [\"e0\"]\npackets_per_slave = 3\nmode = \"balance-rr\"\n");
  BOOST_REQUIRE_EQUAL(config.bonds.size(), 1);
  BOOST_CHECK(config.bonds[0].options.mode == Mode::balance_rr);
  BOOST_CHECK_EQUAL(config.bonds[0].options.packets_per_slave, 3);
}

BOOST_AUTO_TEST_CASE(an_option_of_another_mode_is_refused) {
  check_errors("[bond.bond0]\nports = [\"e0\"]\nlacp_rate = \"fast\"\n",
               {"bondbox.toml:3:13: lacp_rate is not supported in mode active-backup (1), only in 802.3ad (4)"});
}

BOOST_AUTO_TEST_CASE(a_bond_without_a_monitor_must_be_asked_for_in_words) {
  check_errors("[bond.bond0]\nports = [\"e0\"]\nmiimon = 0\n",
               {"bondbox.toml:3:10: miimon cannot be 0, because a bond without link monitoring never fails over; set "
                "arp_interval or, if that is what you want, unmonitored = 1 first"});
  const Config config = loaded("[bond.bond0]\nmiimon = 0\nupdelay = 0\nports = [\"e0\"]\nunmonitored = true\n");
  BOOST_CHECK_EQUAL(config.bonds[0].options.miimon_ms, 0);
  BOOST_CHECK(config.bonds[0].options.unmonitored);
  check_warnings("[bond.bond0]\nports = [\"e0\"]\nunmonitored = true\n",
                 {"b.toml:3:15: unmonitored changes nothing while miimon is 100; write miimon = 0 too if you want a "
                  "bond that never fails over"});
  check_errors("[bond.bond0]\nports = [\"e0\"]\nupdelay = 100\nunmonitored = true\nmiimon = 0\n",
               {"bondbox.toml:3:11: updelay cannot be set while miimon is 0; set miimon first"});
}

BOOST_AUTO_TEST_CASE(the_arp_monitor_takes_the_place_of_the_default_and_wants_targets) {
  const std::string begin = "[bond.bond0]\nports = [\"e0\"]\narp_interval = 1000\n";
  const Config config = loaded(begin + "arp_ip_target = [\"10.0.0.1\", \"10.0.0.2\"]\n");
  BOOST_TEST(config.bonds[0].options.miimon_ms == 0U);
  BOOST_TEST(config.bonds[0].options.arp_interval_ms == 1000U);
  check_warnings(begin + "arp_ip_target = \"10.0.0.1\"\n", {});
  check_warnings(begin, {"b.toml:3:16: ARP monitoring has been set up, but no ARP targets have been specified"});
  check_errors(begin + "miimon = 100\n",
               {"bondbox.toml:4:10: miimon and arp_interval exclude each other; give one of them, or "
                "monitor = \"all\" to have both"});
}

BOOST_AUTO_TEST_CASE(lists_of_targets_are_checked_item_by_item) {
  const Config config = loaded(
      "[bond.bond0]\nports = [\"e0\"]\narp_ip_target = \"10.0.0.1,10.0.0.2\"\n"
      "ns_ip6_target = [\"2001:db8::1\"]\n");
  BOOST_CHECK_EQUAL(config.bonds[0].options.arp_ip_targets.size(), 2);
  BOOST_CHECK_EQUAL(config.bonds[0].options.ns_ip6_targets.size(), 1);
  check_errors(
      "[bond.bond0]\nports = [\"e0\"]\narp_ip_target = [\"10.0.0.1\",\n  \"10.0.0.1\",\n  \"0.0.0.0\", 5, \"x\"]\n",
      {"bondbox.toml:4:3: arp_ip_target: 10.0.0.1 is in the list already",
       "bondbox.toml:5:3: arp_ip_target: 0.0.0.0 is not the address of one host",
       "bondbox.toml:5:14: arp_ip_target contains a whole number; write a list of strings",
       "bondbox.toml:5:17: arp_ip_target: \"x\" is not an IPv4 address"});
}

BOOST_AUTO_TEST_CASE(delays_are_rounded_with_a_warning) {
  check_warnings("[bond.bond0]\nports = [\"e0\"]\nupdelay = 250\n",
                 {"b.toml:3:11: up delay (250) is not a multiple of miimon (100), value rounded to 200 ms"});
}

BOOST_AUTO_TEST_CASE(a_primary_that_is_no_port_is_only_a_warning) {
  check_warnings("[bond.bond0]\nprimary = \"eth9\"\nports = [\"e0\"]\n",
                 {"b.toml:2:11: primary eth9 is not a port yet"});
}

BOOST_AUTO_TEST_CASE(an_active_slave_must_be_a_port) {
  check_errors("[bond.bond0]\nactive_slave = \"eth9\"\nports = [\"e0\"]\n",
               {"bondbox.toml:2:16: active_slave cannot be \"eth9\", which is not a port of this bond"});
}

BOOST_AUTO_TEST_CASE(a_bond_may_do_without_ports_for_now) {
  check_warnings("\n[bond.bond0]\nmiimon = 100\n",
                 {"b.toml:2:7: bond0 has no ports; write ports = [\"eth0\", \"eth1\"] or enslave them later"});
}

BOOST_AUTO_TEST_CASE(names_that_no_interface_can_have_are_refused) {
  check_errors("[bond.bond0]\nports = [\"a/b\", \"with space\", \"..\", \"\", \"sixteen_letters_\", \"e0:1\", 3]\n",
               {"bondbox.toml:2:10: \"a/b\" cannot be a port: it contains '/'",
                "bondbox.toml:2:17: \"with space\" cannot be a port: it contains white space",
                "bondbox.toml:2:31: \"..\" cannot be a port: \".\" and \"..\" name directories",
                "bondbox.toml:2:37: \"\" cannot be a port: it is empty",
                "bondbox.toml:2:41: \"sixteen_letters_\" cannot be a port: it is longer than 15 characters",
                "bondbox.toml:2:61: \"e0:1\" cannot be a port: it contains ':'",
                "bondbox.toml:2:69: ports contains a whole number; write a list of strings"});
  check_errors("[bond.\"bond 0\"]\nports = [\"e0\"]\n",
               {"bondbox.toml:1:7: a bond cannot be called \"bond 0\": it contains white space"});
}

BOOST_AUTO_TEST_CASE(a_port_belongs_to_one_bond_once) {
  check_errors(
      R"([bond.bond0]
ports = ["e0", "e1", "e0"]
[bond.bond1]
ports = ["e2", "e1", "bond1", "bond0"]
)",
      {"bondbox.toml:2:22: \"e0\" is among the ports twice", "bondbox.toml:4:16: \"e1\" is a port of bond0 already",
       "bondbox.toml:4:22: bond1 cannot be its own port",
       "bondbox.toml:4:31: bond0 is a bond, and a bond cannot be a port"});
}

BOOST_AUTO_TEST_CASE(a_bond_has_no_more_ports_than_fit) {
  std::string text = "[bond.bond0]\nports = [";
  for (std::size_t i = 0; i < max_ports; ++i) text += "\"e" + std::to_string(i) + "\", ";
  BOOST_CHECK_EQUAL(loaded(text + "]").bonds[0].ports.size(), max_ports);
  const std::vector<std::string> errors = errors_of(text + "\n\"one_more\"]\n");
  BOOST_REQUIRE_EQUAL(errors.size(), 1);
  BOOST_CHECK_EQUAL(errors[0], "bondbox.toml:3:1: there are more than 16 ports");
}

BOOST_AUTO_TEST_CASE(what_is_given_twice_is_refused) {
  check_errors("[bond.bond0]\nports = [\"e0\"]\nslaves = [\"e1\"]\nfail_over_mac = 0\nfail-over-mac = 1\n",
               {"bondbox.toml:3:1: \"slaves\" in [bond.bond0] is given twice; line 2 has it as \"ports\"",
                "bondbox.toml:5:1: \"fail-over-mac\" in [bond.bond0] is given twice; line 4 has it as "
                "\"fail_over_mac\""});
  check_errors("[bond.bond0]\nports = [\"e0\"]\nnum_grat_arp = 1\nnum_unsol_na = 2\n",
               {"bondbox.toml:4:16: num_unsol_na and num_grat_arp are one value; give one of them"});
  BOOST_CHECK_EQUAL(
      loaded("[bond.b]\nports=[\"e0\"]\nnum_grat_arp = 3\nnum_unsol_na = 3\n").bonds[0].options.num_peer_notif, 3);
}

BOOST_AUTO_TEST_CASE(addresses_need_a_prefix_and_the_gateway_one_of_their_networks) {
  check_errors(
      "[bond.bond0]\nports = [\"e0\"]\naddress = [\"192.168.10.52\", \"x/24\", \"10.0.0.1/33\", \"224.0.0.1/4\",\n"
      "  \"2001:db8::1\"]\n",
      {"bondbox.toml:3:12: address \"192.168.10.52\" has no prefix length; write \"192.168.10.52/24\"",
       "bondbox.toml:3:29: address \"x/24\" is not an IP address with its prefix length; write "
       "\"192.168.10.52/24\"",
       "bondbox.toml:3:37: address \"10.0.0.1/33\" is not an IP address with its prefix length; write "
       "\"192.168.10.52/24\"",
       "bondbox.toml:3:52: address \"224.0.0.1/4\" is not the address of one host",
       "bondbox.toml:4:3: address \"2001:db8::1\" has no prefix length; write \"2001:db8::1/64\""});
  check_errors("[bond.bond0]\nports = [\"e0\"]\naddress = \"192.168.10.52/25\"\ngateway = \"192.168.10.254\"\n",
               {"bondbox.toml:4:11: gateway 192.168.10.254 is in no network of the bond's addresses; it has "
                "192.168.10.52/25"});
  check_errors("[bond.bond0]\nports = [\"e0\"]\ngateway = \"192.168.10.254\"\n",
               {"bondbox.toml:3:11: gateway 192.168.10.254 is in no network of the bond's addresses; the bond needs an "
                "address first"});
  check_errors("[bond.bond0]\nports = [\"e0\"]\naddress = \"10.0.0.1/8\"\ngateway = \"10.0.0.1\"\n",
               {"bondbox.toml:4:11: gateway 10.0.0.1 is the bond's own address"});
  check_errors("[bond.bond0]\nports = [\"e0\"]\ngateway = \"here\"\n",
               {"bondbox.toml:3:11: gateway is not an IP address; write gateway = \"192.168.10.254\""});
  check_errors(
      "[bond.a]\nports = [\"e0\"]\naddress = \"10.0.0.1/8\"\n[bond.b]\nports = [\"e1\"]\naddress = \"10.0.0.1/24\"\n",
      {"bondbox.toml:6:11: 10.0.0.1 is an address of a already"});
  BOOST_CHECK(loaded("[bond.b]\nports=[\"e0\"]\ngateway = \"fe80::1\"\n").bonds[0].gateway.has_value());
}

BOOST_AUTO_TEST_CASE(mtu_and_mac_are_checked) {
  const Config config = loaded("[bond.b]\nports=[\"e0\"]\nmtu = 9000\nmac = \"02:00:00:00:0a:01\"\n");
  BOOST_CHECK(config.bonds[0].mtu == 9000U);
  BOOST_CHECK(config.bonds[0].mac == MacAddress::parse("02:00:00:00:0a:01"));
  check_errors("[bond.b]\nports=[\"e0\"]\nmtu = 67\nmac = \"01:00:00:00:0a:01\"\n",
               {"bondbox.toml:3:7: mtu is not a number (allowed values 68 - 65535)",
                "bondbox.toml:4:7: mac is not the address of one station; write mac = \"02:00:00:00:0a:01\""});
}

BOOST_AUTO_TEST_CASE(ports_have_options_of_their_own) {
  const Config config = loaded(R"([bond.bond0]
ports = ["e0", "e1"]
[bond.bond0.port.e1]
prio = -5
queue-id = 2
[bond.bond0.port.e0]
queue_id = 0
)");
  BOOST_REQUIRE_EQUAL(config.bonds[0].port_options.size(), 1);
  BOOST_CHECK_EQUAL(config.bonds[0].port_options.at("e1").prio, -5);
  BOOST_CHECK_EQUAL(config.bonds[0].port_options.at("e1").queue_id, 2);
  check_errors(R"([bond.bond0]
ports = ["eth0", "eth1"]
port.eth2.prio = 1
port.eth0.prioo = 1
port.eth1 = { queue_id = 99, miimon = 100 }
)",
               {"bondbox.toml:3:6: \"eth2\" is not among the ports of bond0; did you mean \"eth0\"?",
                "bondbox.toml:4:11: unknown option \"prioo\" of port eth0; did you mean \"prio\"?",
                "bondbox.toml:5:26: queue_id cannot be \"eth1:99\" (PORT:NUMBER, allowed numbers 0 - 16)",
                "bondbox.toml:5:30: unknown option \"miimon\" of port eth1"});
}

BOOST_AUTO_TEST_CASE(keys_outside_a_bond_are_refused_with_the_way_in) {
  check_errors("miimon = 100\nbonding = 1\n",
               {"bondbox.toml:1:1: \"miimon\" stands outside a bond; write [bond.bond0] above it",
                "bondbox.toml:2:1: unknown key \"bonding\""});
  check_errors("lops = 2\nreader = \"monitoring\"\n",
               {"bondbox.toml:1:1: unknown key \"lops\"; did you mean \"loops\"?",
                "bondbox.toml:2:1: unknown key \"reader\"; did you mean \"readers\"?"});
  check_errors("[bond]\nmiimon = 100\n",
               {"bondbox.toml:2:1: \"miimon\" stands in [bond], not in a bond; write [bond.bond0] above it"});
  check_errors("bond = 3\n", {"bondbox.toml:1:8: bond is a whole number; write [bond.bond0] and its options below"});
  check_errors("# nothing\n", {"bondbox.toml:1:1: there is no bond in the file; write [bond.bond0]"});
}

BOOST_AUTO_TEST_CASE(what_is_not_toml_is_refused_with_its_place) {
  const ConfigResult result = load_config("[bond.bond0]\nmiimon = = 3\n", "bondbox.toml");
  BOOST_REQUIRE_EQUAL(result.errors.size(), 1);
  BOOST_CHECK_EQUAL(result.errors[0].at.line, 2);
  BOOST_CHECK_GE(result.errors[0].at.column, 9);
  BOOST_CHECK_EQUAL(errors_of(std::string(2'000'000, '#')).size(), 1);
  check_errors("[bond.bond0]\n\n  [[[\n", {"bondbox.toml:3:1: this line is not TOML"});
  BOOST_CHECK_EQUAL(errors_of(std::string(100'000, '[')).size(), 1);
}

BOOST_AUTO_TEST_CASE(text_beyond_ascii_belongs_into_comments) {
  const Config config = loaded(
      "\xef\xbb\xbf# K\xc3\xbc"
      "che \xff\n[bond.bond0] # f\xc3\xbcr \"\nports = ['e#0'] # \xe2\x80\xa8\n");
  BOOST_CHECK_EQUAL(config.bonds.at(0).ports.at(0), "e#0");
  check_errors("[bond.bond0]\nports = ['a', \"\xc3\xbc\"]\n",
               {"bondbox.toml:2:16: a character that is not ASCII stands outside a comment; in a string \\u00e4 stands "
                "for it"});
  check_errors("[bond.bond0]\n\xef\xbb\xb6 = 1\n",
               {"bondbox.toml:2:1: a character that is not ASCII stands outside a comment; in a string \\u00e4 stands "
                "for it"});
  check_errors("[bond.bond0]\nprimary = \"a\\\"#\\\\\" # \xc3\xbc\nports = \"\"\"e0 # \xc3\xbc",
               {"bondbox.toml:3:17: a character that is not ASCII stands outside a comment; in a string \\u00e4 stands "
                "for it"});
}

BOOST_AUTO_TEST_CASE(keys_of_very_many_parts_are_refused) {
  std::string deep = "a";
  for (int i = 0; i < 100'000; ++i) deep += ".a";
  check_errors(deep + " = 1\n", {"bondbox.toml:1:64: a key has more than 32 parts"});
  check_errors("[" + deep + "]\n", {"bondbox.toml:1:65: a key has more than 32 parts"});
}

BOOST_AUTO_TEST_CASE(bonds_stand_in_the_order_of_the_file) {
  const Config config = loaded("[bond.zeta]\nports=[\"e0\"]\n[bond.alpha]\nports=[\"e1\"]\n");
  BOOST_REQUIRE_EQUAL(config.bonds.size(), 2);
  BOOST_CHECK_EQUAL(config.bonds[0].name, "zeta");
  BOOST_CHECK(config.find("alpha") == &config.bonds[1]);
  BOOST_CHECK(config.find("beta") == nullptr);
}

BOOST_AUTO_TEST_CASE(readers_are_a_group) {
  const std::string bond = "[bond.bond0]\nports = [\"eth0\"]\n";
  BOOST_TEST(loaded(bond).readers.empty());
  BOOST_TEST(loaded("readers = \"monitoring\"\n" + bond).readers == "monitoring");
  for (const char* const wrong : {"7", "\"\"", "\"two words\"", "[\"a\"]"})
    check_errors(
        std::string("readers = ") + wrong + "\n" + bond,
        {"bondbox.toml:1:11: readers is the group that may ask bondbox; write its name or its number in \"\""});
}

BOOST_AUTO_TEST_CASE(the_page_offers_no_drill_unless_it_is_told_to) {
  const std::string bond = "[bond.bond0]\nports = [\"eth0\"]\n";
  BOOST_TEST(!loaded(bond).page_drill);
  BOOST_TEST(loaded("page_drill = true\n" + bond).page_drill);
  BOOST_TEST(!loaded("page_drill = false\n" + bond).page_drill);
  check_errors("page_drill = 1\n" + bond, {"bondbox.toml:1:14: page_drill is a whole number; write true or false"});
}

BOOST_AUTO_TEST_CASE(the_sandbox_is_on_unless_it_is_switched_off) {
  const std::string bond = "[bond.bond0]\nports = [\"eth0\"]\n";
  BOOST_TEST(loaded(bond).sandbox);
  BOOST_TEST(loaded("sandbox = true\n" + bond).sandbox);
  BOOST_TEST(!loaded("sandbox = false\n" + bond).sandbox);
  check_errors("sandbox = \"off\"\n" + bond, {"bondbox.toml:1:11: sandbox is a string; write true or false"});
}

BOOST_AUTO_TEST_CASE(loops_stand_above_the_bonds) {
  const std::string bond = "[bond.bond0]\nports = [\"eth0\"]\n";
  BOOST_CHECK_EQUAL(loaded(bond).loops, loops_automatic);
  BOOST_CHECK_EQUAL(loaded("loops = \"auto\"\n" + bond).loops, loops_automatic);
  BOOST_CHECK_EQUAL(loaded("loops = 1\n" + bond).loops, 1);
  BOOST_CHECK_EQUAL(loaded("loops = 8\n" + bond).loops, 8);
  for (const char* const wrong : {"0", "9", "-1", "\"many\"", "true"})
    check_errors(std::string("loops = ") + wrong + "\n" + bond,
                 {"bondbox.toml:1:9: loops is the number of threads that forward; write \"auto\" or 1 to 8"});
}

BOOST_AUTO_TEST_CASE(what_a_message_quotes_cannot_steer_a_terminal) {
  const ConfigResult result =
      load_config("[bond.bond0]\nports = [\"eth0\"]\n\"\\u001b[2J\\u009b1m\\u007f\\u00e4\" = 1\n", "b.toml");
  BOOST_REQUIRE(result.errors.size() == 1U);
  const std::string text = result.errors[0].text();
  BOOST_TEST(text.find("\"?[2J?1m?\u00e4\"") != std::string::npos, text);
}

BOOST_AUTO_TEST_SUITE_END()

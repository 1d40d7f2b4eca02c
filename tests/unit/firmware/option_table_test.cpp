#include "firmware/option_table.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <set>
#include <string>

#include "policies/modes.hpp"
#include "tests/unit/firmware/paper_bond.hpp"

namespace {

using namespace bondbox;

/// Mode 1, down, with e0 and e1.
struct Fixture {
  Fixture() { BOOST_REQUIRE(bond.enslave("e0").ok() && bond.enslave("e1").ok()); }

  void accept(std::string_view name, std::string_view value) {
    const Outcome outcome = write_option(bond, name, value);
    BOOST_CHECK_MESSAGE(outcome.ok(), name << " = " << value << ": " << outcome.reason);
  }
  void refuse(std::string_view name, std::string_view value, int error, std::string_view reason) {
    const Outcome outcome = write_option(bond, name, value);
    BOOST_CHECK_EQUAL(errno_name(outcome.error), errno_name(error));
    BOOST_CHECK_EQUAL(outcome.reason, reason);
  }
  std::string read(std::string_view name) {
    const Result<std::string> text = read_option(bond, name);
    return text.ok() ? text.value() : "(" + errno_name(text.failure().error) + ")";
  }

  PaperBond bond{Mode::active_backup};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(option_table, Fixture)

BOOST_AUTO_TEST_CASE(every_option_is_described_and_can_be_read) {
  std::set<std::string_view> names;
  for (const OptionInfo& option : all_options()) {
    BOOST_CHECK_MESSAGE(names.insert(option.name).second, option.name << " stands twice in the table");
    BOOST_CHECK_MESSAGE(!option.help.empty(), option.name);
    BOOST_CHECK_MESSAGE(!allowed_values(option).empty(), option.name);
    BOOST_CHECK_MESSAGE(read_option(bond, option.name).ok(), option.name);
    BOOST_CHECK(find_option(option.name) == &option);
  }
  BOOST_CHECK_LE(names.size(), 64);
}

BOOST_AUTO_TEST_CASE(the_defaults_are_those_of_a_fresh_bond) {
  for (const OptionInfo& option : all_options()) {
    if (option.default_text.empty()) continue;
    PaperBond fresh(Mode::active_backup);
    if ((option.modes & only(Mode::active_backup)) == 0) fresh.options().mode = Mode::lacp_8023ad;
    if ((option.modes & only(fresh.options().mode)) == 0) fresh.options().mode = Mode::balance_tlb;
    if ((option.modes & only(fresh.options().mode)) == 0) fresh.options().mode = Mode::balance_rr;
    const std::string text = read_option(fresh, option.name).value();
    BOOST_CHECK_MESSAGE(text.substr(0, text.find(' ')) == option.default_text, option.name << " reads " << text);
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_option_is_answered_with_the_nearest_one) {
  refuse("mimon", "1", ENOENT, "there is no option \"mimon\"; did you mean \"miimon\"?");
  refuse("colour", "1", ENOENT, "there is no option \"colour\"");
  BOOST_CHECK_EQUAL(read("mimon"), "(ENOENT)");
}

BOOST_AUTO_TEST_CASE(checks_run_in_the_kernels_order) {
  bond.options().mode = Mode::lacp_8023ad;
  bond.set_up();
  refuse("packets_per_slave", "x", EACCES,
         "packets_per_slave is not supported in mode 802.3ad (4), only in balance-rr (0)");
  refuse("mode", "x", ENOTEMPTY, "mode cannot be set while the bond has ports; release them first");
  refuse("lacp_rate", "x", EBUSY, "lacp_rate cannot be set while the bond is up; set it down first");
  refuse("min_links", "x", EINVAL, "min_links cannot be \"x\" (allowed values 0 - 2147483647)");
}

BOOST_AUTO_TEST_CASE(read_only_attributes_refuse_to_be_written) {
  refuse("mii_status", "up", EACCES, "mii_status can only be read");
  BOOST_CHECK_EQUAL(read("mii_status"), "up");
  BOOST_CHECK_EQUAL(read("ad_aggregator"), "");
}

BOOST_AUTO_TEST_CASE(a_value_is_a_name_or_its_number_and_the_first_word_counts) {
  accept("primary_reselect", " failure \n");
  BOOST_CHECK_EQUAL(read("primary_reselect"), "failure 2");
  accept("primary_reselect", "1 2");
  BOOST_CHECK_EQUAL(read("primary_reselect"), "better 1");
  accept("use_carrier", "off");
  BOOST_CHECK_EQUAL(read("use_carrier"), "0");
  accept("resend_igmp", "off");
  refuse("primary_reselect", "Better", EINVAL,
         "primary_reselect cannot be \"Better\" (one of always, better, failure); did you mean \"better\"?");
  refuse("miimon", "", EINVAL, "miimon cannot be \"\" (allowed values 0 - 2147483647)");
  refuse("miimon", "99999999999999999999", EINVAL,
         "miimon cannot be \"99999999999999999999\" (allowed values 0 - 2147483647)");
}

BOOST_AUTO_TEST_CASE(a_value_that_is_nearly_a_name_is_answered_with_the_name) {
  const std::string policies = "(one of layer2, layer3+4, layer2+3, encap2+3, encap3+4, vlan+srcmac)";
  refuse("xmit_hash_policy", "layer34", EINVAL,
         "xmit_hash_policy cannot be \"layer34\" " + policies + "; did you mean \"layer3+4\"?");
  refuse("xmit_hash_policy", "LAYER2+3", EINVAL,
         "xmit_hash_policy cannot be \"LAYER2+3\" " + policies + "; did you mean \"layer2+3\"?");
  refuse("xmit_hash_policy", "ip", EINVAL, "xmit_hash_policy cannot be \"ip\" " + policies);
  refuse("xmit_hash_policy", "6", EINVAL, "xmit_hash_policy cannot be \"6\" " + policies);
}

BOOST_AUTO_TEST_CASE(options_of_bondboxs_own_are_written_in_their_modes_only) {
  struct Row {
    const char* option;
    ModeSet modes;
    const char* value;
    const char* reads;
  };
  const Row rows[] = {
      {"rebalance", only(Mode::balance_tlb) | only(Mode::balance_alb), "kernel", "kernel 0"},
      {"rebalance", only(Mode::balance_tlb) | only(Mode::balance_alb), "1", "bounded 1"},
      {"nd_balance", only(Mode::balance_alb), "off", "0"},
      {"nd_balance", only(Mode::balance_alb), "1", "1"},
      {"xmit_hash_resilient", only(Mode::balance_xor) | only(Mode::lacp_8023ad), "on", "1"},
      {"xmit_hash_resilient", only(Mode::balance_xor) | only(Mode::lacp_8023ad), "0", "0"},
      {"lacp_fallback", only(Mode::lacp_8023ad), "off", "off 0"},
      {"lacp_fallback", only(Mode::lacp_8023ad), "1", "on 1"},
      {"revert_delay", only(Mode::active_backup) | only(Mode::balance_tlb) | only(Mode::balance_alb), "250", "250"},
      {"flap_damping", every_mode, "15000", "15000"},
      {"flap_suppress", every_mode, "3000", "3000"},
      {"flap_reuse", every_mode, "750", "750"},
      {"flap_hold_max", every_mode, "20000", "20000"},
      {"monitor", 0x1f, "any", "any"},
      {"monitor", 0x1f, "quorum=2", "quorum:2"},
      {"monitor", 0x1f, "quorum:3", "quorum:3"},
      {"monitor", 0x1f, "off", "off"},
      {"busy_poll_us", every_mode, "50", "50"},
      {"busy_poll_us", every_mode, "10000", "10000"},
      {"busy_poll_us", every_mode, "0", "0"},
  };
  for (const Row& row : rows) {
    for (int number = 0; number < 7; ++number) {
      bond.options().mode = static_cast<Mode>(number);
      const Outcome outcome = write_option(bond, row.option, row.value);
      const bool allowed = (row.modes & (1 << number)) != 0;
      BOOST_CHECK_MESSAGE(outcome.error == (allowed ? 0 : EACCES), row.option << " in mode " << number);
      if (allowed) BOOST_CHECK_EQUAL(read(row.option), row.reads);
    }
  }
  bond.options().mode = Mode::balance_tlb;
  refuse("rebalance", "kernal", EINVAL,
         "rebalance cannot be \"kernal\" (one of kernel, bounded); did you mean \"kernel\"?");
  refuse("busy_poll_us", "10001", EINVAL, "busy_poll_us cannot be \"10001\" (allowed values 0 - 10000)");
  BOOST_CHECK_EQUAL(read("busy_poll_us"), "0");
  bond.set_up();
  accept("busy_poll_us", "20");  // at any time
}

BOOST_AUTO_TEST_CASE(with_monitor_links_and_probes_are_watched_at_once) {
  refuse("monitor", "both", EINVAL, "monitor cannot be \"both\" (off, any, all or quorum:N, N of 1 to 3)");
  refuse("monitor", "quorum:4", EINVAL, "monitor cannot be \"quorum:4\" (off, any, all or quorum:N, N of 1 to 3)");
  accept("monitor", "all");
  BOOST_CHECK_EQUAL(read("arp_validate"), "all 3");
  accept("arp_interval", "1000");
  BOOST_CHECK_EQUAL(read("miimon"), "100");
  accept("miimon", "50");
  BOOST_CHECK_EQUAL(read("arp_interval"), "1000");
  refuse(
      "miimon", "0", EINVAL,
      "miimon cannot be 0 while monitors are combined, which is done when links are polled; set monitor = off first");
  accept("updelay", "100");
  accept("arp_validate", "none");  // who wants strangers' ARP to count may say so
  accept("monitor", "any");
  BOOST_CHECK_EQUAL(read("arp_validate"), "none 0");
  // One of them has to go, and links are watched by default.
  accept("monitor", "off");
  BOOST_CHECK_EQUAL(read("arp_interval"), "0");
  BOOST_CHECK_EQUAL(read("miimon"), "50");
  accept("arp_interval", "500");
  BOOST_CHECK_EQUAL(read("miimon"), "0");
  accept("monitor", "quorum:2");
  BOOST_CHECK_EQUAL(read("miimon"), "100");
  BOOST_CHECK_EQUAL(read("arp_interval"), "500");
}

BOOST_AUTO_TEST_CASE(with_monitor_802_3ad_may_have_probes_too) {
  bond.options().mode = Mode::lacp_8023ad;
  BOOST_CHECK_EQUAL(write_option(bond, "arp_interval", "1000").error, EACCES);
  accept("monitor", "all");
  accept("arp_interval", "1000");
  accept("arp_missed_max", "3");
  accept("arp_validate", "all");
  accept("monitor", "off");
  BOOST_CHECK_EQUAL(read("arp_interval"), "0");
  BOOST_CHECK_EQUAL(read("arp_validate"), "none 0");
  BOOST_CHECK_EQUAL(write_option(bond, "arp_interval", "1000").error, EACCES);
  bond.options().mode = Mode::balance_alb;
  BOOST_CHECK_EQUAL(write_option(bond, "monitor", "any").error, EACCES);
}

BOOST_AUTO_TEST_CASE(a_mode_that_has_one_monitor_turns_the_others_off) {
  PaperBond empty(Mode::active_backup);
  BOOST_CHECK(write_option(empty, "monitor", "all").ok());
  BOOST_CHECK(write_option(empty, "arp_interval", "1000").ok());
  BOOST_CHECK(write_option(empty, "mode", "802.3ad").ok());
  BOOST_CHECK_EQUAL(read_option(empty, "arp_interval").value(), "1000");
  BOOST_CHECK_EQUAL(read_option(empty, "monitor").value(), "all");
  BOOST_CHECK(write_option(empty, "mode", "balance-alb").ok());
  BOOST_CHECK_EQUAL(read_option(empty, "arp_interval").value(), "0");
  BOOST_CHECK_EQUAL(read_option(empty, "monitor").value(), "off");
}

BOOST_AUTO_TEST_CASE(a_flapping_port_is_used_again_below_what_keeps_it_out) {
  refuse("flap_reuse", "2501", EINVAL, "flap_reuse must not be more than flap_suppress, which is 2500; set that first");
  accept("flap_suppress", "1000");  // the least there is goes with the default of the other: files say it first
  accept("flap_reuse", "500");
  accept("flap_suppress", "5000");
  accept("flap_reuse", "5000");
  refuse("flap_suppress", "4999", EINVAL,
         "flap_suppress must not be less than flap_reuse, which is 5000; set that first");
}

BOOST_AUTO_TEST_CASE(an_option_does_something_only_where_it_may_be_written) {
  for (const OptionInfo& option : all_options())
    BOOST_CHECK_MESSAGE((option.effective_modes() & ~option.modes) == 0, option.name);
  BOOST_CHECK_EQUAL(find_option("fail_over_mac")->effective_modes(), only(Mode::active_backup));
  BOOST_CHECK_EQUAL(find_option("fail_over_mac")->modes, every_mode);
}

BOOST_AUTO_TEST_CASE(an_options_former_name_is_known) {
  BOOST_CHECK(find_option("ad_actor_port_prio") == find_option("actor_port_prio"));
  bond.options().mode = Mode::lacp_8023ad;
  accept("ad_actor_port_prio", "e0:7");
  BOOST_CHECK_EQUAL(read("ad_actor_port_prio"), "e0:7 e1:255");
}

BOOST_AUTO_TEST_CASE(miimon_takes_the_delays_with_it) {
  accept("updelay", "400");
  accept("downdelay", "200");
  accept("miimon", "50");
  BOOST_CHECK_EQUAL(read("updelay"), "200");
  BOOST_CHECK_EQUAL(read("downdelay"), "100");
  accept("miimon", "2147483647");
  BOOST_CHECK_EQUAL(read("updelay"), "2147483647");
}

BOOST_AUTO_TEST_CASE(the_two_monitors_exclude_each_other) {
  accept("updelay", "200");
  accept("arp_interval", "1000");
  BOOST_CHECK_EQUAL(read("miimon"), "0");
  BOOST_CHECK_EQUAL(read("updelay"), "0");
  refuse("updelay", "100", EPERM, "updelay cannot be set while miimon is 0; set miimon first");
  accept("miimon", "0");
  accept("miimon", "100");
  BOOST_CHECK_EQUAL(read("arp_interval"), "0");
  BOOST_CHECK_EQUAL(read("updelay"), "200");
}

BOOST_AUTO_TEST_CASE(no_bond_is_left_without_a_monitor_by_the_way) {
  accept("arp_interval", "1000");
  accept("arp_interval", "0");
  BOOST_CHECK_EQUAL(read("miimon"), "100");
  const Outcome refused = write_option(bond, "miimon", "0");
  BOOST_CHECK_EQUAL(refused.error, EINVAL);
  accept("unmonitored", "1");
  accept("miimon", "0");
  BOOST_CHECK_EQUAL(read("miimon"), "0");
  refuse("unmonitored", "0", EINVAL,
         "unmonitored cannot be 0 while miimon and arp_interval are 0; set one of them first");
  accept("arp_interval", "1000");
  accept("arp_interval", "0");
  BOOST_CHECK_EQUAL(read("miimon"), "0");
}

BOOST_AUTO_TEST_CASE(an_arp_monitor_without_targets_is_told_of) {
  accept("arp_interval", "1000");
  const std::string sentence = "ARP monitoring has been set up, but no ARP targets have been specified";
  BOOST_TEST(std::count(bond.notes.begin(), bond.notes.end(), sentence) == 1);
  bond.notes.clear();
  accept("ns_ip6_target", "+2001:db8::1");
  accept("arp_interval", "500");
  BOOST_TEST(bond.notes.empty());
}

BOOST_AUTO_TEST_CASE(a_change_of_mode_has_the_kernels_side_effects) {
  PaperBond fresh(Mode::active_backup);
  BOOST_REQUIRE(write_option(fresh, "arp_interval", "1000").ok());
  BOOST_REQUIRE(write_option(fresh, "arp_validate", "all").ok());
  fresh.options().tlb_dynamic_lb = false;
  BOOST_REQUIRE(write_option(fresh, "mode", "balance-alb").ok());
  BOOST_CHECK_EQUAL(read_option(fresh, "mode").value(), "balance-alb 6");
  BOOST_CHECK_EQUAL(read_option(fresh, "arp_interval").value(), "0");
  BOOST_CHECK_EQUAL(read_option(fresh, "miimon").value(), "100");
  BOOST_CHECK_EQUAL(read_option(fresh, "arp_validate").value(), "none 0");
  BOOST_CHECK_EQUAL(read_option(fresh, "tlb_dynamic_lb").value(), "1");
  fresh.set_up();
  BOOST_CHECK_EQUAL(write_option(fresh, "mode", "1").error, EBUSY);
}

BOOST_AUTO_TEST_CASE(a_mode_that_the_bond_refuses_changes_nothing) {
  PaperBond fresh(Mode::active_backup);
  fresh.options().arp_validate = ArpValidate::all;
  fresh.mode_answer = Outcome::failed(EOPNOTSUPP, "not here");
  const Outcome outcome = write_option(fresh, "mode", "0");
  BOOST_CHECK_EQUAL(outcome.error, EOPNOTSUPP);
  BOOST_CHECK_EQUAL(outcome.reason, "not here");
  BOOST_CHECK_EQUAL(read_option(fresh, "mode").value(), "active-backup 1");
  BOOST_CHECK_EQUAL(read_option(fresh, "arp_validate").value(), "all 3");
}

BOOST_AUTO_TEST_CASE(the_active_port_must_be_a_port_with_link) {
  bond.without_link = "e1";
  refuse("active_slave", "e1", EINVAL, "active_slave cannot be \"e1\", which is down or has no link");
  refuse("active_slave", "e2", EINVAL, "active_slave cannot be \"e2\", which is not a port of this bond");
  refuse("active_slave", "e9", ENODEV, "there is no interface \"e9\"");
  bond.without_link.clear();
  accept("active_slave", "e1\n");
  BOOST_CHECK_EQUAL(read("active_slave"), "e1");
  accept("active_slave", "\n");
  BOOST_CHECK_EQUAL(read("active_slave"), "e0");
}

BOOST_AUTO_TEST_CASE(naming_the_port_that_is_active_already_changes_nothing) {
  bond.without_link = "e0";
  accept("active_slave", "e0");
  BOOST_CHECK_EQUAL(bond.activations, 0);
}

BOOST_AUTO_TEST_CASE(ports_are_added_and_taken_away_by_sign) {
  refuse("slaves", "e2", EPERM, "slaves needs + or - before the name, as in \"+e2\"");
  refuse("slaves", "", EPERM, "slaves needs + or - before the name, as in \"+\"");
  refuse("slaves", "+", EPERM, "\"\" cannot be an interface: it is empty");
  refuse("slaves", "+a/b", EPERM, "\"a/b\" cannot be an interface: it contains '/'");
  refuse("slaves", "-e2", EINVAL, "\"e2\" is not a port of this bond");
  accept("slaves", "-e0");
  accept("slaves", "+e2");
  BOOST_CHECK_EQUAL(read("slaves"), "e1 e2");
}

BOOST_AUTO_TEST_CASE(options_of_one_port_name_it) {
  accept("prio", "e1:-7");
  BOOST_CHECK_EQUAL(read("prio"), "e0:0 e1:-7");
  refuse("prio", "e2:1", EINVAL, "prio: \"e2\" is not a port of this bond");
  refuse("prio", "e1:99999999999", EINVAL,
         "prio cannot be \"e1:99999999999\" (PORT:NUMBER, allowed numbers -2147483648 - 2147483647)");
  accept("queue_id", "e1:16");
  refuse("queue_id", "e1:17", EPERM, "queue_id cannot be \"e1:17\" (PORT:NUMBER, allowed numbers 0 - 16)");
  refuse("queue_id", "e0:16", EPERM, "queue_id: \"e1\" has that queue already");
  BOOST_CHECK_EQUAL(read("queue_id"), "e0:0 e1:16");
  bond.options().mode = Mode::lacp_8023ad;
  accept("actor_port_prio", "e0:1");
  BOOST_CHECK_EQUAL(read("actor_port_prio"), "e0:1 e1:255");
}

BOOST_AUTO_TEST_CASE(a_list_of_targets_is_full_at_sixteen) {
  for (int i = 1; i <= 16; ++i) accept("arp_ip_target", "+10.0.0." + std::to_string(i));
  refuse("arp_ip_target", "+10.0.0.17", EINVAL, "arp_ip_target: the list is full (16 addresses)");
  refuse("arp_ip_target", "+::1", EPERM, "arp_ip_target: \"::1\" is not an IPv4 address");
  refuse("arp_ip_target", "", EPERM, "arp_ip_target needs + or - before the address, as in \"+\"");
  for (int i = 1; i <= 16; ++i) accept("arp_ip_target", "-10.0.0." + std::to_string(i));
  BOOST_CHECK_EQUAL(read("arp_ip_target"), "");
  accept("ns_ip6_target", "+2001:db8::1");
  BOOST_CHECK_EQUAL(read("ns_ip6_target"), "2001:db8::1");
  for (const char* bad : {"+::", "+::1", "+ff02::1", "+fe80::1"})
    BOOST_CHECK_EQUAL(write_option(bond, "ns_ip6_target", bad).error, EINVAL);
}

BOOST_AUTO_TEST_CASE(a_primary_may_be_named_before_it_is_a_port) {
  accept("primary", "e2");
  BOOST_CHECK_EQUAL(read("primary"), "");
  BOOST_CHECK_EQUAL(bond.options().primary, "e2");
  accept("slaves", "+e2");
  BOOST_CHECK_EQUAL(read("primary"), "e2");
  accept("primary", "None");
  BOOST_CHECK_EQUAL(bond.options().primary, "");
  refuse("primary", "sixteen_letters_", EINVAL,
         "primary cannot be \"sixteen_letters_\": it is longer than 15 characters");
}

BOOST_AUTO_TEST_CASE(error_numbers_have_their_names) {
  BOOST_CHECK_EQUAL(errno_name(EINVAL), "EINVAL");
  BOOST_CHECK_EQUAL(errno_name(ENOTEMPTY), "ENOTEMPTY");
  BOOST_CHECK_EQUAL(errno_name(ESRCH), "ESRCH");
  BOOST_CHECK_EQUAL(errno_name(ENETUNREACH), "ENETUNREACH");
  BOOST_CHECK_EQUAL(errno_name(EHOSTUNREACH), "EHOSTUNREACH");
  BOOST_CHECK_EQUAL(errno_name(12345), "errno 12345");
}

BOOST_AUTO_TEST_SUITE_END()

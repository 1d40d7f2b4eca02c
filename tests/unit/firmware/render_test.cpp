#include "firmware/render.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace bondbox;
constexpr std::size_t console_columns = 80, console_lines = 24;

PortStatus port(const char* name, LinkState link, bool active = false) {
  PortStatus made;
  made.name = name;
  made.link = link;
  made.active = made.carries = active;
  made.speed_mbps = 1000;
  made.duplex = Duplex::full;
  made.mac = made.permanent_mac = {{0x02, 0, 0, 0, 0x0a, 1}};
  return made;
}

/// A bond of two healthy ports.
BondStatus healthy() {
  BondStatus bond;
  bond.name = "bond0";
  bond.at = Tick{12'345};
  bond.active = "eth0";
  bond.carrier = bond.host_up = true;
  bond.mac = {{0x02, 0, 0, 0, 0x0a, 0}};
  bond.mtu = 1500;
  bond.ports = {port("eth0", LinkState::up, true), port("eth1", LinkState::up)};
  return bond;
}

/// 802.3ad: eth0 distributes, eth1 has no partner.
BondStatus aggregated() {
  constexpr MacAddress partner{{0x02, 0, 0, 0, 0x0b, 1}};
  BondStatus bond = healthy();
  bond.options.mode = Mode::lacp_8023ad;
  bond.active = "";
  bond.plan.transmit.spread = Spread::hash;
  bond.ports[0].active = false;
  bond.ports[1].id = PortId{1};
  LacpStatus lacp;
  lacp.active = {.number = 1, .ports = 1, .actor_key = 9, .partner_key = 15, .partner_system = partner};
  LacpPortStatus port;
  port.aggregator = 1;
  port.in_active_aggregator = port.has_partner = true;
  port.actor.state = 61;
  port.partner.state = 63;
  port.partner.system = partner;
  port.receive = LacpReceiveState::current;
  port.mux = LacpMuxState::collecting_distributing;
  lacp.ports.push_back(port);
  port = {};
  port.port = PortId{1};
  port.aggregator = 2;
  port.actor.state = 69;
  port.receive = LacpReceiveState::defaulted;
  lacp.ports.push_back(port);
  bond.lacp = lacp;
  return bond;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

void check_fits_console(const BondStatus& bond) {
  const std::string text = render_text(bond);
  BOOST_TEST(text.ends_with("\n"));
  const auto lines = lines_of(text);
  BOOST_TEST(lines.size() <= console_lines, lines.size() << " lines:\n" << text);
  for (const std::string& line : lines) BOOST_TEST(line.size() <= console_columns, line.size() << " columns: " << line);
}

/// The keys of a JSON object, in its order, separated by blanks.
std::string keys(const boost::json::value& value) {
  std::string text;
  for (const auto& member : value.as_object()) text += (text.empty() ? "" : " ") + std::string(member.key());
  return text;
}

boost::json::value parsed(const std::vector<BondStatus>& bonds, const SchedulerStatus& scheduler = {}) {
  const std::string text = render_json(bonds, scheduler, WallClock{1'000'000});
  BOOST_TEST(text.ends_with("}\n"));
  return boost::json::parse(text);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(render)

BOOST_AUTO_TEST_CASE(formats_are_known_by_name) {
  BOOST_TEST((parse_status_format("text") == StatusFormat::text));
  BOOST_TEST((parse_status_format("proc") == StatusFormat::proc));
  BOOST_TEST((parse_status_format("json") == StatusFormat::json));
  BOOST_TEST(!parse_status_format("xml").has_value());
  BOOST_TEST(!parse_status_format("").has_value());
}

BOOST_AUTO_TEST_CASE(a_bond_is_degraded_when_anything_of_it_is_not_as_configured) {
  BOOST_TEST(!is_degraded(healthy()));
  const auto degraded = [](auto change) {
    BondStatus bond = healthy();
    change(bond);
    return is_degraded(bond);
  };
  BOOST_TEST(degraded([](BondStatus& bond) { bond.carrier = false; }));
  BOOST_TEST(degraded([](BondStatus& bond) { bond.host_up = false; }));
  BOOST_TEST(degraded([](BondStatus& bond) { bond.awaited.push_back({"eth2", "no such interface"}); }));
  for (const LinkState state : {LinkState::fail, LinkState::down, LinkState::back})
    BOOST_TEST(degraded([state](BondStatus& bond) { bond.ports[1].link = state; }));
}

BOOST_AUTO_TEST_CASE(a_healthy_bond_says_so_without_a_word_of_trouble) {
  const std::string text = render_text(healthy());
  BOOST_TEST(lines_of(text)[0] == "bond0: active-backup, up, active port eth0");
  for (const char* word : {"DOWN", "DEGRADED", "UNMONITORED"}) BOOST_TEST(!has(text, word), text);
  check_fits_console(healthy());
}

BOOST_AUTO_TEST_CASE(every_trouble_stands_right_after_the_first_line_in_words) {
  BondStatus bond = healthy();
  bond.ports[0].link = LinkState::down;
  bond.ports[0].in_state_for = Ticks{131'000};
  bond.ports[0].active = false;
  bond.active = "eth1";
  BOOST_TEST(lines_of(render_text(bond))[1] == "  DEGRADED: eth0 has had no link for 2 m 11 s");
  bond.ports[0].set_up = false;
  BOOST_TEST(lines_of(render_text(bond))[1] == "  DEGRADED: eth0 is set down on the host, without link for 2 m 11 s");
  bond.ports[0].set_up = true;
  bond.ports[0].link = LinkState::back;
  bond.ports[0].delay_left = Ticks{350};
  BOOST_TEST(lines_of(render_text(bond))[1] == "  DEGRADED: eth0 has link again, used in 350 ms (updelay)");
  bond.ports[0].link = LinkState::fail;
  bond.ports[0].delay_left = Ticks{4'000};
  BOOST_TEST(lines_of(render_text(bond))[1] == "  DEGRADED: eth0 has lost its link, given up in 4 s (downdelay)");
}

BOOST_AUTO_TEST_CASE(a_bond_that_carries_nothing_says_that_it_is_down_and_why) {
  BondStatus bond = healthy();
  bond.carrier = false;
  bond.active = "";
  for (PortStatus& one : bond.ports) {
    one.link = LinkState::down;
    one.active = one.carries = false;
  }
  const auto lines = lines_of(render_text(bond));
  BOOST_TEST(lines[0] == "bond0: active-backup, down, no active port");
  BOOST_TEST(lines[1] == "  DOWN: no port has a working link");
  bond.ports.clear();
  BOOST_TEST(lines_of(render_text(bond))[1] == "  DOWN: no ports");
  bond = healthy();
  bond.host_up = false;
  BOOST_TEST(has(render_text(bond), "DOWN: bond0 is set down on the host: ip link set bond0 up"));
  bond.options.unmonitored = true;
  bond.options.miimon_ms = 0;
  BOOST_TEST(has(render_text(bond), "UNMONITORED: a port that loses its link stays in use"));
}

BOOST_AUTO_TEST_CASE(durations_are_said_in_the_two_units_that_matter) {
  struct Row {
    std::int64_t ms;
    const char* text;
  };
  constexpr Row rows[] = {{0, "0 ms"},
                          {999, "999 ms"},
                          {1'000, "1 s"},
                          {59'999, "59 s"},
                          {60'000, "1 m 0 s"},
                          {3'599'999, "59 m 59 s"},
                          {3'600'000, "1 h 0 m"},
                          {86'400'000, "1 d 0 h"},
                          {86'400'000LL * 400 + 7'200'000, "400 d 2 h"}};
  for (const Row& row : rows) {
    BondStatus bond = healthy();
    bond.ports[1].link = LinkState::down;
    bond.ports[1].in_state_for = Ticks{row.ms};
    BOOST_TEST(has(render_text(bond), (std::string("no link for ") + row.text + "\n").c_str()), row.text);
  }
}

BOOST_AUTO_TEST_CASE(two_ports_in_the_worst_state_fit_a_serial_console) {
  BondStatus bond = healthy();
  const std::string longest(15, 'w');
  bond.name = longest;
  bond.primary = bond.options.primary = longest;
  bond.active = longest;
  bond.options.unmonitored = true;
  bond.options.miimon_ms = std::numeric_limits<std::int32_t>::max();
  bond.mtu = 65'535;
  for (const bool carrier : {true, false}) {
    for (const LinkState state : {LinkState::up, LinkState::fail, LinkState::down, LinkState::back}) {
      bond.carrier = carrier;
      bond.host_up = false;
      for (PortStatus& one : bond.ports) {
        one.name = longest;
        one.link = state;
        one.speed_mbps = 400'000;
        one.duplex = Duplex::half;
        one.failures = 4'294'967'295U;
        one.delay_left = one.in_state_for = Ticks{86'399'000};
        one.counters.rx_frames = one.counters.tx_frames = 99'999'999'999ULL;
        one.counters.rx_suppressed = one.counters.tx_refused = one.counters.tx_moved = 99'999'999'999ULL;
      }
      bond.failovers = bond.announcements = 99'999'999'999ULL;
      bond.counters.tx_no_port = 99'999'999'999ULL;
      bond.addresses.assign(7,
                            {IpAddress::parse("2001:db8:1111:2222:3333:4444:5555:6666").value(), {4'094}, {}, false});
      check_fits_console(bond);
    }
  }
}

BOOST_AUTO_TEST_CASE(two_awaited_ports_fit_a_serial_console_whatever_the_reason) {
  BondStatus bond = healthy();
  bond.carrier = false;
  bond.active = "";
  bond.ports.clear();
  const std::string longest(15, 'w');
  for (int i = 0; i < 2; ++i) {
    bond.awaited.push_back({longest, longest + " cannot change its address while it is up; fail_over_mac = \"active\" "
                                               "would let it keep its own, and then some more words"});
  }
  check_fits_console(bond);
  BOOST_TEST(has(render_text(bond), (longest + " is awaited: ").c_str()));
}

BOOST_AUTO_TEST_CASE(who_forwards_is_told_whatever_the_reason_and_fits_a_console) {
  BondStatus bond = healthy();
  bond.offload.kind = "tcx";
  bond.offload.serving = true;
  BOOST_TEST(has(render_text(bond), "\n  forwarding: in the kernel (BPF, tcx)\n"));
  bond.offload.serving = false;
  bond.offload.kind.clear();
  bond.offload.reason = "the verifier says: " + std::string(1'000, 'x');
  check_fits_console(bond);
  BOOST_TEST(has(render_text(bond), "forwarding: in the daemon (BPF refused: the verifier says:"));
}

BOOST_AUTO_TEST_CASE(a_word_longer_than_a_line_is_cut) {
  BondStatus bond = healthy();
  bond.awaited.push_back({"eth2", std::string(300, 'x')});
  check_fits_console(bond);
  BOOST_TEST(std::ranges::count(render_text(bond), 'x') == 300);
}

BOOST_AUTO_TEST_CASE(counts_that_are_too_long_for_their_column_are_told_in_thousands) {
  BondStatus bond = healthy();
  bond.ports[0].failures = 99'999;
  bond.ports[1].failures = 123'456;
  bond.ports[0].counters.rx_frames = 99'999'999'999ULL;
  bond.ports[1].counters.tx_frames = 18'446'744'073'709'551'615ULL;
  const std::string text = render_text(bond);
  for (const char* number : {" 99999 ", "  123k ", " 99999999999 ", " 18446744T\n"})
    BOOST_TEST(has(text, number), text);
}

BOOST_AUTO_TEST_CASE(of_many_addresses_the_first_are_shown) {
  BondStatus bond = healthy();
  bond.addresses.assign(40, {IpAddress::parse("192.0.2.1").value(), {}, {}, false});
  check_fits_console(bond);
  BOOST_TEST(has(render_text(bond), "  and 36 more\n"));
}

BOOST_AUTO_TEST_CASE(addresses_vlans_and_a_primary_that_is_no_port_are_shown) {
  BondStatus bond = healthy();
  bond.options.primary = "eth7";
  bond.addresses = {{IpAddress::parse("192.0.2.1").value(), {}, {}, false},
                    {IpAddress::parse("2001:db8::1").value(), {7}, {}, false}};
  const std::string text = render_text(bond);
  BOOST_TEST(has(text, "primary eth7 (not a port)"));
  BOOST_TEST(has(text, "address 192.0.2.1\n"));
  BOOST_TEST(has(text, "address 2001:db8::1 on VLAN 7\n"));
}

BOOST_AUTO_TEST_CASE(json_has_stable_keys) {
  BondStatus bond = healthy();
  bond.awaited.push_back({"eth2", "gone"});
  bond.addresses.push_back({IpAddress::parse("192.0.2.1").value(), {7}, {{2, 0, 0, 0, 0, 9}}, false});
  const boost::json::value document = parsed({bond});
  BOOST_TEST(keys(document) == "version wall_time_ms scheduler bonds");
  BOOST_TEST(keys(document.at("scheduler")) ==
             "steps overruns overrun_ticks worst_overrun_ms state_kept state_kept_not");
  const boost::json::value& one = document.at("bonds").at(0);
  BOOST_TEST(keys(one) ==
             "name interface tick mode carrier up degraded active primary mac mtu miimon_ms updelay_ms downdelay_ms "
             "revert_delay_ms arp_interval_ms monitor flap_damping_ms unmonitored "
             "busy_poll_us plan_generation failovers announcements tx_no_port tx_runts tx_punted punts_lost "
             "host_refused host_rx_lost_below addresses ports awaited xmit_hash_policy offload loops");
  const boost::json::value& first = one.at("ports").at(0);
  BOOST_TEST(keys(first) ==
             "name link delay_left_ms in_state_for_ms carrier held revert_left_ms monitors damping speed_mbps duplex "
             "link_failures active carries drill mac permanent_mac "
             "prio queue_id rx tx");
  BOOST_TEST(keys(first.at("rx")) ==
             "frames bytes suppressed_duplicates punted runts host_refused looped lost_below truncated errors");
  BOOST_TEST(keys(first.at("tx")) == "frames bytes refused moved_to_another_port");
  BOOST_TEST(keys(one.at("awaited").at(0)) == "name reason");
  BOOST_TEST(keys(one.at("addresses").at(0)) == "address vlan mac");
}

BOOST_AUTO_TEST_CASE(json_holds_the_values_of_the_bond) {
  BondStatus bond = healthy();
  bond.active = "";
  bond.ports[1].link = LinkState::fail;
  bond.ports[1].duplex = Duplex::unknown;
  bond.ports[1].failures = 4'294'967'295U;
  bond.ports[1].options.prio = -2'147'483'648;
  bond.ports[1].counters.rx_bytes = 18'446'744'073'709'551'615ULL;
  const boost::json::value document = parsed({bond}, {.steps = 9, .overrun_ticks = 3, .overruns = 2});
  BOOST_TEST(document.at("version").as_int64() == 1);
  BOOST_TEST(document.at("wall_time_ms").as_int64() == 1'012'345);
  BOOST_TEST(document.at("scheduler").at("overrun_ticks").to_number<std::uint64_t>() == 3U);
  const boost::json::value& one = document.at("bonds").at(0);
  BOOST_TEST(one.at("name").as_string() == "bond0");
  BOOST_TEST(one.at("mode").as_string() == "active-backup");
  BOOST_TEST(one.at("active").is_null());
  BOOST_TEST(one.at("primary").is_null());
  BOOST_TEST(one.at("degraded").as_bool());
  const boost::json::value& second = one.at("ports").at(1);
  BOOST_TEST(second.at("link").as_string() == "fail");
  BOOST_TEST(second.at("duplex").as_string() == "unknown");
  BOOST_TEST(second.at("link_failures").to_number<std::uint64_t>() == 4'294'967'295ULL);
  BOOST_TEST(second.at("prio").to_number<std::int64_t>() == -2'147'483'648LL);
  BOOST_TEST(second.at("rx").at("bytes").to_number<std::uint64_t>() == 18'446'744'073'709'551'615ULL);
}

BOOST_AUTO_TEST_CASE(lacp_is_shown_with_aggregator_partner_and_state_letters) {
  const BondStatus bond = aggregated();
  check_fits_console(bond);
  const std::string text = render_text(bond);
  BOOST_TEST(lines_of(text)[0] == "bond0: 802.3ad, up, hash layer2");
  BOOST_TEST(lines_of(text)[1] == "  DEGRADED: eth1 is not aggregated: bondbox explain bond0 eth1");
  BOOST_TEST(has(text, "\n  aggregator 1: 1 port, key 9, partner 02:00:00:00:0b:01 key 15\n"), text);
  BOOST_TEST(has(text, "\n  eth0            aggregator 1   us A-GSCD--, partner 02:00:00:00:0b:01 ATGSCD--\n"), text);
  BOOST_TEST(has(text, "\n  eth1            aggregator 2   us A-G---F-, partner none --------\n"), text);
  BondStatus lonely = bond;
  for (LacpPortStatus& port : lonely.lacp->ports) port.has_partner = false;
  BOOST_TEST(lines_of(render_text(lonely))[1] == "  DEGRADED: eth1 is not aggregated: no port has an LACP partner");
  lonely.lacp->active->partner_system = {};
  BOOST_TEST(has(render_text(lonely), "  aggregator 1: 1 port, key 9, no partner\n"));
  lonely.lacp->active.reset();
  lonely.carrier = false;
  BOOST_TEST(has(render_text(lonely), "  DOWN: too few ports are aggregated\n"));
  BOOST_TEST(has(render_text(lonely), "  no active aggregator\n"));
}

BOOST_AUTO_TEST_CASE(balancing_is_shown_with_buckets_load_and_clients) {
  BondStatus bond = healthy();
  bond.options.mode = Mode::balance_alb;
  bond.ports[1].id = PortId{1};
  bond.balance = BalanceStatus{};
  bond.balance->buckets[1] = 56;
  bond.balance->load_bytes_per_s[1] = 12'345'678;
  bond.balance->clients[1] = 3;
  check_fits_console(bond);
  BOOST_TEST(has(render_text(bond), "\n  eth1             56 of 256 buckets, 12345k bytes/s, 3 clients\n"),
             render_text(bond));
  const boost::json::value one = parsed({bond}).at("bonds").at(0);
  BOOST_TEST(keys(one.at("balance")) == "rounds buckets_moved clients_replaced");
  BOOST_TEST(one.at("ports").at(1).at("balance").at("clients").to_number<int>() == 3);
  BOOST_TEST(keys(one.at("ports").at(0).at("balance")) == "buckets load_bytes_per_s clients");
}

BOOST_AUTO_TEST_CASE(json_holds_lacp_where_the_mode_has_it) {
  const boost::json::value one = parsed({aggregated()}).at("bonds").at(0);
  BOOST_TEST(keys(one.at("lacp")) == "system_priority system active_aggregator without_partner");
  BOOST_TEST(keys(one.at("lacp").at("active_aggregator")) == "number ports actor_key partner_key partner_system");
  const boost::json::value& port = one.at("ports").at(1).at("lacp");
  BOOST_TEST(keys(port) ==
             "aggregator in_active_aggregator has_partner actor partner receive_state mux_state actor_churned "
             "partner_churned lacpdus_received lacpdus_sent own_lacpdus_received illegal_received "
             "unknown_received");
  BOOST_TEST(keys(port.at("actor")) == "system_priority system key port_priority port state");
  BOOST_TEST(port.at("receive_state").as_string() == "defaulted");
  BOOST_TEST(port.at("mux_state").as_string() == "detached");
  BOOST_TEST(one.at("ports").at(0).at("lacp").at("mux_state").as_string() == "collecting_distributing");
  BOOST_TEST(!parsed({healthy()}).at("bonds").at(0).as_object().contains("lacp"));
}

BOOST_AUTO_TEST_CASE(json_quotes_what_needs_it) {
  BondStatus bond = healthy();
  const std::string odd = "a \"name\" \\ with\ttab and \x01";
  bond.awaited.push_back({"eth2", odd});
  BOOST_TEST(parsed({bond}).at("bonds").at(0).at("awaited").at(0).at("reason").as_string() == odd);
}

BOOST_AUTO_TEST_CASE(no_bonds_are_an_empty_list) {
  BOOST_TEST(parsed({}).at("bonds").as_array().empty());
}

BOOST_AUTO_TEST_CASE(the_kernels_text_says_unknown_where_speed_or_duplex_is_not_known) {
  BondStatus bond = healthy();
  bond.ports[0].speed_mbps = 0;
  bond.ports[0].duplex = Duplex::unknown;
  bond.ports[1].duplex = Duplex::half;
  bond.ports[1].options.queue_id = 7;
  const std::string text = render_proc(bond);
  BOOST_TEST(has(text, "Speed: Unknown\nDuplex: Unknown\n"));
  BOOST_TEST(has(text, "Speed: 1000 Mbps\nDuplex: half\n"));
  BOOST_TEST(has(text, "Slave queue ID: 7\n"));
}

BOOST_AUTO_TEST_CASE(the_kernels_text_names_primary_and_fail_over_mac) {
  BondStatus bond = healthy();
  bond.primary = bond.options.primary = "eth1";
  bond.options.primary_reselect = PrimaryReselect::better;
  bond.options.fail_over_mac = FailOverMac::follow;
  const std::string text = render_proc(bond);
  BOOST_TEST(has(text, "\nBonding Mode: fault-tolerance (active-backup) (fail_over_mac follow)\n"));
  BOOST_TEST(has(text, "\nPrimary Slave: eth1 (primary_reselect better)\nCurrently Active Slave: eth0\n"));
  bond.options.fail_over_mac = FailOverMac::active;
  BOOST_TEST(has(render_proc(bond), "(active-backup) (fail_over_mac active)\n"));
}

BOOST_AUTO_TEST_CASE(the_kernels_text_shows_the_arp_monitor_when_it_is_on) {
  BondStatus bond = healthy();
  bond.options.arp_interval_ms = 1'000;
  bond.options.arp_ip_targets.push_back(IpAddress::parse("10.0.0.1").value());
  bond.options.arp_ip_targets.push_back(IpAddress::parse("10.0.0.2").value());
  BOOST_TEST(has(render_proc(bond),
                 "ARP Polling Interval (ms): 1000\nARP Missed Max: 2\nARP IP target/s (n.n.n.n form): 10.0.0.1, "
                 "10.0.0.2\nNS IPv6 target/s (xx::xx form):\n"));
}

BOOST_AUTO_TEST_SUITE_END()

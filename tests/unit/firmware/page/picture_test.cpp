#include "firmware/page/picture.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>
#include <vector>

#include "tests/unit/firmware/explain_fixture.hpp"
#include "tests/unit/firmware/page/markup.hpp"

namespace bondbox::page {
namespace {

using test::bond_of;
using test::contains;
using test::count_of;
using test::skeleton_of;

// 2025-11-23T14:00:00Z at tick 0.
constexpr WallClock wall{1'763'906'400'000};

std::string draw(const std::vector<BondStatus>& bonds, const EventLog* events = nullptr, bool drills = false) {
  std::string html = render_main(bonds, wall, events, drills);
  (void)skeleton_of(html);
  return html;
}

void lose_link(BondStatus& bond, std::size_t port) {
  bond.ports[port].link = LinkState::down;
  bond.ports[port].active = false;
  bond.ports[port].in_state_for = Ticks{131'000};
  bond.at = Tick{318'000};
  test::take_away(bond, port);
}

void note(EventLog& log, std::string_view bond, std::string_view port, std::string_view text, EventKind kind,
          std::int64_t outage = -1, std::string_view cause = {}) {
  log.record({.at = Tick{187'000},
              .kind = kind,
              .bond = bond,
              .port = port,
              .outage_ms_max = outage,
              .text = text,
              .cause = cause});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(page_picture)

BOOST_AUTO_TEST_CASE(a_bond_that_works_says_so_and_nothing_is_wrong) {
  const std::string html = draw({bond_of(Mode::active_backup)});
  BOOST_TEST(contains(html, "bond0 works</h1>"));
  BOOST_TEST(contains(html, ", eth0 is active"));
  BOOST_TEST(!contains(html, "class=\"wrong\""));
  BOOST_TEST(contains(html, "aria-label=\"bond0: eth0 active, eth1 stands by\""));
  BOOST_TEST(contains(html, "up, 1 Gbit/s full duplex"));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_stands_before_the_drawing_with_cause_time_and_remedy) {
  BondStatus bond = bond_of(Mode::active_backup);
  lose_link(bond, 1);
  const std::string html = draw({bond});
  BOOST_TEST(contains(html, "bond0 is degraded</h1>"));
  BOOST_TEST(
      contains(html,
               "<b>eth1 does not carry traffic</b>: it has had no link for 2 m 11 s <span class=\"dim\">since "
               "<time datetime=\"2025-11-23T14:03:07.000Z\">14:03:07</time> UTC</span>. <span class=\"dim\">Check "
               "its cable"));
  BOOST_TEST(html.find("class=\"wrong\"") < html.find("class=\"wiring\""));
}

BOOST_AUTO_TEST_CASE(each_state_has_a_shape_and_a_word_beside_its_colour) {
  BondStatus bond = bond_of(Mode::active_backup);
  const auto look = [&](LinkState link, bool active, bool carries) {
    bond.ports[0].link = link;
    bond.ports[0].active = active;
    bond.ports[0].carries = carries;
    const Look found = look_of(bond, bond.ports[0]);
    return std::string(found.kind) + " " + found.word;
  };
  BOOST_TEST(look(LinkState::up, true, true) == "ok active");
  BOOST_TEST(look(LinkState::up, false, true) == "ok carries");
  BOOST_TEST(look(LinkState::up, false, false) == "idle stands by");
  BOOST_TEST(look(LinkState::fail, true, true) == "warn going down");
  BOOST_TEST(look(LinkState::back, false, false) == "warn coming back");
  BOOST_TEST(look(LinkState::down, false, false) == "bad no link");
  bond.options.arp_interval_ms = 200;
  for (const LinkState link : {LinkState::down, LinkState::fail, LinkState::back})
    BOOST_TEST(look(link, false, false) == "bad no answer");
  bond.ports[0].has_carrier = false;
  BOOST_TEST(look(LinkState::down, false, false) == "bad no link");
  bond.options.arp_interval_ms = 0;
  bond.ports[0].monitors = {{"probes", false, {}, "no answer yet"}};
  BOOST_TEST(look(LinkState::fail, false, false) == "warn voted down");
  BOOST_TEST(look(LinkState::back, false, false) == "warn coming back");
  bond.ports[0].monitors.clear();
  bond.lacp.emplace();
  BOOST_TEST(look(LinkState::up, false, false) == "warn left out");
  BOOST_TEST(contains(draw({bond}), "<use href=\"#g-warn\"/>"));
}

BOOST_AUTO_TEST_CASE(bonds_that_need_somebody_come_first) {
  BondStatus well = bond_of(Mode::balance_rr);
  BondStatus ill = bond_of(Mode::balance_rr);
  ill.name = "bond1";
  lose_link(ill, 0);
  std::string html = draw({well, ill});
  BOOST_TEST(contains(html, "bond1 is degraded</h1>"));
  BOOST_TEST(html.find("data-bond=\"bond1\"") < html.find("data-bond=\"bond0\""));
  lose_link(well, 1);
  BOOST_TEST(contains(draw({well, ill}), "2 of 2 bonds need you</h1>"));
  BOOST_TEST(contains(draw({bond_of(Mode::balance_rr), bond_of(Mode::broadcast)}), "All 2 bonds work</h1>"));
  BOOST_TEST(contains(draw({}), "There are no bonds</h1>"));
}

BOOST_AUTO_TEST_CASE(a_bond_that_is_down_says_what_would_help) {
  BondStatus bond = bond_of(Mode::active_backup);
  lose_link(bond, 0);
  lose_link(bond, 1);
  bond.carrier = false;
  const std::string html = draw({bond});
  BOOST_TEST(contains(html, "<b>bond0 is down</b>: no port is up: eth0 has no link and eth1 has no link"));
  bond.host_up = false;
  BOOST_TEST(contains(draw({bond}), "Set it up: ip link set bond0 up"));
}

BOOST_AUTO_TEST_CASE(a_port_that_is_not_there_is_drawn_and_told) {
  BondStatus bond = bond_of(Mode::active_backup);
  bond.awaited.push_back({"eth9", "there is no interface named \"eth9\""});
  const std::string html = draw({bond});
  BOOST_TEST(contains(html, "<g class=\"port gone\" data-port=\"eth9\">"));
  BOOST_TEST(contains(html, "eth9 not there"));
  BOOST_TEST(contains(html, "<b>eth9 does not carry traffic</b>"));
}

BOOST_AUTO_TEST_CASE(a_partner_is_named_where_there_is_one) {
  BondStatus bond = bond_of(Mode::lacp_8023ad);
  LacpStatus lacp;
  LacpPortStatus port;
  port.aggregator = 1;
  port.has_partner = true;
  port.partner.system = {{0x02, 0, 0, 0, 0x0b, 1}};
  port.partner.key = 15;
  port.partner.port = 7;
  lacp.ports.push_back(port);
  port = {};
  port.port = PortId{1};
  lacp.ports.push_back(port);
  lacp.active = {.number = 1, .ports = 1, .partner_system = {{0x02, 0, 0, 0, 0x0b, 1}}};
  bond.lacp = lacp;
  const std::string html = draw({bond});
  BOOST_TEST(contains(html, "<th>LACP partner</th>"));
  BOOST_TEST(contains(html, "02:00:00:00:0b:01</span> <span class=\"dim\">port 7, key 15</span>"));
  BOOST_TEST(contains(html, "<td data-l=\"LACP partner\">none</td>"));
  BOOST_TEST(contains(html, "<dt>LACP partner</dt><dd>02:00:00:00:0b:01, aggregator 1 of 1 port</dd>"));
}

BOOST_AUTO_TEST_CASE(who_carries_the_frames_is_told_with_the_reason) {
  BondStatus bond = bond_of(Mode::active_backup);
  bond.offload.reason = "the kernel knows no <bpf>";
  BOOST_TEST(contains(draw({bond}), "<dd>by the daemon: the kernel knows no &lt;bpf&gt;</dd>"));
  bond.offload.kind = "clsact";
  bond.offload.serving = true;
  BOOST_TEST(contains(draw({bond}), "<dd>by the kernel (BPF, clsact)</dd>"));
}

BOOST_AUTO_TEST_CASE(events_stand_newest_first_with_the_outage_and_those_of_other_bonds_elsewhere) {
  EventLog log;
  note(log, "bond1", "", "of another", EventKind::bond);
  note(log, "bond0", "eth1", "the older", EventKind::link, -1, "eth0 <has> no link");
  note(log, "bond0", "eth0", "the newer", EventKind::active, 48);
  const std::string html = draw({bond_of(Mode::active_backup)}, &log);
  BOOST_TEST(html.find("<b>eth0</b> the newer <em>interrupted for at most 48 ms</em>") <
             html.find("<b>eth1</b> the older<span class=\"dim\">; eth0 &lt;has&gt; no link</span></p>"));
  BOOST_TEST(contains(html, "the older<span"));
  BOOST_TEST(!contains(html, "of another"));
  for (int i = 0; i < 20; ++i) note(log, "bond0", "eth0", "once more", EventKind::link);
  BOOST_TEST(count_of(draw({bond_of(Mode::active_backup)}, &log), "once more") == 12U);
}

BOOST_AUTO_TEST_CASE(hostile_names_and_sentences_make_no_other_elements_than_harmless_ones) {
  const auto with = [](const std::string& name, const std::string& sentence) {
    BondStatus bond = bond_of(Mode::active_backup);
    lose_link(bond, 1);
    bond.name = bond.interface = bond.active = bond.options.primary = bond.ports[0].name = bond.ports[1].name = name;
    bond.awaited.push_back({name, sentence});
    bond.offload.reason = sentence;
    EventLog log;
    note(log, name, name, sentence, EventKind::fault);
    return draw({bond}, &log, true);
  };
  const std::vector<std::string> tame = skeleton_of(with("eth0", "a sentence"));
  const std::string names[] = {"<script>", "\"><b>", "' onload='x",   "&lt;b&gt;",       "</main>", "--></title>",
                               "\" a=\"",  "%@%d%s", "\xff\xfe<\xc0", "\xe2\x80\xae<i>", "]]><!--", "a\r\nb: c"};
  for (const std::string& name : names) {
    const std::string html = with(name, "</p><script>alert(1)</script>" + name);
    BOOST_TEST((skeleton_of(html) == tame), name);
    BOOST_TEST(!contains(html, "<script"), name);
  }
}

BOOST_AUTO_TEST_CASE(the_key_changes_with_all_that_is_drawn_but_not_with_counters) {
  const auto key = [](const BondStatus& bond, const EventLog* log = nullptr) {
    const std::string html = draw({bond}, log);
    const std::size_t at = html.find("data-key=\"") + 10;
    return html.substr(at, html.find('"', at) - at);
  };
  const BondStatus bond = bond_of(Mode::active_backup);
  BOOST_TEST(key(bond) == "1 1 0 0 0 0|eth0 up 1 1 1000 0|eth1 up 0 0 1000 0");
  BondStatus busy = bond;
  busy.ports[0].counters.tx_bytes = 7;
  BOOST_TEST(key(busy) == key(bond));
  BondStatus other = bond;
  lose_link(other, 1);
  BOOST_TEST(key(other) != key(bond));
  EventLog log;
  note(log, "bond0", "eth0", "something", EventKind::link);
  BOOST_TEST(key(bond, &log) != key(bond));
}

BOOST_AUTO_TEST_CASE(a_drill_is_offered_only_where_it_is_allowed) {
  const std::vector<BondStatus> bonds{bond_of(Mode::active_backup)};
  BOOST_TEST(!contains(draw(bonds), "<form"));
  BOOST_TEST(count_of(draw(bonds, nullptr, true), "<form method=\"post\">") == 2U);
}

BOOST_AUTO_TEST_CASE(amounts_and_speeds_are_told_in_units) {
  BOOST_TEST(bytes_text(0) == "0 B");
  BOOST_TEST(bytes_text(999) == "999 B");
  BOOST_TEST(bytes_text(1'000) == "1.0 kB");
  BOOST_TEST(bytes_text(9'999) == "9.9 kB");
  BOOST_TEST(bytes_text(12'345'678) == "12 MB");
  BOOST_TEST(bytes_text(std::numeric_limits<std::uint64_t>::max()) == "18 EB");
  BOOST_TEST(speed_text(0).empty());
  BOOST_TEST(speed_text(100) == "100 Mbit/s");
  BOOST_TEST(speed_text(2'500) == "2.5 Gbit/s");
  BOOST_TEST(speed_text(100'000) == "100 Gbit/s");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::page

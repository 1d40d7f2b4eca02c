#include "firmware/arp_monitor.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "hal/wire/arp.hpp"
#include "tests/support/neighbours.hpp"

namespace {

using namespace bondbox;
using test::address_of;
using test::card_mac;
using test::Frame;
using test::station_mac;

constexpr PortId p0{0}, p1{1}, p2{2};

/// A monitor of e0, e1 and e2 with interval 100, up since tick 0, e0 active.
struct Paper {
  explicit Paper(Mode mode = Mode::active_backup) {
    options.mode = mode;
    options.miimon_ms = 0;
    options.arp_interval_ms = 100;
    options.arp_ip_targets.push_back(address_of("10.0.0.254"));
    options.ns_ip6_targets.push_back(address_of("fd10::254"));
    for (std::uint8_t i = 0; i < 3; ++i) {
      scene.ports.push_back({PortId{i}, LinkState::up, true, card_mac(0)});
    }
    monitor.set_targets(options, Tick{0});
    for (const PortId id : {p0, p1, p2}) monitor.begin(id, true, options, Tick{0});
  }

  /// "0 down, 2 up" for the verdicts of an inspection, which are carried out.
  std::string inspect(std::int64_t now) { return carry_out(monitor.inspect(scene, Tick{now})); }
  /// "asks 1: 1 back"
  std::string probe(std::int64_t now) {
    const ArpMonitor::Probing probing = monitor.probe(scene, Tick{now});
    std::string text = "asks";
    for (const PortId id : probing.ports) {
      text += " " + std::to_string(id.index);
      monitor.sent(id, Tick{now});
    }
    const std::string verdicts = carry_out(probing.verdicts);
    return verdicts.empty() ? text : text + ": " + verdicts;
  }
  void hear(PortId port, const Frame& frame, std::int64_t now) { monitor.hear(scene, port, frame, Tick{now}); }
  /// When the port was last heard.
  std::int64_t heard(PortId port) const { return monitor.last_heard(scene, port).number; }

  std::string carry_out(const ArpMonitor::Verdicts& verdicts) {
    std::string text;
    for (const ArpMonitor::Verdict& verdict : verdicts) {
      static constexpr const char* names[] = {"up", "fail", "down", "back"};
      scene.ports[verdict.port.index].link = verdict.to;
      text += (text.empty() ? "" : ", ") + std::to_string(verdict.port.index) + " " +
              names[static_cast<std::size_t>(verdict.to)];
    }
    return text;
  }

  BondOptions options;
  std::vector<HostAddress> addresses{{address_of("10.0.0.1"), {}, card_mac(0)},
                                     {address_of("fd10::1"), {}, card_mac(0)}};
  ArpMonitor::Scene scene{options, p0, addresses, {}};
  ArpMonitor monitor;
};

const Frame anything = test::data_frame(card_mac(0), station_mac(1));
const Frame answer = test::arp_reply(station_mac(1), "10.0.0.254", card_mac(0), "10.0.0.1");
const Frame question = test::arp_request(card_mac(0), "10.0.0.1", "10.0.0.254");

}  // namespace

BOOST_AUTO_TEST_SUITE(arp_monitor)

BOOST_AUTO_TEST_CASE(a_new_port_has_two_and_a_half_intervals) {
  Paper paper;
  BOOST_TEST(paper.inspect(250) == "");
  BOOST_TEST(paper.inspect(251) == "0 down, 1 down, 2 down");
}

BOOST_AUTO_TEST_CASE(the_active_port_needs_what_it_sends_and_what_it_hears) {
  for (const bool sends : {false, true}) {
    for (const bool hears : {false, true}) {
      Paper paper;
      for (const PortId id : {p1, p2}) paper.hear(id, anything, 1'000);
      paper.hear(p0, anything, hears ? 1'000 : 749);
      paper.monitor.sent(p0, Tick{sends ? 1'000 : 749});
      BOOST_TEST(paper.inspect(1'000) == (sends && hears ? "" : "0 down"), sends << hears);
    }
  }
}

BOOST_AUTO_TEST_CASE(half_an_interval_more_than_so_many_is_the_last_moment) {
  for (const int missed : {1, 2, 5, 255}) {
    Paper paper;
    paper.options.arp_missed_max = static_cast<std::uint8_t>(missed);
    for (const PortId id : {p0, p1, p2}) paper.hear(id, anything, 1'000);
    paper.monitor.sent(p0, Tick{1'000'000});
    const std::int64_t last = 1'000 + missed * 100 + 50;
    BOOST_TEST(paper.inspect(last) == "");
    BOOST_TEST(paper.inspect(last + 1) == "0 down");
    BOOST_TEST(paper.inspect(last + 100) == "");
    BOOST_TEST(paper.inspect(last + 101) == "1 down, 2 down");
  }
}

BOOST_AUTO_TEST_CASE(a_port_that_has_become_active_has_its_time_anew) {
  Paper paper;
  for (const PortId id : {p0, p1, p2}) paper.hear(id, anything, 1'000);
  paper.scene.active = p1;
  paper.monitor.became_active(p1, Tick{1'300});
  BOOST_TEST(paper.inspect(1'550) == "0 down, 2 down");
  BOOST_TEST(paper.inspect(1'551) == "1 down");
}

BOOST_AUTO_TEST_CASE(balancing_ports_come_up_by_both_within_one_interval_and_have_no_grace) {
  Paper paper(Mode::balance_xor);
  for (ArpMonitor::Port& port : paper.scene.ports) port.link = LinkState::down;
  paper.hear(p0, anything, 1'000);
  paper.monitor.sent(p1, Tick{1'000});
  paper.hear(p2, anything, 1'000);
  paper.monitor.sent(p2, Tick{1'050});
  BOOST_TEST(paper.inspect(1'150) == "2 up");
  BOOST_TEST(paper.inspect(1'250) == "");
  BOOST_TEST(paper.inspect(1'251) == "2 down");
  BOOST_TEST(paper.probe(1'251) == "asks 0 1 2");
  paper.scene.ports[1].carrier = false;
  BOOST_TEST(paper.probe(1'300) == "asks 0 2");
}

BOOST_AUTO_TEST_CASE(candidates_take_turns_over_the_ports_with_carrier) {
  Paper paper;
  paper.scene.ports[1].carrier = false;
  BOOST_TEST(paper.inspect(1'000) == "0 down, 1 down, 2 down");
  paper.scene.active.reset();
  BOOST_TEST(paper.probe(1'000) == "asks 2: 2 back");
  BOOST_TEST(paper.inspect(1'100) == "2 fail");
  BOOST_TEST(paper.probe(1'100) == "asks 0: 0 back");
  BOOST_TEST(paper.inspect(1'200) == "0 fail");
  BOOST_TEST(paper.probe(1'200) == "asks 2: 2 back");
  BOOST_TEST((paper.monitor.candidate() == p2));
  // The answer came to another port: a switch has yet to learn.
  paper.options.arp_validate = ArpValidate::all;
  paper.hear(p0, answer, 1'250);
  BOOST_TEST(paper.inspect(1'300) == "0 up, 2 fail");
  BOOST_TEST(!paper.monitor.candidate());
  paper.scene.active = p0;
  BOOST_TEST(paper.probe(1'300) == "asks 0");
}

BOOST_AUTO_TEST_CASE(a_lone_port_is_candidate_again_and_again) {
  Paper paper;
  for (const std::size_t i : {1U, 2U}) paper.scene.ports[i].carrier = false;
  BOOST_TEST(paper.inspect(1'000) == "0 down, 1 down, 2 down");
  paper.scene.active.reset();
  for (std::int64_t now = 1'000; now < 2'000; now += 100) {
    BOOST_TEST(paper.probe(now) == "asks 0: 0 back");
    BOOST_TEST(paper.inspect(now + 100) == "0 fail");
  }
}

BOOST_AUTO_TEST_CASE(with_no_carrier_anywhere_nobody_is_asked_and_who_is_still_up_goes_down) {
  Paper paper;
  for (ArpMonitor::Port& port : paper.scene.ports) port.carrier = false;
  paper.scene.active.reset();
  BOOST_TEST(paper.probe(1'000) == "asks: 0 down, 1 down, 2 down");
  BOOST_TEST(paper.probe(1'100) == "asks");
}

BOOST_AUTO_TEST_CASE(while_a_candidate_is_looked_for_a_backup_keeps_its_chance) {
  Paper paper;
  paper.hear(p1, anything, 950);
  BOOST_TEST(paper.inspect(1'000) == "0 down, 2 down");
  paper.scene.active.reset();
  BOOST_TEST(paper.probe(1'000) == "asks 1: 1 back");
  paper.scene.ports[2].link = LinkState::up;
  BOOST_TEST(paper.inspect(1'001) == "1 up");
}

// The kernel's three ways in which an ARP frame may speak for a validated port, and frames that may not.
BOOST_AUTO_TEST_CASE(only_these_frames_speak_for_a_validated_port) {
  struct Row {
    const char* what;
    Frame frame;
    bool for_active, for_backup;
  };
  const MacAddress us = card_mac(0), target = station_mac(1);
  const Frame rows_v6_answer =
      test::neighbour_advertisement(target, address_of("fd10::254"), us, address_of("fd10::1"));
  const std::vector<Row> rows = {
      {"the answer", answer, true, false},
      {"our question", question, false, true},
      {"the target asks for us", test::arp_request(target, "10.0.0.254", "10.0.0.1"), true, false},
      {"the target asks for another", test::arp_request(target, "10.0.0.254", "10.0.0.9"), false, false},
      {"another asks for the target", test::arp_request(target, "10.0.0.9", "10.0.0.254"), false, false},
      {"another answers us", test::arp_reply(target, "10.0.0.9", us, "10.0.0.1"), false, false},
      {"the answer, for another station", test::arp_reply(target, "10.0.0.254", station_mac(5), "10.0.0.1"), false,
       false},
      {"the answer, tagged", test::arp_reply(target, "10.0.0.254", us, "10.0.0.1", VlanId{7}), true, false},
      {"data", anything, false, false},
      {"half an answer", Frame(answer.begin(), answer.begin() + 30), false, false},
      {"the advertisement", rows_v6_answer, true, false},
      {"it to all nodes", test::neighbour_advertisement(target, address_of("fd10::254"), us, address_of("::")), true,
       false},
      {"it for another", test::neighbour_advertisement(target, address_of("fd10::254"), us, address_of("fd10::9")),
       false, false},
      {"another's", test::neighbour_advertisement(target, address_of("fd10::9"), us, address_of("fd10::1")), false,
       false},
  };
  for (const Row& row : rows) {
    Paper paper;
    paper.options.arp_validate = ArpValidate::all;
    paper.hear(p0, answer, 500);
    paper.hear(p0, row.frame, 1'000);
    BOOST_TEST((paper.heard(p0) == 1'000) == row.for_active, row.what << ", on the active port");
    paper.hear(p1, row.frame, 1'000);
    BOOST_TEST((paper.heard(p1) == 1'000) == row.for_backup, row.what << ", on a backup port");
  }
}

BOOST_AUTO_TEST_CASE(our_question_speaks_for_a_backup_once_the_active_port_was_answered) {
  Paper paper;
  paper.options.arp_validate = ArpValidate::all;
  paper.monitor.became_active(p0, Tick{500});
  paper.hear(p1, question, 600);
  BOOST_TEST(paper.heard(p1) < 0);
  paper.hear(p0, answer, 610);
  paper.hear(p1, question, 700);
  BOOST_TEST(paper.heard(p1) == 700);
}

BOOST_AUTO_TEST_CASE(all_targets_is_as_old_as_the_oldest_answer) {
  Paper paper;
  paper.options.arp_validate = ArpValidate::active;
  paper.options.arp_all_targets = ArpAllTargets::all;
  paper.hear(p0, answer, 1'000);
  BOOST_TEST(paper.heard(p0) < 0);  // fd10::254 has not been heard of
  paper.hear(p0,
             test::neighbour_advertisement(station_mac(1), address_of("fd10::254"), card_mac(0), address_of("fd10::1")),
             1'100);
  BOOST_TEST(paper.heard(p0) == 1'000);
  paper.hear(p1, anything, 1'200);
  BOOST_TEST(paper.heard(p1) == 1'200);  // not validated: any frame
}

BOOST_AUTO_TEST_CASE(time_that_is_excused_is_not_silence) {
  Paper paper;
  for (const PortId id : {p0, p1, p2}) {
    paper.hear(id, anything, 1'000);
    paper.monitor.sent(id, Tick{1'000});
  }
  paper.monitor.excuse(ticks_from_ms(5'000), Tick{6'100});
  BOOST_TEST(paper.heard(p0) == 6'000);
  BOOST_TEST(paper.inspect(6'100) == "");
  BOOST_TEST(paper.inspect(6'251) == "0 down");
  paper.monitor.excuse(ticks_from_ms(5'000), Tick{6'300});
  BOOST_TEST(paper.heard(p0) == 6'300);  // nothing comes from the future
}

BOOST_AUTO_TEST_CASE(a_port_that_has_left_leaves_nothing_to_the_next_in_its_place) {
  Paper paper;
  paper.hear(p1, anything, 1'000);
  paper.monitor.forget(p1);
  paper.monitor.begin(p1, false, paper.options, Tick{1'010});
  paper.scene.ports[1].link = LinkState::down;
  paper.hear(p0, anything, 1'000);
  paper.hear(p2, anything, 1'000);
  paper.monitor.sent(p0, Tick{1'000});
  BOOST_TEST(paper.inspect(1'020) == "");
}

BOOST_AUTO_TEST_SUITE_END()

#include "firmware/port_voices.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace bondbox;

BondOptions options_for(MonitorRule rule, std::uint8_t quorum = 1, Mode mode = Mode::lacp_8023ad) {
  BondOptions options;
  options.mode = mode;
  options.monitor = rule;
  options.monitor_quorum = quorum;
  options.arp_interval_ms = 1000;
  options.arp_ip_targets.push_back(*IpAddress::parse("10.0.0.254"));
  return options;
}

PortVoices voices(bool of_link, bool of_probes, bool of_lacp) {
  PortVoices voices;
  voices.start(of_link, Tick{5});
  voices.set_probe_state(of_probes ? LinkState::up : LinkState::down, Tick{10});
  voices.say(MonitorKind::lacp, of_lacp, Tick{20});
  return voices;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(port_voices)

BOOST_AUTO_TEST_CASE(so_many_have_to_call_a_port_up_as_the_rule_says) {
  for (unsigned set = 0; set < 8; ++set) {
    const PortVoices said = voices((set & 1) != 0, (set & 2) != 0, (set & 4) != 0);
    const int count = static_cast<int>((set & 1) + (set >> 1 & 1) + (set >> 2 & 1));
    BOOST_TEST_CONTEXT("voices " << set) {
      BOOST_TEST(said.together(options_for(MonitorRule::any)) == (count >= 1));
      BOOST_TEST(said.together(options_for(MonitorRule::all)) == (count == 3));
      for (std::uint8_t quorum = 1; quorum <= 3; ++quorum)
        BOOST_TEST(said.together(options_for(MonitorRule::quorum, quorum)) == (count >= quorum));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_monitor_that_the_bond_does_not_have_has_no_voice) {
  BondOptions options = options_for(MonitorRule::all, 1, Mode::active_backup);
  BOOST_TEST(voices(true, true, false).together(options));
  BOOST_TEST(!voices(true, false, true).together(options));
  options.arp_ip_targets.clear();
  BOOST_TEST(voices(true, false, false).together(options));
  BOOST_TEST(!voices(false, true, true).together(options));
}

BOOST_AUTO_TEST_CASE(a_quorum_of_more_than_there_are_is_all_of_them) {
  const BondOptions options = options_for(MonitorRule::quorum, 3, Mode::balance_rr);
  BOOST_TEST(voices_needed(options) == 2U);
  BOOST_TEST(voices(true, true, false).together(options));
  BOOST_TEST(!voices(true, false, false).together(options));
}

BOOST_AUTO_TEST_CASE(each_voice_knows_since_when_it_says_what_it_says) {
  PortVoices said = voices(true, false, false);
  BOOST_TEST(said.since(MonitorKind::link).number == 5);
  BOOST_TEST(said.since(MonitorKind::probes).number == 10);
  said.set_probe_state(LinkState::back, Tick{30});  // being asked over is no answer
  BOOST_TEST(said.since(MonitorKind::probes).number == 10);
  said.set_probe_state(LinkState::up, Tick{40});
  BOOST_TEST(said.since(MonitorKind::probes).number == 40);
  BOOST_TEST(said.says_up(MonitorKind::probes));
}

BOOST_AUTO_TEST_SUITE_END()

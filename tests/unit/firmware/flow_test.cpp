#include "firmware/flow.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "firmware/offline_bond.hpp"
#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"
#include "tests/support/sim_bench.hpp"

namespace bondbox::test {
namespace {

Flow flow_of(const std::vector<std::string>& words) {
  std::string wrong;
  const auto flow = parse_flow_words(words, wrong);
  BOOST_REQUIRE_MESSAGE(flow.has_value(), wrong);
  return *flow;
}

BondConfig config_of(Mode mode, HashPolicy policy = HashPolicy::layer2) {
  BondConfig config = SimBench::config({"eth0", "eth1", "eth2"});
  config.options.mode = mode;
  config.options.xmit_hash_policy = policy;
  return config;
}

std::string line_of(const BondConfig& config, const std::vector<std::string>& words) {
  OfflineBond bond(config);
  return bond.line(1, flow_of(words));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flow)

BOOST_AUTO_TEST_CASE(a_flow_is_read_from_words) {
  std::string wrong;
  const auto tcp = parse_flow("10.0.0.1:80-10.0.0.9:5000/tcp", wrong);
  BOOST_REQUIRE(tcp.has_value());
  BOOST_TEST(tcp->from.text() == "10.0.0.1");
  BOOST_TEST(tcp->to.text() == "10.0.0.9");
  BOOST_TEST(*tcp->from_port == 80U);
  BOOST_TEST(*tcp->to_port == 5'000U);
  BOOST_TEST(int{tcp->protocol} == 6);
  const auto v6 = parse_flow("[2001:db8::1]:80-[2001:db8::2]/udp", wrong);
  BOOST_REQUIRE(v6.has_value());
  BOOST_TEST(v6->from.text() == "2001:db8::1");
  BOOST_TEST(!v6->to_port.has_value());
  BOOST_TEST(int{v6->protocol} == 17);
  const auto bare = parse_flow("2001:db8::1-2001:db8::2/icmp", wrong);
  BOOST_REQUIRE(bare.has_value());
  BOOST_TEST(int{bare->protocol} == 58);
  BOOST_TEST(int{parse_flow("10.0.0.1-10.0.0.2/icmp", wrong)->protocol} == 1);
  BOOST_TEST(int{parse_flow("10.0.0.1-10.0.0.2/132", wrong)->protocol} == 132);
}

BOOST_AUTO_TEST_CASE(what_is_no_flow_is_answered_with_what_one_is) {
  for (const char* text : {"", "10.0.0.1", "10.0.0.1-10.0.0.2", "10.0.0.1:80/tcp", "10.0.0.1-2001:db8::1/tcp",
                           "10.0.0.1:x-10.0.0.2/tcp", "10.0.0.1:65536-10.0.0.2/tcp", "10.0.0.1-10.0.0.2/sctp",
                           "10.0.0.1-10.0.0.2/256", "[2001:db8::1-2001:db8::2/tcp", "[2001:db8::1]80-[::1]/tcp"}) {
    std::string wrong;
    BOOST_TEST(!parse_flow(text, wrong).has_value(), text);
    BOOST_TEST(wrong.starts_with("a flow is FROM-TO/PROTOCOL, as "), wrong);
  }
  std::string wrong;
  BOOST_TEST(!parse_flow("10.0.0.1:80-10.0.0.2/icmp", wrong).has_value());
  BOOST_TEST(wrong == "only tcp and udp have ports, not \"10.0.0.1:80-10.0.0.2/icmp\"");
  using Words = std::vector<std::string>;
  const std::string good = "10.0.0.1-10.0.0.2/tcp";
  for (const Words& words : {Words{"--vlan", "5"}, Words{"--flow", good, "--vlan", "0"},
                             Words{"--flow", good, "--vlan", "4095"}, Words{"--flow", good, "--to-mac", "02:00"},
                             Words{"--flow", good, "--colour", "red"}, Words{"--flow", good, "--vlan"}})
    BOOST_TEST(!parse_flow_words(words, wrong).has_value());
}

BOOST_AUTO_TEST_CASE(a_frame_of_it_says_what_is_known) {
  const Flow flow = flow_of({"--flow", "10.0.0.1:80-10.0.0.9:5000/tcp", "--to-mac", "02:00:00:00:0b:01", "--from-mac",
                             "02:00:00:00:0a:01", "--vlan", "7"});
  const auto frame = flow_frame(flow, Unknown::ports, 9);
  const auto view = wire::EthernetView::parse(frame);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST(view->destination().text() == "02:00:00:00:0b:01");
  BOOST_TEST(view->source().text() == "02:00:00:00:0a:01");
  BOOST_TEST(view->vlan().value == 7U);
  const auto packet = wire::Ipv4View::parse(view->payload());
  BOOST_REQUIRE(packet.has_value());
  BOOST_TEST(packet->source().text() == "10.0.0.1");
  BOOST_TEST(wire::load_be16(view->payload().data() + 20) == 80U);
  BOOST_TEST(wire::load_be16(view->payload().data() + 22) == 5'000U);
  // Nothing is guessed, so every guess is the same.
  for (const Unknown what : all_unknowns) BOOST_TEST((flow_frame(flow, what, 1) == flow_frame(flow, what, 2)));
}

BOOST_AUTO_TEST_CASE(groups_have_the_addresses_that_follow_from_them) {
  const auto to = [](const char* text) {
    std::string wrong;
    return parse_flow(text, wrong)->to_mac.value_or(MacAddress{}).text();
  };
  BOOST_TEST(to("10.0.0.1-239.129.1.2/udp") == "01:00:5e:01:01:02");
  BOOST_TEST(to("10.0.0.1-255.255.255.255/udp") == "ff:ff:ff:ff:ff:ff");
  BOOST_TEST(to("2001:db8::1-ff02::1:2/udp") == "33:33:00:01:00:02");
  BOOST_TEST(to("10.0.0.1-10.0.0.2/udp") == MacAddress{}.text());
}

BOOST_AUTO_TEST_CASE(a_flow_has_a_port_and_a_successor_by_the_configuration) {
  BOOST_TEST(line_of(config_of(Mode::active_backup), {"--flow", "10.0.0.1-10.0.0.9/icmp"}) ==
             "1\t0\teth0\tthe active port; if eth0 dies it moves to eth1\n");
  BondConfig config = config_of(Mode::active_backup);
  config.options.primary = "eth2";
  config.port_options["eth1"].prio = -1;
  BOOST_TEST(line_of(config, {"--flow", "10.0.0.1-10.0.0.9/icmp"}) ==
             "1\t2\teth2\tthe active port; if eth2 dies it moves to eth0\n");
  // Addresses of stations do not matter to layer3+4.
  const std::string line =
      line_of(config_of(Mode::balance_xor, HashPolicy::layer34), {"--flow", "10.0.0.1:80-10.0.0.9:5000/tcp"});
  BOOST_TEST(line.find("\thash layer3+4 0x") != std::string::npos, line);
  BOOST_TEST(line.find(" % 3; if eth") != std::string::npos, line);
}

BOOST_AUTO_TEST_CASE(what_is_not_known_and_decides_is_named_instead_of_a_port) {
  const std::vector<std::string> flow{"--flow", "10.0.0.1:80-10.0.0.9:5000/tcp"};
  BOOST_TEST(line_of(config_of(Mode::balance_xor), flow) ==
             "1\t-\t-\tthat depends on its source's MAC address (--from-mac) and its destination's MAC address "
             "(--to-mac)\n");
  BondConfig own = config_of(Mode::balance_xor);
  own.mac = card_mac(3);
  BOOST_TEST(line_of(own, flow) == "1\t-\t-\tthat depends on its destination's MAC address (--to-mac)\n");
  std::vector<std::string> known = flow;
  known.insert(known.end(), {"--to-mac", "02:00:00:00:0b:01"});
  BOOST_TEST(line_of(own, known).find("\thash layer2 0x") != std::string::npos, line_of(own, known));
  BOOST_TEST(line_of(config_of(Mode::balance_xor, HashPolicy::layer34), {"--flow", "10.0.0.1:80-10.0.0.9/tcp"}) ==
             "1\t-\t-\tthat depends on its ports (ADDRESS:PORT)\n");
  // With one port nothing decides.
  BondConfig one = config_of(Mode::balance_xor);
  one.ports = {"eth0"};
  BOOST_TEST(line_of(one, flow) == "1\t0\teth0\twhatever of it is not known; if eth0 dies nothing takes over\n");
}

BOOST_AUTO_TEST_CASE(a_flow_leaves_a_running_bond_by_the_port_that_was_told) {
  for (const HashPolicy policy : {HashPolicy::layer2, HashPolicy::layer34, HashPolicy::vlan_srcmac}) {
    SimBench bench({"e0", "e1", "e2"});
    BondConfig config = SimBench::config({"e0", "e1", "e2"});
    config.options.mode = Mode::balance_xor;
    config.options.xmit_hash_policy = policy;
    bench.add(config);
    for (int i = 1; i < 30; ++i) {
      Flow flow = flow_of({"--flow", "10.0.0.1:80-10.0.0." + std::to_string(i) + ":5000/tcp", "--to-mac",
                           station_mac(static_cast<std::uint8_t>(i)).text()});
      WhichRequest request;
      request.flow = flow;
      const std::string answer = answer_which(request, bench.status());
      flow.from_mac = bench.status().mac;
      for (const char* card : {"e0", "e1", "e2"}) bench.world.clear_sent(card);
      BOOST_REQUIRE(bench.host_sends(flow_frame(flow, Unknown::ports, 0)));
      for (const char* card : {"e0", "e1", "e2"}) {
        const bool left_here = !bench.world.sent(card).empty();
        BOOST_TEST(left_here == (answer.find(std::string("\t") + card + "\t") != std::string::npos), answer);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

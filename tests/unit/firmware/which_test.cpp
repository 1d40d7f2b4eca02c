#include "firmware/which.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "hal/wire/ethernet.hpp"
#include "tests/support/sim_bench.hpp"

namespace bondbox::test {
namespace {

constexpr std::uint8_t slots[] = {4, 0, 2};  ///< e0 stands in slot 4: order and slots are two things
constexpr MacAddress far_mac = station_mac(0);
constexpr MacAddress igmp_mac{{0x01, 0, 0x5e, 0, 0, 0x16}};

WhichPlan plan_of(Spread spread) {
  WhichPlan at;
  at.plan.transmit.spread = spread;
  for (std::size_t i = 0; i < 3; ++i) {
    at.plan.transmit.usable.push_back(PortId{slots[i]});
    at.ports.push_back({PortId{slots[i]}, "e" + std::to_string(i)});
  }
  at.plan.transmit.bucket_port.fill(no_port);
  return at;
}

Frame frame_of(std::uint16_t type, MacAddress to = far_mac) {
  Frame frame(60);
  to.store(frame.data());
  card_mac(0).store(frame.data() + 6);
  wire::store_be16(frame.data() + 12, type);
  return frame;
}

/// From 10.0.0.1 to 10.0.0.LAST.
Frame ipv4(std::uint8_t last, std::uint8_t protocol = 17, MacAddress to = far_mac) {
  Frame frame = frame_of(wire::ethertype::ipv4, to);
  frame[14] = 0x45;
  frame[23] = protocol;
  frame[26] = frame[30] = 10;
  frame[29] = 1;
  frame[33] = last;
  return frame;
}

Frame with_tag(Frame frame, std::uint16_t tci) {
  const std::uint8_t tag[] = {0x81, 0x00, static_cast<std::uint8_t>(tci >> 8), static_cast<std::uint8_t>(tci & 0xff)};
  frame.insert(frame.begin() + 12, tag, tag + 4);
  return frame;
}

std::string line(WhichPlan at, const Frame& frame) {
  return which_line(7, frame, at);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(which)

BOOST_AUTO_TEST_CASE(one_active_port_takes_every_frame) {
  BOOST_TEST(line(plan_of(Spread::single), ipv4(2)) == "7\t0\te0\tthe active port\n");
}

BOOST_AUTO_TEST_CASE(without_a_usable_port_a_frame_leaves_nowhere) {
  BOOST_TEST(line(plan_of(Spread::nothing), ipv4(2)) == "7\t-\t-\tno port is usable\n");
}

BOOST_AUTO_TEST_CASE(a_frame_that_is_none_leaves_nowhere) {
  BOOST_TEST(line(plan_of(Spread::single), Frame(13)) == "7\t-\t-\ttoo short for a frame\n");
  BOOST_TEST(line(plan_of(Spread::single), Frame{}) == "7\t-\t-\ttoo short for a frame\n");
}

BOOST_AUTO_TEST_CASE(round_robin_gives_each_frame_the_turn_after_the_last_one) {
  WhichPlan at = plan_of(Spread::round_robin);
  at.plan.transmit.igmp_port = PortId{slots[2]};
  BOOST_TEST(which_line(1, ipv4(2), at) == "1\t1\te1\tits turn\n");
  BOOST_TEST(which_line(2, ipv4(22, 2, igmp_mac), at) == "2\t2\te2\tIGMP leaves on the active port\n");
  BOOST_TEST(which_line(3, ipv4(2), at) == "3\t2\te2\tits turn\n");
  BOOST_TEST(which_line(4, ipv4(2), at) == "4\t0\te0\tits turn\n");
  BOOST_TEST(at.turns == 3U);
  at.plan.transmit.packets_per_port = 0;
  BOOST_TEST(which_line(5, ipv4(2), at) == "5\t-\t-\tone of 3 ports, by chance\n");
  BOOST_TEST(at.turns == 3U);
}

BOOST_AUTO_TEST_CASE(a_hash_is_told_with_its_policy_and_its_value) {
  WhichPlan at = plan_of(Spread::hash);
  // 10.0.0.1 ^ 10.0.0.2 = 3 in the last byte of the word, folded down, without its lowest bit.
  at.plan.transmit.hash_policy = HashPolicy::layer34;
  BOOST_TEST(line(at, ipv4(2)) == "7\t1\te1\thash layer3+4 0x1818181 % 3\n");
  at.plan.transmit.hash_policy = HashPolicy::layer2;
  BOOST_TEST(line(at, ipv4(2)) == "7\t2\te2\thash layer2 0x800 % 3\n");
  BOOST_TEST(line(at, with_tag(ipv4(2), 7)) == "7\t2\te2\thash layer2 0x800 % 3, VLAN tag taken off\n");
  at.plan.transmit.rest_port = PortId{slots[0]};
  BOOST_TEST(line(at, frame_of(wire::ethertype::arp)) == "7\t0\te0\tnot balanced: the active port\n");
}

BOOST_AUTO_TEST_CASE(a_bucket_is_told_with_its_number_and_one_that_nobody_has_with_that) {
  WhichPlan at = plan_of(Spread::buckets);
  at.plan.transmit.bucket_key = BucketKey::destination_ip;
  at.plan.transmit.bucket_port[10 ^ 2] = PortId{slots[1]};
  BOOST_TEST(line(at, ipv4(2)) == "7\t1\te1\tbucket 8\n");
  BOOST_TEST(line(at, ipv4(3)) == "7\t-\t-\tbucket 9 has no port yet\n");
  BOOST_TEST(line(at, frame_of(wire::ethertype::arp)) == "7\t0\te0\tnot balanced: the active port\n");
  at.plan.punt = punt_arp_sent;
  BOOST_TEST(line(at, frame_of(wire::ethertype::arp)) == "7\t-\t-\tARP: the mode sends it itself\n");
}

BOOST_AUTO_TEST_CASE(copies_name_every_port) {
  BOOST_TEST(line(plan_of(Spread::copy_to_all), ipv4(2)) == "7\t0+1+2\te0+e1+e2\ta copy on every port\n");
  WhichPlan at = plan_of(Spread::hash);
  at.plan.transmit.copy_neighbours = true;
  BOOST_TEST(line(at, frame_of(wire::ethertype::arp)) ==
             "7\t0+1+2\te0+e1+e2\tARP or neighbour discovery: a copy on every port\n");
}

BOOST_AUTO_TEST_CASE(ports_without_names_have_their_index) {
  WhichPlan at = plan_of(Spread::single);
  for (auto& port : at.ports) port.name.clear();
  BOOST_TEST(line(at, ipv4(2)) == "7\t0\t-\tthe active port\n");
}

BOOST_AUTO_TEST_CASE(hex_is_pairs_of_digits_with_blanks_or_colons_between_pairs) {
  const std::vector<std::uint8_t> bytes{0x02, 0xab, 0xff};
  for (const char* text : {"02abff", "02ABFF", "02 ab ff", "02:ab:ff", "02ab ff"}) {
    const auto parsed = parse_hex(text);
    BOOST_REQUIRE_MESSAGE(parsed.has_value(), text);
    BOOST_TEST(*parsed == bytes, boost::test_tools::per_element());
  }
  for (const char* text : {"", "0", "02a", "0x02", "02  ab", "02 ", " 02", "02-ab", "gg"})
    BOOST_TEST(!parse_hex(text).has_value(), text);
  BOOST_TEST(hex_text(bytes) == "02abff");
}

BOOST_AUTO_TEST_CASE(a_request_goes_on_where_the_one_before_it_ended) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  BondStatus bond = bench.status();
  bond.plan = plan_of(Spread::round_robin).plan;
  bond.plan.transmit.usable = {};
  for (const PortStatus& port : bond.ports) bond.plan.transmit.usable.push_back(port.id);
  bond.turns = 6;
  bond.plan_generation = 3;
  WhichRequest request;
  request.frames = {ipv4(2), ipv4(2)};
  BOOST_TEST(answer_which(request, bond) == "8 3\n1\t1\te1\tits turn\n2\t0\te0\tits turn\n");
  request.first = 3;
  request.turns = 9;
  BOOST_TEST(answer_which(request, bond) == "11 3\n3\t0\te0\tits turn\n4\t1\te1\tits turn\n");
}

BOOST_AUTO_TEST_CASE(a_request_that_is_none_is_told_what_is_expected) {
  using Words = std::vector<std::string>;
  std::string wrong;
  const auto right = WhichRequest::parse(Words{"5", "-", "02ab", ""}, wrong);
  BOOST_REQUIRE(right.has_value());
  BOOST_TEST(right->first == 5U);
  BOOST_TEST(!right->turns.has_value());
  BOOST_TEST(right->frames.size() == 2U);
  BOOST_TEST((WhichRequest::parse(Words{"5", "4294967295", "02"}, wrong)->turns == 4'294'967'295U));
  for (const Words& words : {Words{}, Words{"1"}, Words{"1", "-"}, Words{"x", "-", "02"}, Words{"1", "x", "02"},
                             Words{"1", "4294967296", "02"}, Words{"1", "-", "2"}, Words{"-1", "-", "02"}}) {
    wrong.clear();
    BOOST_TEST(!WhichRequest::parse(words, wrong).has_value());
    BOOST_TEST(wrong == "which needs the number of the first frame, the turns taken or -, and frames in hex");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

// Every choice that was recorded on the kernel driver (Linux 6.1.176) for a frame in mode 2: six hash policies, two to
// five ports, 18 kinds of frame.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policies/balance_xor.hpp"
#include "policies/choice.hpp"
#include "policies/transmit_hash.hpp"
#include "tests/support/recorded_rows.hpp"

namespace bondbox::test {
namespace {

constexpr std::size_t recorded_rows = 3312;
constexpr std::size_t recorded_tagged_rows = 144;

struct Recorded {
  HashPolicy policy = HashPolicy::layer2;
  std::uint32_t ports = 0;
  std::string kind;
  std::uint32_t chosen = 0;
  std::vector<std::uint8_t> frame;

  bool is_tagged() const { return kind == "vlan_udp4"; }
};

std::vector<Recorded> read_choices() {
  std::vector<Recorded> choices;
  for (const auto& row : read_recorded_rows("hash_vectors.csv")) {
    BOOST_REQUIRE(row.size() == 6);
    BOOST_REQUIRE(row[0] == "balance-xor");
    choices.push_back({static_cast<HashPolicy>(std::stoul(row[1])), static_cast<std::uint32_t>(std::stoul(row[2])),
                       row[3], static_cast<std::uint32_t>(std::stoul(row[4])), bytes_from_hex(row[5])});
    BOOST_REQUIRE(choices.back().frame.size() >= 14);
  }
  BOOST_REQUIRE(choices.size() == recorded_rows);
  return choices;
}

std::string describe(const Recorded& choice) {
  return "policy " + std::to_string(static_cast<int>(choice.policy)) + ", " + std::to_string(choice.ports) +
         " ports, " + choice.kind;
}

std::vector<std::uint8_t> without_tag(std::vector<std::uint8_t> frame) {
  frame.erase(frame.begin() + 12, frame.begin() + 16);
  return frame;
}

/// What mode 2 publishes for ports that are all up.
ForwardingPlan plan_of_mode_2(HashPolicy policy, std::uint32_t ports) {
  BondOptions options;
  options.mode = Mode::balance_xor;
  options.xmit_hash_policy = policy;
  BondFacts facts{.options = options, .bond_mac = {}, .bond_up = true, .ports = {}};
  BalanceXor xor_policy;
  for (std::uint8_t i = 0; i < ports; ++i) {
    PortFacts port;
    port.id = PortId{i};
    port.link = LinkState::up;
    facts.ports.push_back(port);
    ActionList actions;
    xor_policy.handle(PortAdded{PortId{i}}, facts, Tick{}, actions);
  }
  return xor_policy.plan(facts);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hash_vectors)

BOOST_AUTO_TEST_CASE(each_recorded_frame_leaves_on_the_port_that_the_kernel_chose) {
  for (const Recorded& choice : read_choices()) {
    BOOST_TEST(transmit_hash_as_is(choice.policy, choice.frame) % choice.ports == choice.chosen, describe(choice));
  }
}

BOOST_AUTO_TEST_CASE(mode_2_sends_a_frame_without_a_tag_where_the_kernel_did) {
  for (const Recorded& choice : read_choices()) {
    if (choice.is_tagged()) continue;
    const Choice made = choose_port(plan_of_mode_2(choice.policy, choice.ports), choice.frame, 0, 0);
    BOOST_TEST((made.reason == ChoiceReason::hash), describe(choice));
    BOOST_REQUIRE(made.port.has_value());
    BOOST_TEST(made.port->index == choice.chosen, describe(choice));
  }
}

BOOST_AUTO_TEST_CASE(a_frame_with_a_tag_is_hashed_as_without_it) {
  std::size_t tagged = 0;
  for (const Recorded& choice : read_choices()) {
    if (!choice.is_tagged()) continue;
    ++tagged;
    const std::uint32_t tci = choice.policy == HashPolicy::vlan_srcmac ? wire::load_be16(&choice.frame[14]) : 0U;
    const std::uint32_t untagged = transmit_hash_as_is(choice.policy, without_tag(choice.frame));
    BOOST_TEST(transmit_hash(choice.policy, choice.frame) == (untagged ^ tci), describe(choice));
  }
  BOOST_TEST(tagged == recorded_tagged_rows);
}

BOOST_AUTO_TEST_CASE(the_hash_of_a_truncated_frame_does_not_depend_on_what_lies_behind_it) {
  for (const Recorded& choice : read_choices()) {
    if (choice.ports != 2) continue;
    for (std::size_t length = 14; length < choice.frame.size(); ++length) {
      std::vector<std::uint8_t> zeros(choice.frame.size() + 64, 0x00);
      std::vector<std::uint8_t> ones(choice.frame.size() + 64, 0xff);
      const std::vector<std::uint8_t> exact(choice.frame.begin(),
                                            choice.frame.begin() + static_cast<std::ptrdiff_t>(length));
      std::copy(exact.begin(), exact.end(), zeros.begin());
      std::copy(exact.begin(), exact.end(), ones.begin());
      const wire::Bytes a = wire::Bytes(zeros).first(length);
      const wire::Bytes b = wire::Bytes(ones).first(length);
      const bool same_hash = transmit_hash(choice.policy, a) == transmit_hash(choice.policy, b) &&
                             transmit_hash(choice.policy, a) == transmit_hash(choice.policy, exact);
      bool same_bucket = true;
      for (const BucketKey key : {BucketKey::transmit_hash, BucketKey::destination_ip}) {
        same_bucket = same_bucket && transmit_bucket(key, choice.policy, a) == transmit_bucket(key, choice.policy, b) &&
                      transmit_bucket(key, choice.policy, a) == transmit_bucket(key, choice.policy, exact);
      }
      if (same_hash && same_bucket) continue;
      BOOST_ERROR(describe(choice) + ", the first " + std::to_string(length) + " bytes");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

// Cables that are pulled, deaf in one direction, or cut at one end; partners that go and come back.
#include <cstdlib>

#include "tests/lab/support/daemon.hpp"
#include "tests/live/lacp/both_ways.hpp"
#include "tests/live/lacp/cases.hpp"
#include "tests/live/lacp/traffic.hpp"

namespace bondbox::live {
namespace {

// Three seconds of silence, and a tick or two until the machines have drawn the conclusion.
constexpr int silence_ms = 3'000;
// So both ends may be a while apart: the deaf one expires, is defaulted 3 s later, and speaks at the slow rate from
// then on, as a partner unknown to it has not asked for more; only that silence lets the other one expire.
constexpr int expiry_limit_ms = 30'000;
// Both are defaulted by then, and tell each other so every 30 s.
constexpr int slow_rate_ms = 35'000;
// What is in the queue of a switch in user space when its cable is pulled goes with the cable.
constexpr int under_way_ms = 1'000;

void cable_pulled(Pair& pair) {
  start_and_come_together(pair);
  BothWays traffic(pair);
  pair.watch(2'000);
  traffic.check_cables(true, true, "with both cables");

  const std::int64_t pulled = now_ms();
  pair.street.pull(0);
  const std::int64_t alone = pair.comes_to_carry(1, failover_limit_ms);
  pair.findings.check(alone >= 0, "the pulled cable's ports still carry");
  pair.watch(failover_limit_ms);
  traffic.start_counting();
  pair.watch(2'000);
  traffic.check_cables(false, true, "with cable 0 pulled");

  const std::int64_t back = now_ms();
  pair.street.put_back(0);
  const std::int64_t took = pair.comes_to_carry(Street::cables, negotiation_ms);
  pair.findings.require(took >= 0, "the cable is back, its ports are not");
  pair.findings.note("a port is back " + in_ms(took) + " after its cable");
  const std::int64_t in_again = now_ms();
  pair.watch(1'500);
  check_partnership(pair);
  traffic.start_counting();
  pair.watch(2'000);
  traffic.check_cables(true, true, "with both cables again");
  traffic.stop();
  traffic.check_intact(traffic.begin(), pulled - under_way_ms, "before");
  traffic.note_loss(pulled, pulled + failover_limit_ms, "cable pulled");
  traffic.check_intact(pulled + failover_limit_ms, back, "on one cable");
  traffic.note_loss(back, in_again + failover_limit_ms, "cable back");
  traffic.check_intact(in_again + failover_limit_ms, now_ms(), "on both cables again");
}

/// What is lost in one direction must end the partnership of that cable on both sides.
void one_way(Pair& pair, Way way) {
  start_and_come_together(pair);
  BothWays traffic(pair);
  pair.watch(500);
  const std::int64_t broken = now_ms();
  pair.street.lose(0, way);
  const std::int64_t took = pair.comes_to_carry(1, expiry_limit_ms);
  pair.findings.require(took >= 0, "the deaf cable's ports still carry");
  pair.findings.note("out " + in_ms(took) + " after the first lost frame");
  // The last LACPDU came up to a second before the first loss.
  pair.findings.check(took >= silence_ms - 1'500, "it went before its time");
  const std::int64_t out = now_ms();
  for (const auto& [party, name] : {std::pair(pair.left.get(), "e1"), std::pair(pair.right.get(), "p1")}) {
    const View view = party->view();
    const PortView* const port = view.find(name);
    pair.findings.check(port != nullptr && port->carries && view.carrier, "the good cable's port does not carry");
  }
  pair.watch(3'000 + failover_limit_ms);
  pair.findings.check(pair.comes_to_carry(1, 0) >= 0, "it came back on a deaf cable");
  const std::int64_t healed = now_ms();
  pair.street.heal(0, way);
  const std::int64_t back = pair.comes_to_carry(Street::cables, slow_rate_ms + negotiation_ms);
  pair.findings.require(back >= 0, "the cable is whole, its ports are not back");
  pair.findings.note("back " + in_ms(back) + " after the cable was whole");
  pair.watch(1'500);
  check_partnership(pair);
  traffic.stop();
  traffic.note_loss(broken, out + failover_limit_ms, "until it was noticed");
  traffic.check_intact(out + failover_limit_ms, healed, "on the good cable");
}

void deaf_right(Pair& pair) {
  one_way(pair, Way::left_to_right);
}

void deaf_left(Pair& pair) {
  one_way(pair, Way::right_to_left);
}

void one_end_pulled(Pair& pair) {
  start_and_come_together(pair);
  pair.street.pull_left_end(0);
  const std::int64_t took = pair.comes_to_carry(1, expiry_limit_ms);
  pair.findings.require(took >= 0, "the cable without a left end still carries");
  pair.findings.note("out " + in_ms(took) + " after the left end");
  pair.findings.check(pair.reaches(5'000), "no answer to a ping");
  pair.street.put_back(0);
  const std::int64_t back = pair.comes_to_carry(Street::cables, negotiation_ms);
  pair.findings.require(back >= 0, "the left end is back, its ports are not");
  pair.findings.note("back " + in_ms(back) + " after it");
}

void min_links(Pair& pair, bool on_left) {
  (on_left ? pair.left_options : pair.right_options).min_links = 2;
  start_and_come_together(pair);
  Party& strict = on_left ? *pair.left : *pair.right;
  pair.street.pull(0);
  pair.findings.check(lab::wait_until([&] { return !strict.view().carrier; }, 2'000),
                      "carrier with one port of two that are demanded");
  // The host's kernel stops a queue up to a second after its carrier (linkwatch).
  pair.findings.check(lab::wait_until([&] { return !pair.reaches(0); }, 3'000), "a bond without carrier answers");
  pair.street.put_back(0);
  pair.findings.require(pair.comes_to_carry(Street::cables, negotiation_ms) >= 0, "not together again");
  pair.findings.check(lab::wait_until([&] { return strict.view().carrier; }, 2'000), "no carrier again");
  pair.findings.check(pair.reaches(5'000), "no answer to a ping");
}

void left_min_links(Pair& pair) {
  min_links(pair, true);
}

void right_min_links(Pair& pair) {
  min_links(pair, false);
}

/// A bond that is taken away says good-bye, so that its partner waits for no timeout, 90 s here; and it comes back.
void left_restarts(Pair& pair) {
  pair.left_options.fast = pair.right_options.fast = false;
  start_and_come_together(pair);
  pair.left->stop();
  pair.findings.check(lab::wait_until([&] { return pair.right->view().carrying() == 0; }, 5'000),
                      "the partner was not told");
  pair.left->start();
  const std::int64_t took = pair.comes_to_carry(Street::cables, negotiation_ms);
  pair.findings.require(took >= 0, "not together again");
  pair.findings.note("together again after " + in_ms(took));
  pair.findings.check(pair.reaches(5'000), "no answer to a ping");
}

/// One that has crashed said nothing; its partner believes in it until it begins again.
void left_is_killed(Pair& pair) {
  start_and_come_together(pair);
  pair.left->kill();
  pair.left->start();
  pair.watch(failover_limit_ms);
  const std::int64_t took = pair.comes_to_carry(Street::cables, negotiation_ms);
  pair.findings.require(took >= 0, "not together again");
  pair.findings.note("together again after " + in_ms(took + failover_limit_ms));
  pair.watch(1'500);
  check_partnership(pair);
  pair.findings.check(pair.reaches(5'000), "no answer to a ping");
}

int number_from(const char* variable, int otherwise) {
  const char* const text = std::getenv(variable);
  return text != nullptr && *text != '\0' ? std::atoi(text) : otherwise;
}

/// REPEAT=N in the environment: N times instead of three; 0: 20 s in which nothing happens, for comparison. RATE=N: N
/// datagrams a second each way, as far as the machine keeps pace.
void left_is_taken_over(Pair& pair) {
  start_and_come_together(pair);
  BothWays traffic(pair, number_from("RATE", 0));
  pair.watch(2'000);
  const std::string before = pair.story();
  const std::int64_t since = now_ms();
  const int times = number_from("REPEAT", 3);
  for (int i = times; i > 0; --i) {
    pair.left->take_over();
    pair.watch(300);
  }
  if (times == 0) pair.watch(20'000);
  const std::int64_t until = now_ms();
  // Longer than a partner waits for the next word at the fast rate.
  pair.watch(silence_ms + 1'000);
  pair.findings.check(pair.story() == before, "a takeover was seen: " + pair.story().substr(before.size()));
  check_partnership(pair);
  traffic.stop();
  traffic.note_loss(traffic.begin(), since, "before, in " + in_ms(since - traffic.begin()));
  traffic.note_loss(until, now_ms() - 1'000, "after");
  traffic.note_loss(since, until, std::to_string(times) + " takeovers, in " + in_ms(until - since));
  traffic.check_intact(traffic.begin(), now_ms(), "while others took over");
}

constexpr Case all[] = {
    {"a_pulled_cable_leaves_the_other_and_comes_back", cable_pulled},
    {"a_cable_deaf_to_the_right_is_left_by_both", deaf_right, With::everybody, true},
    {"a_cable_deaf_to_the_left_is_left_by_both", deaf_left, With::everybody, true},
    {"a_cable_without_a_left_end_is_left_by_both", one_end_pulled},
    {"min_links_on_the_left_takes_the_carrier", left_min_links, With::not_ovs_alone},
    {"min_links_of_the_partner_takes_its_carrier", right_min_links, With::not_ovs},
    {"a_partner_is_told_of_an_end_and_welcomes_a_new_beginning", left_restarts, With::not_ovs},
    {"a_takeover_is_not_seen_by_the_partner", left_is_taken_over, With::bondbox},
    {"a_killed_bondbox_is_welcomed_back", left_is_killed, With::bondbox},
};

}  // namespace

std::span<const Case> outage_cases() {
  return all;
}

}  // namespace bondbox::live

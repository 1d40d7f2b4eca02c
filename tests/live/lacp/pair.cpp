#include "tests/live/lacp/pair.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "policies/lacp/status.hpp"
#include "tests/lab/support/daemon.hpp"
#include "tests/live/lacp/traffic.hpp"

namespace bondbox::live {
namespace {

using namespace lacp_state;

// A look costs milliseconds in user-mode-linux, and all cases that run there share one CPU.
constexpr int look_gap_ms = 100;

/// Both sides act actively, in short timeout: 63. Slow: 61. A passive side's own: 1 less.
constexpr unsigned together = aggregation | synchronization | collecting | distributing;

unsigned expected_state(const PartyOptions& options) {
  return together | (options.active ? activity : 0U) | (options.fast ? timeout : 0U);
}

}  // namespace

void Findings::check(bool holds, const std::string& what) {
  if (holds) return;
  // What it looked like when things first went wrong; later failures follow from it.
  failures_.push_back(failures_.empty() && snapshot ? what + snapshot() : what);
}

void Findings::require(bool holds, const std::string& what) {
  check(holds, what);
  if (!holds) throw std::runtime_error("the case ends here");
}

Pair::Pair(Kind left_is, Kind right_is, Findings& found)
    : left_kind(left_is), right_kind(right_is), findings(found), built_(now_ms()) {
  left_options.ports = {"e0", "e1"};
  left_options.address = "10.0.0.1/24";
  right_options.ports = {"p0", "p1"};
  right_options.address = "10.0.0.2/24";
  findings.snapshot = [this] { return views(); };
  if (left_is == Kind::ovs || right_is == Kind::ovs) street.finish_checksums();
}

void Pair::start() {
  start([this] { return make_party(right_kind, street.right(), right_options); });
}

void Pair::start(const std::function<std::unique_ptr<Party>()>& make_right) {
  // Who is not answered at once soon speaks every 30 s only: whoever answers is there first.
  if (!right_options.active) right = make_right();
  left = make_party(left_kind, street.left(), left_options);
  if (!right) right = make_right();
}

std::pair<std::size_t, std::size_t> Pair::look() const {
  const View views_now[] = {left->view(), right->view()};
  std::string state;
  for (const View& view : views_now) {
    state += view.carrier ? " |" : " | no carrier";
    for (const PortView& port : view.ports)
      state += " " + port.name + (port.up ? " " : " down ") + std::to_string(port.actor) + "/" +
               std::to_string(port.partner) + (port.carries ? " carries" : "");
  }
  if (state != last_state_) story_ += "\n" + std::to_string(now_ms() - built_) + " ms:" + state;
  last_state_ = state;
  return {views_now[0].carrying(), views_now[1].carrying()};
}

void Pair::watch(int time_ms) const {
  for (const std::int64_t end = now_ms() + time_ms; now_ms() < end; sleep_ms(look_gap_ms)) (void)look();
}

std::int64_t Pair::comes_to_carry(std::size_t ports, int limit_ms) const {
  // A link that is back shows its port's state of before for a tick.
  constexpr std::int64_t settled_ms = 400;
  const std::int64_t begin = now_ms();
  for (std::int64_t since = begin;;) {
    if (look() != std::pair(ports, ports)) {
      since = now_ms();
      if (since - begin > limit_ms) return -1;
    } else if (now_ms() - since >= settled_ms) {
      return since - begin;
    }
    sleep_ms(look_gap_ms);
  }
}

bool Pair::reaches(int limit_ms) const {
  return lab::wait_until([&] { return street.left().run("ping -n -c 1 -W 1 10.0.0.2").ok(); }, limit_ms);
}

std::string Pair::views() const {
  std::string text;
  for (const auto& [side, party] : {std::pair("left", left.get()), std::pair("right", right.get())})
    if (party != nullptr) text += std::string("\n--- ") + side + "\n" + party->view().text;
  return text;
}

void sleep_ms(int time) {
  std::this_thread::sleep_for(std::chrono::milliseconds(time));
}

std::string in_ms(std::int64_t time) {
  return std::to_string(time) + " ms";
}

void check_partnership(const Pair& pair) {
  Findings& findings = pair.findings;
  const auto check_view = [&](const View& view, const PartyOptions& own, const PartyOptions& other,
                              const std::string& of) {
    findings.check(view.carrier, "no carrier" + of);
    findings.check(view.ports_in_active == own.ports.size(), "not all ports in the active aggregator" + of);
    findings.check(!view.partner.empty() && view.partner != "00:00:00:00:00:00", "no partner" + of);
    findings.check(view.ports.size() == own.ports.size(), "not all ports" + of);
    for (const PortView& port : view.ports) {
      const auto check_state = [&](const char* what, unsigned state, unsigned expected) {
        findings.check(state == expected,
                       port.name + ": " + what + std::to_string(state) + ", not " + std::to_string(expected) + of);
      };
      check_state("actor state ", port.actor, expected_state(own));
      check_state("partner state ", port.partner, expected_state(other));
    }
  };
  check_view(pair.left->view(), pair.left_options, pair.right_options, " on the left");
  check_view(pair.right->view(), pair.right_options, pair.left_options, " on the right");
  // Everybody may read what is published, so that it shows the aggregators alone.
  const View shown = pair.left->view();
  const View published = pair.left->published();
  findings.check(published.ports.size() == shown.ports.size(), "not all ports in what is published");
  for (const PortView& port : published.ports) {
    const PortView* const same = shown.find(port.name);
    findings.check(same != nullptr && port.up == same->up && port.aggregator == same->aggregator,
                   "what is published of " + port.name + " is old:\n" + published.text);
  }
}

void come_together(Pair& pair) {
  const std::int64_t took = pair.comes_to_carry(Street::cables, negotiation_ms);
  pair.findings.require(took >= 0, "no partnership within " + in_ms(negotiation_ms));
  pair.findings.note("together after " + in_ms(took));
  // What the partner says of itself arrives with its next LACPDU, at most a second later (long timeouts change nothing:
  // every change is told at once).
  pair.watch(1'500);
  check_partnership(pair);
  pair.findings.require(pair.reaches(5'000), "no answer to a ping");
}

void start_and_come_together(Pair& pair) {
  pair.start();
  come_together(pair);
}

}  // namespace bondbox::live

// Links that flap at every phase of the poll interval, updelay and downdelay, against a model of the link states that
// was written from the option reference alone: it counts passes, where the program compares ticks.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>

#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::SimBench;

/// Two ports of equal standing, watched by polling.
class Model {
 public:
  struct Port {
    LinkState state = LinkState::up;
    int passes_left = 0;
    unsigned failures = 0;
  };

  Model(int updelay_passes, int downdelay_passes) : updelay_(updelay_passes), downdelay_(downdelay_passes) {}

  void pass(const std::array<bool, 2>& link) {
    bool nothing_active = !active;
    bool choose = false;
    for (std::size_t i = 0; i < ports.size(); ++i) {
      Port& port = ports[i];
      if (port.state == LinkState::up && !link[i]) begin(port, LinkState::fail, downdelay_);
      if (port.state == LinkState::down && link[i]) begin(port, LinkState::back, updelay_);
      if (port.state == LinkState::fail) {
        if (link[i]) {
          port.state = LinkState::up;
          choose = choose || !active;
        } else if (port.passes_left-- == 0) {
          choose = go_down(i) || choose;
        }
      } else if (port.state == LinkState::back) {
        if (!link[i]) {
          choose = go_down(i) || choose;
        } else if (nothing_active || port.passes_left-- == 0) {
          nothing_active = false;
          port.state = LinkState::up;
          choose = choose || !active;
        }
      }
    }
    if (choose) choose_active();
  }

  std::array<Port, 2> ports;
  std::optional<std::size_t> active = 0;

 private:
  static void begin(Port& port, LinkState state, int passes) {
    port.state = state;
    port.passes_left = passes;
  }
  bool go_down(std::size_t index) {
    ports[index].state = LinkState::down;
    ++ports[index].failures;
    return active == index;
  }
  void choose_active() {
    if (active && ports[*active].state == LinkState::up) return;
    active.reset();
    for (std::size_t i = ports.size(); i-- > 0;)
      if (ports[i].state == LinkState::up) active = i;
    if (active) return;
    int least = updelay_;
    for (std::size_t i = 0; i < ports.size(); ++i) {
      if (ports[i].state != LinkState::back || ports[i].passes_left >= least) continue;
      least = ports[i].passes_left;
      active = i;
    }
    if (active) ports[*active].state = LinkState::up;  // observed: its updelay ends with that
  }

  int updelay_, downdelay_;
};

constexpr int miimon = 10;
constexpr std::array<const char*, 2> names = {"e0", "e1"};

/// When each port's link changes, counted from the beginning of a story; -1: not.
struct Story {
  std::array<int, 3> e0 = {-1, -1, -1};
  std::array<int, 3> e1 = {-1, -1, -1};

  static bool link_at(const std::array<int, 3>& changes, int time) {
    bool link = true;
    for (const int change : changes)
      if (change >= 0 && change <= time) link = !link;
    return link;
  }
  std::array<bool, 2> links_at(int time) const { return {link_at(e0, time), link_at(e1, time)}; }
  int last() const {
    int last = 0;
    for (const auto& changes : {e0, e1})
      for (const int change : changes) last = std::max(last, change);
    return last;
  }
};

/// A bond of two ports that stories are told to, one after the other; each begins a poll interval, both links up.
class Teller {
 public:
  Teller(int updelay, int downdelay, bool events) : updelay_(updelay), downdelay_(downdelay), bench_({"e0", "e1"}) {
    bench_.world.events_enabled = events;
    BondConfig config = SimBench::config({"e0", "e1"});
    config.options.miimon_ms = miimon;
    config.options.updelay_ms = static_cast<std::uint32_t>(updelay);
    config.options.downdelay_ms = static_cast<std::uint32_t>(downdelay);
    bench_.add(config);
    begin();
  }

  /// Both ports up, e0 active, at a tick right after a poll; the failures so far are forgotten.
  void begin() {
    for (const char* name : names) bench_.link(name, true);
    const std::int64_t settled = bench_.now() + updelay_ + downdelay_ + 3 * miimon;
    bench_.run_to(settled - settled % miimon);
    BOOST_REQUIRE(bench_.command([](Bond& bond) { return bond.activate("e0"); }).ok());
    start_ = bench_.now();
    const BondStatus status = bench_.status();
    for (std::size_t i = 0; i < names.size(); ++i) failures_before_[i] = status.ports[i].failures;
  }

  void set_links(const std::array<bool, 2>& links) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (bench_.card(names[i]).has_link != links[i]) bench_.link(names[i], links[i]);
    }
  }
  /// `time` after the beginning. Events wake the program between polls.
  void run_to(int time) { bench_.run_to(start_ + time); }
  BondStatus status() { return bench_.status(); }
  unsigned failures(const BondStatus& status, std::size_t port) const {
    return status.ports[port].failures - failures_before_[port];
  }

 private:
  int updelay_, downdelay_;
  SimBench bench_;
  std::int64_t start_ = 0;
  std::array<unsigned, 2> failures_before_{};
};

std::string text_of(const Story& story) {
  std::string text;
  for (const auto& [name, changes] : {std::pair("e0", story.e0), std::pair("e1", story.e1)}) {
    text += std::string(" ") + name + " toggled at";
    for (const int change : changes)
      if (change >= 0) text += " " + std::to_string(change);
  }
  return text;
}

/// Plays the story with polling alone; the model must agree after every poll.
void compare_with_model(Teller& teller, const Story& story, int updelay, int downdelay) {
  teller.begin();
  Model model(updelay / miimon, downdelay / miimon);
  const int end = story.last() + updelay + downdelay + 3 * miimon;
  for (int time = 1; time <= end; ++time) {
    teller.run_to(time - 1);
    // A change in the tick of a poll comes before it, as in a scenario file.
    teller.set_links(story.links_at(time));
    teller.run_to(time);
    if (time % miimon != 0) continue;
    model.pass(story.links_at(time));
    const BondStatus status = teller.status();
    const std::string active = model.active ? names[*model.active] : "";
    bool same = status.active == active;
    for (std::size_t i = 0; i < names.size(); ++i) {
      same =
          same && status.ports[i].link == model.ports[i].state && teller.failures(status, i) == model.ports[i].failures;
    }
    if (same) continue;
    BOOST_FAIL("updelay " << updelay << ", downdelay " << downdelay << "," << text_of(story) << ": after " << time
                          << " active '" << status.active << "', expected '" << active << "'; states "
                          << link_state_name(status.ports[0].link) << " " << link_state_name(status.ports[1].link)
                          << ", expected " << link_state_name(model.ports[0].state) << " "
                          << link_state_name(model.ports[1].state) << "; failures " << teller.failures(status, 0) << " "
                          << teller.failures(status, 1) << ", expected " << model.ports[0].failures << " "
                          << model.ports[1].failures);
  }
}

constexpr int delays[] = {0, miimon, 2 * miimon, 5 * miimon};

}  // namespace

BOOST_AUTO_TEST_SUITE(link_flaps)

BOOST_AUTO_TEST_CASE(the_active_port_lost_at_every_phase_and_for_every_length) {
  for (const int updelay : delays) {
    for (const int downdelay : delays) {
      Teller teller(updelay, downdelay, false);
      for (int lost = 1; lost <= miimon; ++lost)
        for (int length = 1; length <= downdelay + 2 * miimon; ++length)
          compare_with_model(teller, {.e0 = {lost, lost + length, -1}}, updelay, downdelay);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_returning_port_lost_again_at_every_phase_of_updelay) {
  for (const int updelay : delays) {
    for (const int downdelay : delays) {
      Teller teller(updelay, downdelay, false);
      const int outage = downdelay + 2 * miimon;
      for (int lost = 1; lost <= miimon; ++lost)
        for (int back = 1; back <= updelay + 2 * miimon; ++back)
          compare_with_model(teller, {.e0 = {lost, lost + outage, lost + outage + back}}, updelay, downdelay);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_second_port_lost_at_every_phase_of_the_firsts_delays) {
  for (const int updelay : delays) {
    for (const int downdelay : delays) {
      Teller teller(updelay, downdelay, false);
      const int outage = downdelay + 2 * miimon;
      const int end = outage + updelay + 2 * miimon;
      for (int other = 1; other <= end; ++other)
        for (const int length : {1, miimon, outage, end})
          compare_with_model(teller, {.e0 = {2, 2 + outage, -1}, .e1 = {other, other + length, -1}}, updelay,
                             downdelay);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_active_port_lost_for_good_while_the_other_returns_at_every_phase) {
  for (const int updelay : delays) {
    for (const int downdelay : delays) {
      Teller teller(updelay, downdelay, false);
      const int other_back = downdelay + 3 * miimon;
      for (int lost = other_back - downdelay - miimon; lost <= other_back + updelay + miimon; ++lost)
        compare_with_model(teller, {.e0 = {std::max(1, lost), -1, -1}, .e1 = {1, other_back, -1}}, updelay, downdelay);
    }
  }
}

// Delays run from the moment at which the change was seen; an event shows it at once, and the end is still found at a
// poll. So with events nothing happens later than without, and nothing before its delay is over.
BOOST_AUTO_TEST_CASE(events_make_every_change_sooner_and_never_too_soon) {
  for (const int updelay : delays) {
    for (const int downdelay : delays) {
      Teller polled(updelay, downdelay, false);
      Teller told(updelay, downdelay, true);
      for (int lost = 1; lost <= miimon; ++lost) {
        const int outage = downdelay + 2 * miimon;
        const Story story{.e0 = {lost, lost + outage, -1}};
        std::array<std::array<int, 2>, 2> when{};  // [polled, told][down, up again]
        Teller* const tellers[] = {&polled, &told};
        for (std::size_t who = 0; who < 2; ++who) {
          tellers[who]->begin();
          for (int time = 1; time <= lost + outage + updelay + 3 * miimon; ++time) {
            tellers[who]->run_to(time);
            tellers[who]->set_links(story.links_at(time));
            const BondStatus status = tellers[who]->status();
            const LinkState state = status.ports[0].link;
            if (when[who][0] == 0 && state == LinkState::down) when[who][0] = time;
            if (when[who][0] != 0 && when[who][1] == 0 && state == LinkState::up) when[who][1] = time;
          }
        }
        BOOST_TEST_CONTEXT("updelay " << updelay << ", downdelay " << downdelay << ", lost at " << lost) {
          BOOST_TEST(when[1][0] <= when[0][0]);
          BOOST_TEST(when[1][1] <= when[0][1]);
          BOOST_TEST(when[1][0] >= lost + downdelay);
          BOOST_TEST(when[1][0] < lost + downdelay + miimon);
          BOOST_TEST(when[1][1] >= lost + outage + updelay);
          BOOST_TEST(when[1][1] < lost + outage + updelay + miimon);
          if (downdelay == 0) BOOST_TEST(when[1][0] == lost);
          if (updelay == 0) BOOST_TEST(when[1][1] == lost + outage);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

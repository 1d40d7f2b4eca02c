#include "firmware/link_monitor.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

namespace {

using namespace bondbox;

constexpr LinkSample with_link{true, true, 1000, Duplex::full};
constexpr LinkSample without_link{true, false, 1000, Duplex::full};
constexpr LinkSample vanished{false, false, 0, Duplex::unknown};

BondOptions options(std::uint32_t updelay_ms, std::uint32_t downdelay_ms) {
  BondOptions options;
  options.updelay_ms = updelay_ms;
  options.downdelay_ms = downdelay_ms;
  return options;
}

/// A monitor brought into one of the four states at tick 1000; `fail` and `back` with their delay begun there.
LinkMonitor monitor_in(LinkState state, std::uint32_t delay_ms) {
  LinkMonitor monitor;
  bool skip = false;
  const BondOptions none = options(0, 0);
  const BondOptions delayed = options(delay_ms, delay_ms);
  const bool begins_up = state == LinkState::up || state == LinkState::fail;
  monitor.start(begins_up ? with_link : without_link, none, Tick{0});
  if (state == LinkState::fail) (void)monitor.inspect(without_link, delayed, Tick{1000}, skip);
  if (state == LinkState::back) (void)monitor.inspect(with_link, delayed, Tick{1000}, skip);
  BOOST_REQUIRE(monitor.state() == state);
  return monitor;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(link_monitor)

BOOST_AUTO_TEST_CASE(a_port_starts_up_down_or_waiting_out_updelay) {
  struct Row {
    LinkSample sample;
    std::uint32_t miimon_ms, updelay_ms;
    LinkState state;
  };
  constexpr Row rows[] = {
      {with_link, 100, 0, LinkState::up},      {with_link, 100, 500, LinkState::back},
      {without_link, 100, 0, LinkState::down}, {without_link, 100, 500, LinkState::down},
      {vanished, 100, 0, LinkState::down},     {with_link, 0, 500, LinkState::up},
      {without_link, 0, 0, LinkState::up},     {vanished, 0, 0, LinkState::down},
  };
  for (const Row& row : rows) {
    BondOptions chosen = options(row.updelay_ms, 0);
    chosen.miimon_ms = row.miimon_ms;
    LinkMonitor monitor;
    monitor.start(row.sample, chosen, Tick{7});
    BOOST_TEST((monitor.state() == row.state));
    BOOST_TEST(monitor.failures() == 0U);
    BOOST_TEST(monitor.since().number == 7);
    BOOST_TEST(!monitor.inspected());
    BOOST_TEST(monitor.delay_left(Tick{7}).count == (row.state == LinkState::back ? 500 : 0));
  }
}

// Every state, reading, delay and leave to skip updelay, against the diagram in link_monitor.hpp written as a table.
BOOST_AUTO_TEST_CASE(every_state_with_every_reading_and_delay_goes_where_the_diagram_says) {
  struct Row {
    LinkState state;
    bool link;
    int delay_ms;  ///< of the delay that counts in this row; -1: any
    bool over;     ///< of a delay that has begun
    bool skip;
    LinkState next;
    std::uint32_t failures;
    bool skip_used;
  };
  constexpr auto up = LinkState::up, fail = LinkState::fail, down = LinkState::down, back = LinkState::back;
  constexpr Row rows[] = {
      {up, true, -1, false, false, up, 0, false},       {up, true, -1, false, true, up, 0, false},
      {up, false, 0, false, false, down, 1, false},     {up, false, 0, false, true, down, 1, false},
      {up, false, 300, false, false, fail, 0, false},   {up, false, 300, false, true, fail, 0, false},
      {fail, true, 300, false, false, up, 0, false},    {fail, true, 300, true, false, up, 0, false},
      {fail, true, 300, false, true, up, 0, false},     {fail, false, 300, false, false, fail, 0, false},
      {fail, false, 300, true, false, down, 1, false},  {fail, false, 300, true, true, down, 1, false},
      {down, false, -1, false, false, down, 0, false},  {down, false, -1, false, true, down, 0, false},
      {down, true, 0, false, false, up, 0, false},      {down, true, 0, false, true, up, 0, false},
      {down, true, 300, false, false, back, 0, false},  {down, true, 300, false, true, up, 0, true},
      {back, false, 300, false, false, down, 1, false}, {back, false, 300, true, false, down, 1, false},
      {back, false, 300, false, true, down, 1, false},  {back, true, 300, false, false, back, 0, false},
      {back, true, 300, false, true, up, 0, true},      {back, true, 300, true, false, up, 0, false},
  };
  for (const Row& row : rows) {
    for (const int delay_ms : {0, 300}) {
      if (row.delay_ms >= 0 && row.delay_ms != delay_ms) continue;
      LinkMonitor monitor = monitor_in(row.state, 300);
      const auto used = static_cast<std::uint32_t>(delay_ms);
      bool skip = row.skip;
      const Tick now{row.over ? 1300 : 1299};
      const auto change = monitor.inspect(row.link ? with_link : without_link, options(used, used), now, skip);
      BOOST_TEST_CONTEXT(link_state_name(row.state) << ", link " << row.link << ", delay " << delay_ms << ", over "
                                                    << row.over << ", skip " << row.skip) {
        BOOST_TEST(link_state_name(monitor.state()) == std::string(link_state_name(row.next)));
        BOOST_TEST(monitor.failures() == row.failures);
        BOOST_TEST(skip == (row.skip && !row.skip_used));
        BOOST_TEST(change.has_value() == (row.next != row.state));
        BOOST_TEST(monitor.inspected());
        if (!change) continue;
        BOOST_TEST((change->from == row.state));
        BOOST_TEST((change->to == row.next));
        BOOST_TEST((monitor.since() == now));
        const bool in_delay = row.state == fail || row.state == back;
        if (in_delay) BOOST_TEST((change->lasted == now - Tick{1000}));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_delay_ends_at_the_first_pass_at_which_it_is_over) {
  for (std::int64_t delay = 100; delay <= 500; delay += 100) {
    for (std::int64_t late = 0; late <= 250; late += 50) {
      LinkMonitor going = monitor_in(LinkState::fail, static_cast<std::uint32_t>(delay));
      LinkMonitor coming = monitor_in(LinkState::back, static_cast<std::uint32_t>(delay));
      const BondOptions same = options(static_cast<std::uint32_t>(delay), static_cast<std::uint32_t>(delay));
      bool skip = false;
      BOOST_TEST(!going.inspect(without_link, same, Tick{1000 + delay - 1}, skip).has_value());
      BOOST_TEST(!coming.inspect(with_link, same, Tick{1000 + delay - 1}, skip).has_value());
      BOOST_TEST(going.delay_left(Tick{1000 + delay - 1}).count == 1);
      BOOST_TEST(going.delay_left(Tick{1000 + delay + late}).count == 0);
      BOOST_TEST((going.inspect(without_link, same, Tick{1000 + delay + late}, skip)->to == LinkState::down));
      BOOST_TEST((coming.inspect(with_link, same, Tick{1000 + delay + late}, skip)->to == LinkState::up));
      BOOST_TEST(going.delay_left(Tick{1000 + delay + late}).count == 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_delay_of_the_reading_that_began_it_counts_not_one_written_later) {
  LinkMonitor monitor = monitor_in(LinkState::fail, 300);
  bool skip = false;
  BOOST_TEST(!monitor.inspect(without_link, options(0, 10'000), Tick{1299}, skip).has_value());
  BOOST_TEST((monitor.inspect(without_link, options(0, 10'000), Tick{1300}, skip)->to == LinkState::down));
}

BOOST_AUTO_TEST_CASE(leave_to_skip_updelay_is_used_by_one_port_only) {
  LinkMonitor first = monitor_in(LinkState::down, 300);
  LinkMonitor second = monitor_in(LinkState::down, 300);
  bool skip = true;
  (void)first.inspect(with_link, options(300, 0), Tick{1000}, skip);
  (void)second.inspect(with_link, options(300, 0), Tick{1000}, skip);
  BOOST_TEST((first.state() == LinkState::up));
  BOOST_TEST((second.state() == LinkState::back));
  BOOST_TEST(!skip);
}

BOOST_AUTO_TEST_CASE(failures_count_entries_into_down_and_nothing_else) {
  LinkMonitor monitor = monitor_in(LinkState::up, 0);
  bool skip = false;
  for (int i = 0; i < 5; ++i) {
    (void)monitor.inspect(without_link, options(0, 0), Tick{2000}, skip);
    (void)monitor.inspect(without_link, options(0, 0), Tick{2000}, skip);
    (void)monitor.inspect(with_link, options(300, 0), Tick{2000}, skip);  // back
    (void)monitor.inspect(without_link, options(300, 0), Tick{2000}, skip);
    (void)monitor.inspect(with_link, options(0, 0), Tick{2000}, skip);
  }
  BOOST_TEST(monitor.failures() == 10U);
  monitor.start(with_link, options(0, 0), Tick{3000});
  BOOST_TEST(monitor.failures() == 0U);
}

BOOST_AUTO_TEST_CASE(it_remembers_when_the_link_was_last_seen) {
  LinkMonitor monitor = monitor_in(LinkState::up, 0);
  bool skip = false;
  (void)monitor.inspect(with_link, options(0, 500), Tick{100}, skip);
  (void)monitor.inspect(without_link, options(0, 500), Tick{200}, skip);
  (void)monitor.inspect(without_link, options(0, 500), Tick{300}, skip);
  BOOST_TEST(monitor.last_seen_up().number == 100);
}

BOOST_AUTO_TEST_CASE(the_words_for_states_are_the_kernels_and_short_ones) {
  BOOST_TEST(link_state_text(LinkState::up) == std::string("up"));
  BOOST_TEST(link_state_text(LinkState::fail) == std::string("going down"));
  BOOST_TEST(link_state_text(LinkState::down) == std::string("down"));
  BOOST_TEST(link_state_text(LinkState::back) == std::string("going back"));
  BOOST_TEST(link_state_name(LinkState::up) == std::string("up"));
  BOOST_TEST(link_state_name(LinkState::fail) == std::string("fail"));
  BOOST_TEST(link_state_name(LinkState::down) == std::string("down"));
  BOOST_TEST(link_state_name(LinkState::back) == std::string("back"));
}

BOOST_AUTO_TEST_SUITE_END()

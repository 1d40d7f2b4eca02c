// Frames of our own that come back: what is told of them, and when.
#include <boost/test/unit_test.hpp>

#include "firmware/loop_watch.hpp"
#include "tests/support/sim_bench.hpp"

namespace bondbox::test {
namespace {

constexpr MacAddress everybody{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
constexpr const char* began = "(slave e0): frames of our own come back";
constexpr const char* ended = "(slave e0): frames of our own do not come back any more";

struct LoopBench : SimBench {
  LoopBench() : SimBench({"e0", "e1"}) {}

  void make(Mode mode) {
    BondConfig made = config({"e0", "e1"});
    made.options.mode = mode;
    add(made);
    run_for(1'500);
    (void)take_events();
  }
  void come_back(const char* card, std::uint32_t frames) {
    for (std::uint32_t i = 0; i < frames; ++i) card_receives(card, data_frame(everybody, card_mac(0), i));
  }
  std::size_t told_of(std::string_view text) {
    std::size_t found = 0;
    for (const std::string& event : take_events()) found += event.find(text) != std::string::npos ? 1 : 0;
    return found;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(loop)

BOOST_FIXTURE_TEST_CASE(a_storm_is_told_when_it_begins_and_when_it_is_over, LoopBench) {
  make(Mode::active_backup);
  for (int ms = 0; ms < 20'000; ms += 10) {
    come_back("e0", 20);
    run_for(10);
  }
  BOOST_TEST(told_of(began) == 1U);
  BOOST_TEST(port("e0").hears_itself);
  BOOST_TEST(port("e0").counters.rx_looped == 40'000U);
  // They are the host's as any others are.
  BOOST_TEST(port("e0").counters.rx_suppressed == 0U);
  run_for(9'000);
  BOOST_TEST(told_of("frames of our own") == 0U);
  run_for(3'000);
  BOOST_TEST(told_of(ended) == 1U);
  BOOST_TEST(!port("e0").hears_itself);
}

BOOST_FIXTURE_TEST_CASE(what_a_switch_floods_to_a_waiting_port_is_no_loop, LoopBench) {
  for (const Mode mode : {Mode::active_backup, Mode::balance_tlb, Mode::balance_alb}) {
    LoopBench bench;
    bench.make(mode);
    for (int i = 0; i < 20; ++i) {
      bench.come_back("e1", 20);
      bench.run_for(100);
    }
    BOOST_TEST(bench.told_of("frames of our own") == 0U);
    BOOST_TEST(bench.port("e1").counters.rx_looped == 0U);
    BOOST_TEST(bench.port("e1").counters.rx_suppressed == 400U);
  }
}

BOOST_FIXTURE_TEST_CASE(a_switch_that_does_not_group_the_ports_is_told, LoopBench) {
  make(Mode::balance_rr);
  come_back("e0", LoopWatch::frames_that_count - 1);
  run_for(1'100);
  BOOST_TEST(told_of("frames of our own") == 0U);
  come_back("e0", LoopWatch::frames_that_count);
  run_for(1'100);
  BOOST_TEST(told_of(began) == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_port_that_is_released_in_a_loop_begins_anew, LoopBench) {
  make(Mode::active_backup);
  come_back("e0", 100);
  run_for(1'100);
  BOOST_TEST(told_of(began) == 1U);
  BOOST_TEST(command([](Bond& bond) { return bond.release("e0"); }).ok());
  BOOST_TEST(command([](Bond& bond) { return bond.enslave("e0"); }).ok());
  run_for(30'000);
  BOOST_TEST(!port("e0").hears_itself);
  BOOST_TEST(told_of("frames of our own") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

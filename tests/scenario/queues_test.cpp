// queue_id: frames that the host puts into a queue of the bond leave on that queue's port, in the modes in which the
// kernel driver does so (0, 1 and 2, observed on Linux 6.1; not in 3).
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using namespace bondbox::test;

constexpr std::uint16_t first_queue = 2;
constexpr std::uint16_t second_queue = 3;

struct Queues : SimBench {
  explicit Queues(Mode mode) : SimBench({"e0", "e1"}) {
    BondConfig config = SimBench::config({"e0", "e1"});
    config.options.mode = mode;
    config.port_options["e0"].queue_id = first_queue;
    config.port_options["e1"].queue_id = second_queue;
    add(config);
    run_for(300);
  }

  /// The ports on which 32 frames left that the host put into a queue.
  std::string ports_of(std::uint16_t queue) {
    world.clear_sent("e0");
    world.clear_sent("e1");
    constexpr std::uint32_t frames = 32;
    for (std::uint32_t i = 0; i < frames; ++i) {
      // Both odd and even last octets, so that a hash takes both ports.
      BOOST_REQUIRE(host().inject(data_frame(station_mac(static_cast<std::uint8_t>(i)), host().mac(), i), {}, queue));
      settle();
    }
    std::string text;
    for (const char* name : {"e0", "e1"}) {
      const std::size_t left = data_numbers(world.sent(name)).size();
      if (left != 0) text += std::string(text.empty() ? "" : " ") + (left == frames ? "all on " : "some on ") + name;
    }
    return text;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(queues)

BOOST_AUTO_TEST_CASE(a_queues_frames_leave_on_its_port_in_the_modes_that_choose_one) {
  const struct {
    Mode mode;
    const char* ordinary;
  } rows[] = {{Mode::balance_rr, "some on e0 some on e1"},
              {Mode::active_backup, "all on e0"},
              {Mode::balance_xor, "some on e0 some on e1"}};
  for (const auto& row : rows) {
    Queues bench(row.mode);
    BOOST_TEST_CONTEXT(mode_name(row.mode)) {
      BOOST_TEST(bench.host().queues() == 4u);
      BOOST_TEST(bench.ports_of(first_queue) == "all on e0");
      BOOST_TEST(bench.ports_of(second_queue) == "all on e1");
      for (const std::uint16_t other : std::initializer_list<std::uint16_t>{0, 1, 9})
        BOOST_TEST(bench.ports_of(other) == row.ordinary);
      bench.link("e1", false);
      BOOST_TEST(bench.ports_of(second_queue) == "all on e0");
      bench.link("e1", true);
      BOOST_TEST(bench.ports_of(second_queue) == "all on e1");
    }
  }
}

BOOST_AUTO_TEST_CASE(broadcast_knows_no_queues) {
  Queues bench(Mode::broadcast);
  BOOST_TEST(bench.host().queues() == 1u);
  BOOST_TEST(bench.ports_of(first_queue) == "all on e0 all on e1");
}

BOOST_AUTO_TEST_CASE(the_host_has_as_many_queues_as_the_ports_ask_for) {
  Queues bench(Mode::active_backup);
  BOOST_TEST(bench.set("queue_id", "e1:16").ok());
  BOOST_TEST(bench.host().queues() == 17u);
  BOOST_TEST(bench.ports_of(16) == "all on e1");
  BOOST_TEST(bench.set("queue_id", "e1:0").ok());
  BOOST_TEST(bench.host().queues() == 3u);
  BOOST_TEST(bench.set("slaves", "-e0").ok());
  BOOST_TEST(bench.host().queues() == 1u);
}

BOOST_AUTO_TEST_CASE(an_interface_that_is_made_again_has_its_queues_again) {
  Queues bench(Mode::active_backup);
  bench.host().vanish();
  bench.run_for(2'000);
  BOOST_TEST(bench.host().queues() == 4u);
  BOOST_TEST(bench.ports_of(second_queue) == "all on e1");
}

BOOST_AUTO_TEST_SUITE_END()

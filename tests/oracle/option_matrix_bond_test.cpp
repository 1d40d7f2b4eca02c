// The recorded writes, made to running bonds of every mode, on simulated NICs.
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tests/oracle/option_matrix.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::difference_of;
using test::DifferenceCount;
using test::option_differences;
using test::OptionDifference;
using test::OptionRow;
using test::SimBench;
using test::text_of;

/// As in the recording: bond0 down and alone, or up with e0 and e1; e0, e1 and e2 exist.
std::unique_ptr<SimBench> bench_in(Mode mode, const std::string& state) {
  auto bench = std::make_unique<SimBench>(std::initializer_list<const char*>{"e0", "e1", "e2"});
  if (state == "slaves_up") {
    BondConfig config = SimBench::config({"e0", "e1"});
    config.options.mode = mode;
    bench->add(config);
  } else {
    BondConfig config = SimBench::config({});
    config.options.mode = mode;
    bench->add(config);
    BOOST_REQUIRE(bench->host().set_up(false).ok());
    bench->settle();
  }
  return bench;
}

constexpr std::size_t rows_of_a_mode = 258;

}  // namespace

BOOST_AUTO_TEST_SUITE(option_matrix_bond)

BOOST_AUTO_TEST_CASE(a_running_bond_answers_every_recorded_write_of_its_mode) {
  DifferenceCount used;
  std::unique_ptr<SimBench> bench;
  std::string block;
  std::size_t count = 0;
  std::size_t modes = 0;
  for (const OptionRow& row : test::recorded_option_rows()) {
    const Mode mode = static_cast<Mode>(std::stoi(row.mode));
    ++count;
    if (block != row.mode + row.state) {
      block = row.mode + row.state;
      bench = bench_in(mode, row.state);
      modes += row.state == "slaves_up" ? 1 : 0;
    }
    // Whatever is written, the bond goes on stepping.
    bench->run_for(130);
    const OptionDifference* difference = difference_of(row);
    used.add(difference);
    const Outcome outcome = bench->set(row.option.c_str(), row.value.c_str());
    const Result<std::string> readback = read_option(bench->bond(), row.option);
    BOOST_REQUIRE(readback.ok());
    const std::string_view wanted = difference != nullptr ? difference->result : row.result;
    const std::string_view wanted_readback = difference != nullptr ? difference->readback : row.readback;
    BOOST_TEST(text_of(outcome) == wanted, row.where() << ": " << text_of(outcome) << ", recorded " << wanted);
    BOOST_TEST(readback.value() == wanted_readback,
               row.where() << ": reads '" << readback.value() << "', recorded '" << wanted_readback << "'");
  }
  BOOST_TEST(count == rows_of_a_mode * modes);
  for (std::size_t i = 0; i < std::size(option_differences); ++i) {
    const OptionDifference& difference = option_differences[i];
    BOOST_TEST(used[i] == difference.rows_a_mode * modes, difference.option << ": " << used[i] << " rows differ");
  }
}

BOOST_AUTO_TEST_CASE(after_all_those_writes_a_bond_still_carries_and_fails_over) {
  for (int number = 0; number <= 6; ++number) {
    const Mode mode = static_cast<Mode>(number);
    auto bench = bench_in(mode, "slaves_up");
    for (const OptionRow& row : test::recorded_option_rows())
      if (row.mode == std::to_string(number) && row.state == "slaves_up")
        (void)bench->set(row.option.c_str(), row.value.c_str());
    bench->run_for(500);
    bench->link("e0", false);
    bench->run_for(500);
    if (has_active_port(mode)) BOOST_TEST(bench->active() == "e1", mode_name(mode));
    BOOST_TEST(bench->host_sends(test::data_frame(test::station_mac(1), bench->host().mac())));
    BOOST_TEST(bench->port("e1").counters.tx_frames > 0U, mode_name(mode));
  }
}

BOOST_AUTO_TEST_SUITE_END()

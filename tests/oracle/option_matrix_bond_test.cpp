// The recorded writes of mode 1, made to a running bond on simulated NICs.
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
std::unique_ptr<SimBench> bench_in(const std::string& state) {
  auto bench = std::make_unique<SimBench>(std::initializer_list<const char*>{"e0", "e1", "e2"});
  if (state == "slaves_up") {
    bench->add({"e0", "e1"});
  } else {
    bench->add(SimBench::config({}));
    BOOST_REQUIRE(bench->host().set_up(false).ok());
    bench->settle();
  }
  return bench;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(option_matrix_bond)

BOOST_AUTO_TEST_CASE(a_running_bond_answers_every_recorded_write_of_its_mode) {
  DifferenceCount used;
  std::unique_ptr<SimBench> bench;
  std::string state;
  std::size_t count = 0;
  for (const OptionRow& row : test::recorded_option_rows()) {
    if (row.mode != "1") continue;
    ++count;
    if (state != row.state) {
      state = row.state;
      bench = bench_in(state);
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
  BOOST_TEST(count == 258U);
  for (std::size_t i = 0; i < std::size(option_differences); ++i) {
    const OptionDifference& difference = option_differences[i];
    BOOST_TEST(used[i] == difference.rows_a_mode, difference.option << ": " << used[i] << " rows differ");
  }
}

BOOST_AUTO_TEST_CASE(after_all_those_writes_the_bond_still_fails_over) {
  auto bench = bench_in("slaves_up");
  for (const OptionRow& row : test::recorded_option_rows())
    if (row.mode == "1" && row.state == "slaves_up") (void)bench->set(row.option.c_str(), row.value.c_str());
  BOOST_TEST(bench->active() == "e0");
  bench->run_for(500);
  bench->link("e0", false);
  BOOST_TEST(bench->active() == "e1");
}

BOOST_AUTO_TEST_SUITE_END()

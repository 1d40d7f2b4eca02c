// Every write to a sysfs file that was recorded on the kernel driver (Linux 6.1.176), repeated here: 7 modes, a bond
// without ports that is down and a bond with two ports that is up, 31 options, result and read-back.
#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/oracle/option_matrix.hpp"
#include "tests/unit/firmware/paper_bond.hpp"

namespace {

using namespace bondbox;
using test::difference_of;
using test::DifferenceCount;
using test::option_differences;
using test::OptionDifference;
using test::OptionRow;
using test::text_of;

}  // namespace

BOOST_AUTO_TEST_SUITE(option_matrix)

BOOST_AUTO_TEST_CASE(every_recorded_write_has_the_kernels_result_and_read_back) {
  const std::vector<OptionRow> rows = test::recorded_option_rows();
  BOOST_REQUIRE_EQUAL(rows.size(), 1806);
  DifferenceCount used;
  std::optional<PaperBond> bond;
  std::string block;
  for (const OptionRow& row : rows) {
    if (block != row.mode + row.state) {
      block = row.mode + row.state;
      bond.emplace(static_cast<Mode>(std::stoi(row.mode)));
      if (row.state == "slaves_up") {
        BOOST_REQUIRE(bond->enslave("e0").ok() && bond->enslave("e1").ok());
        bond->set_up();
      }
    }
    const OptionDifference* difference = difference_of(row);
    used.add(difference);
    const Outcome outcome = write_option(*bond, row.option, row.value);
    const Result<std::string> readback = read_option(*bond, row.option);
    BOOST_REQUIRE(readback.ok());
    const std::string_view wanted = difference != nullptr ? difference->result : row.result;
    const std::string_view wanted_readback = difference != nullptr ? difference->readback : row.readback;
    BOOST_CHECK_MESSAGE(text_of(outcome) == wanted, row.where() << ": " << text_of(outcome) << ", recorded " << wanted);
    BOOST_CHECK_MESSAGE(readback.value() == wanted_readback,
                        row.where() << ": reads '" << readback.value() << "', recorded '" << wanted_readback << "'");
    BOOST_CHECK_MESSAGE(outcome.ok() == outcome.reason.empty(), row.where() << ": reason '" << outcome.reason << "'");
  }
  constexpr std::size_t modes = 7;
  for (std::size_t i = 0; i < std::size(option_differences); ++i) {
    const OptionDifference& difference = option_differences[i];
    BOOST_CHECK_MESSAGE(used[i] == difference.rows_a_mode * modes,
                        difference.option << ": " << used[i] << " rows differ");
  }
}

BOOST_AUTO_TEST_CASE(rounded_delays_are_noted_in_the_kernels_words) {
  PaperBond bond(Mode::active_backup);
  BOOST_CHECK(write_option(bond, "updelay", "250").ok());
  BOOST_CHECK(write_option(bond, "downdelay", "150").ok());
  BOOST_CHECK(write_option(bond, "peer_notif_delay", "250").ok());
  const std::vector<std::string> recorded = {
      "up delay (250) is not a multiple of miimon (100), value rounded to 200 ms",
      "down delay (150) is not a multiple of miimon (100), value rounded to 100 ms",
      "peer notification delay (250) is not a multiple of miimon (100), value rounded to 200 ms",
  };
  BOOST_CHECK_EQUAL_COLLECTIONS(bond.notes.begin(), bond.notes.end(), recorded.begin(), recorded.end());
}

BOOST_AUTO_TEST_SUITE_END()

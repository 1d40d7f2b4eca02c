// Every write to a sysfs file that was recorded on the kernel driver (Linux 6.1.176), repeated here: 7 modes, a bond
// without ports that is down and a bond with two ports that is up, 31 options, result and read-back.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firmware/option_table.hpp"
#include "tests/unit/firmware/paper_bond.hpp"

#ifndef BONDBOX_SOURCE_DIR
#define BONDBOX_SOURCE_DIR "."
#endif

namespace {

using namespace bondbox;

struct Row {
  std::string mode, state, option, value, result, readback;
};

std::string without_quotes(std::string_view field) {
  return field.size() >= 2 ? std::string(field.substr(1, field.size() - 2)) : std::string();
}

std::vector<Row> recorded_rows() {
  std::vector<Row> rows;
  std::FILE* file = std::fopen(BONDBOX_SOURCE_DIR "/tests/oracle/data/option_matrix.csv", "r");
  if (file == nullptr) return rows;
  std::array<char, 512> buffer{};
  bool header = true;
  while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), file) != nullptr) {
    if (std::exchange(header, false)) continue;
    std::string line(buffer.data());
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    std::array<std::string, 6> fields;
    std::size_t start = 0;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const std::size_t comma = i + 1 < fields.size() ? line.find(',', start) : line.size();
      fields[i] = line.substr(start, comma - start);
      start = comma + 1;
    }
    rows.push_back({fields[0], fields[1], fields[2], without_quotes(fields[3]), fields[4], without_quotes(fields[5])});
  }
  std::fclose(file);
  return rows;
}

/// Where bondbox does otherwise than Linux 6.1, on purpose.
struct Difference {
  std::string_view state;  ///< empty: both
  std::string_view option;
  std::string_view value;
  std::string_view result;
  std::string_view readback;
  std::size_t rows;  ///< how many of the recorded rows that are
  std::string_view reason;
};
constexpr Difference differences[] = {
    {"", "miimon", "0", "EINVAL", "100", 14, "with no ARP monitor either the bond would never fail over"},
    {"noslaves_down", "ad_select", "3", "OK", "actor_port_prio 3", 7, "a value that later kernels have"},
};

const Difference* difference_of(const Row& row) {
  for (const Difference& d : differences)
    if ((d.state.empty() || d.state == row.state) && d.option == row.option && d.value == row.value) return &d;
  return nullptr;
}

std::string text_of(const Outcome& outcome) {
  return outcome.ok() ? "OK" : errno_name(outcome.error);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(option_matrix)

BOOST_AUTO_TEST_CASE(every_recorded_write_has_the_kernels_result_and_read_back) {
  const std::vector<Row> rows = recorded_rows();
  BOOST_REQUIRE_EQUAL(rows.size(), 1806);
  std::array<std::size_t, std::size(differences)> used{};
  std::optional<PaperBond> bond;
  std::string block;
  for (const Row& row : rows) {
    if (block != row.mode + row.state) {
      block = row.mode + row.state;
      bond.emplace(static_cast<Mode>(std::stoi(row.mode)));
      if (row.state == "slaves_up") {
        BOOST_REQUIRE(bond->enslave("e0").ok() && bond->enslave("e1").ok());
        bond->set_up();
      }
    }
    const Difference* difference = difference_of(row);
    if (difference != nullptr) ++used[static_cast<std::size_t>(difference - differences)];
    const Outcome outcome = write_option(*bond, row.option, row.value);
    const Result<std::string> readback = read_option(*bond, row.option);
    BOOST_REQUIRE(readback.ok());
    const std::string where = "mode " + row.mode + ", " + row.state + ", " + row.option + " '" + row.value + "'";
    const std::string_view wanted = difference != nullptr ? difference->result : row.result;
    const std::string_view wanted_readback = difference != nullptr ? difference->readback : row.readback;
    BOOST_CHECK_MESSAGE(text_of(outcome) == wanted, where << ": " << text_of(outcome) << ", recorded " << wanted);
    BOOST_CHECK_MESSAGE(readback.value() == wanted_readback,
                        where << ": reads '" << readback.value() << "', recorded '" << wanted_readback << "'");
    BOOST_CHECK_MESSAGE(outcome.ok() == outcome.reason.empty(), where << ": reason '" << outcome.reason << "'");
  }
  for (std::size_t i = 0; i < used.size(); ++i)
    BOOST_CHECK_MESSAGE(used[i] == differences[i].rows, differences[i].option << ": " << used[i] << " rows differ");
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

// The writes to sysfs files that were recorded on the kernel driver (Linux 6.1.176), and where bondbox does otherwise.
#pragma once

#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/option_table.hpp"
#include "tests/support/recorded_rows.hpp"

namespace bondbox::test {

struct OptionRow {
  std::string mode, state, option, value, result, readback;

  std::string where() const { return "mode " + mode + ", " + state + ", " + option + " '" + value + "'"; }
};

/// 7 modes, each "noslaves_down" and "slaves_up" with e0 and e1 as ports, 31 options, in the order of the recording.
inline std::vector<OptionRow> recorded_option_rows() {
  const auto unquoted = [](const std::string& field) {
    return field.size() >= 2 ? field.substr(1, field.size() - 2) : std::string();
  };
  std::vector<OptionRow> rows;
  for (const std::vector<std::string>& fields : read_recorded_rows("option_matrix.csv")) {
    if (fields.size() != 6 || fields[0] == "mode") continue;
    rows.push_back({fields[0], fields[1], fields[2], unquoted(fields[3]), fields[4], unquoted(fields[5])});
  }
  return rows;
}

/// A row that bondbox answers otherwise than Linux 6.1, on purpose.
struct OptionDifference {
  std::string_view state;  ///< empty: both
  std::string_view option;
  std::string_view value;
  std::string_view result;
  std::string_view readback;
  std::size_t rows_a_mode;  ///< how many of a mode's recorded rows that are
  std::string_view reason;
};
inline constexpr OptionDifference option_differences[] = {
    {"", "miimon", "0", "EINVAL", "100", 2, "with no ARP monitor either the bond would never fail over"},
    {"noslaves_down", "ad_select", "3", "OK", "actor_port_prio 3", 1, "a value that later kernels have"},
};

inline const OptionDifference* difference_of(const OptionRow& row) {
  for (const OptionDifference& d : option_differences) {
    if ((d.state.empty() || d.state == row.state) && d.option == row.option && d.value == row.value) return &d;
  }
  return nullptr;
}

/// How often each difference was met, to show that none of them is an excuse for nothing.
class DifferenceCount {
 public:
  void add(const OptionDifference* difference) {
    if (difference != nullptr) ++used_[difference - option_differences];
  }
  std::size_t operator[](std::size_t index) const { return used_[index]; }

 private:
  std::size_t used_[std::size(option_differences)] = {};
};

inline std::string text_of(const Outcome& outcome) {
  return outcome.ok() ? "OK" : errno_name(outcome.error);
}

}  // namespace bondbox::test

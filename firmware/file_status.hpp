// How the files of the running program come along, as status tells it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace bondbox {

struct FileStatus {
  std::int64_t lag_ms = 0;        ///< since when the oldest that is not written yet has waited; 0: none waits
  std::int64_t worst_lag_ms = 0;  ///< ever
  std::string waits_for;          ///< the file at which it is; empty: none
  std::uint64_t written = 0;
  std::uint64_t replaced = 0;                                 ///< that a newer one came for before they were written
  std::vector<std::pair<std::string, std::uint64_t>> failed;  ///< how often, by file
};

}  // namespace bondbox

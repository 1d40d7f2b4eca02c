// Who asked and who read, and what was refused them, as status tells it.
#pragma once

#include <cstdint>

#include "firmware/file_status.hpp"
#include "firmware/recorder_status.hpp"

namespace bondbox {

struct ServiceStatus {
  std::uint64_t requests = 0;            ///< at the control socket that were answered, refusals among them
  std::uint64_t requests_malformed = 0;  ///< of these: no words, or the last one not ended
  std::uint64_t requests_too_long = 0;   ///< of these
  /// Clients that did not finish asking, or reading, within their time, or went away in the middle.
  std::uint64_t clients_cut_off = 0;
  /// Clients that had not finished when all places were taken and another one came.
  std::uint64_t clients_evicted = 0;
  std::uint64_t log_lines_lost = 0;  ///< because nobody read them, or too many came at once
  const char* log_to = "stderr";     ///< where they go
  FileStatus files;
  RecorderStatus recorder;
};

}  // namespace bondbox

// What the flight recorder holds, for the JSON status.
#pragma once

#include <cstdint>
#include <string>

#include "hal/wire/ids.hpp"

namespace bondbox {

struct RecorderStatus {
  bool runs = false;
  std::uint64_t bytes = 0;    ///< kept now
  std::uint64_t records = 0;  ///< since the program began
  std::uint64_t dropped = 0;  ///< bytes: the oldest, that made room for others, and what did not fit
  Tick since{};               ///< what came then and later is kept
  bool replays = false;       ///< from there on; no: it can only be shown up to a later tick
  std::uint64_t written = 0;  ///< files
  std::uint64_t failed = 0;   ///< files that could not be written
  std::string file;           ///< that is written at the end; empty: none
};

}  // namespace bondbox

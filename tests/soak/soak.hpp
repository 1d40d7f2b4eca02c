// A long run of the whole program on real interfaces: numbered packets both ways, cables pulled every few hundred
// milliseconds (never both), commands, stops and restarts in between, and a ledger of what became of every packet.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/soak/ledger.hpp"

namespace bondbox::soak {

inline constexpr int usual_window_ms = 300;
/// Mode 6 tells clients of another port in rounds, and none follows another within two seconds, as with the driver.
inline constexpr int window_of_rounds_ms = 2'300;

struct Settings {
  int mode = 1;
  bool bpf = false;  ///< offload=auto, else off
  double seconds = 15;
  double lap_s = 60;
  int rate = 1'000;                 ///< packets a second, each way
  int window_ms = usual_window_ms;  ///< how long after a happening packets may be lost
  std::uint32_t seed = 1;
  bool removals = true;   ///< ports are deleted and laid again, too
  std::string keep;       ///< directory for what is heard when nothing arrives for a second; empty: nobody is asked
  bool restarts = false;  ///< kill -9 and a new start, and takeovers where the program has them
};

/// At the far end; else it is a bond of the same mode, where frames come back on every cable or the partner has to
/// speak LACP.
constexpr bool faces_a_switch(int mode) noexcept {
  return mode == 1 || mode == 5 || mode == 6;
}

/// What the kernel tells of a process.
struct Resources {
  std::uint64_t memory_kb = 0;  ///< resident, and its own
  std::uint64_t descriptors = 0;
  std::uint64_t threads = 0;
};

struct Usage {
  Resources first;  ///< before it began; of memory the least of the run's second tenth, when it had warmed up
  Resources least;
  Resources most;
  Resources last;
  /// Of the memory of the first tenth after the middle, the least.
  std::uint64_t middle_kb = 0;
  /// Of the memory of the last tenth of the run, the least: what a leak would have raised.
  std::uint64_t settled_kb = 0;
};

struct Result {
  explicit Result(const Settings& of)
      : settings(of), ledger(std::int64_t{of.window_ms} * 1'000'000, faces_a_switch(of.mode)) {}

  Settings settings;
  Ledger ledger;
  Usage usage;
  std::uint64_t overrun = 0;        ///< lost in the receivers' own sockets: not bondbox's
  std::int64_t uncounted = 0;       ///< packets that crossed and are in no counter of the daemon's; 0 or less: none
  std::vector<std::string> left;    ///< what the daemon has left behind
  std::vector<std::string> heard;   ///< where what was heard in gaps is kept
  std::vector<std::string> broken;  ///< bounds that do not hold, in words; empty: all hold
};

using Say = std::function<void(const std::string&)>;

/// `say` gets a line for each lap. Throws std::runtime_error where it cannot run.
Result run_soak(const Settings& settings, const Say& say);

std::string table_of(const Result& result);

}  // namespace bondbox::soak

// Scenarios, played on both sides at once in user-mode-linux.
#pragma once

#include <string>
#include <vector>

#include "tests/live/record.hpp"
#include "tests/live/scenario.hpp"

namespace bondbox::live {

/// What both sides did with a scenario.
struct Played {
  Record kernel;
  Record bondbox;
  std::string trouble;  ///< why there is no record; empty: there is one

  /// The most that a step was behind its time.
  int late_ms() const;
};

/// Plays all of them, `at_once` at a time, in `machines` machines. In the order given.
std::vector<Played> play(const std::vector<Scenario>& scenarios, int at_once, int machines);

/// As the test program's first argument: play_inside with the others.
inline constexpr const char* play_word = "--play-inside";
/// Inside the machine: plays the scenarios FIRST, FIRST + STEP, ... that lie in a directory, `at_once` at a time, and
/// leaves the records there. The exit status.
int play_inside(const std::string& directory, int first, int step, int at_once);

}  // namespace bondbox::live

// The rounds: in each, every figure is taken of one contestant after the other, so that what slows the machine down
// meanwhile slows all of them, and each figure has a bare cable beside it in time.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/bench/party.hpp"
#include "tests/bench/results.hpp"

namespace bondbox::bench {

struct Settings {
  int rounds = 5;
  double seconds = 0.5;        ///< per measurement
  int pulls = 10;              ///< of a cable, per contestant; 0: losses are not measured
  std::set<std::string> only;  ///< keys of contestants; empty: all. The bare cable always runs.
};

/// Throws Interrupted.
std::vector<Contestant> run_rounds(const std::vector<PartyKind>& kinds, const Settings& settings);

}  // namespace bondbox::bench

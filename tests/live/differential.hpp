// Many scenarios played and judged; what fails is played again, reduced and written down.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/live/compare.hpp"
#include "tests/live/play.hpp"
#include "tests/live/scenario.hpp"

namespace bondbox::live {

struct Verdict {
  Scenario scenario;
  Played played;
  Comparison comparison;
  std::string trouble;  ///< why it could not be judged

  bool failed() const { return comparison.first.has_value() || !trouble.empty(); }
  /// The scenario, the first difference and both records.
  std::string text() const;
};

struct Verdicts {
  std::vector<Verdict> all;
  int replayed = 0;  ///< that were late or failed at first, and then did not
  std::map<std::string, int> deliberate() const;
  std::vector<const Verdict*> failures() const;
  /// Those that differed whenever they were played, each time in a machine that did not keep pace.
  std::vector<const Verdict*> unjudged() const;
};

/// Plays all. One that fails is played again with less beside it, and must fail then too; when the machine did not keep
/// pace even so, up to three times, but not for ever.
Verdicts judge(const std::vector<Scenario>& scenarios);

/// The smallest scenario found that still differs in the same kind of line. Plays at most `rounds` rounds.
Verdict reduce(const Verdict& failure, int rounds);

}  // namespace bondbox::live

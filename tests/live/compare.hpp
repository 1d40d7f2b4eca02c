// What differs between the two sides of a scenario, and which of it is meant to.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "tests/live/play.hpp"
#include "tests/live/scenario.hpp"

namespace bondbox::live {

struct Difference {
  std::size_t step = 0;  ///< of the records: 0 is the set-up
  std::string what;      ///< "sent 3 udp", "status MII Status", ...
  std::string kernel;
  std::string bondbox;

  std::string text() const;
};

struct Comparison {
  std::optional<Difference> first;        ///< that is not meant
  std::map<std::string, int> deliberate;  ///< by name, how often each was met
  bool diverged = false;  ///< from some step on the sides stood so differently, on purpose, that nothing
                          ///< could be compared
};

Comparison compare(const Scenario& scenario, const Played& played);

/// Why a deliberate difference is one.
const char* reason_of(const std::string& name);

}  // namespace bondbox::live

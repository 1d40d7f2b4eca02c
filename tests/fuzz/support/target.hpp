// A fuzz target: a part of the program, fed with any bytes at all, and what it promises of them. libFuzzer feeds it
// when it is asked to (`make fuzz`); the inputs that were kept are played back by the unit tests.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "hal/wire/bytes.hpp"

namespace bondbox::fuzz {

struct Target {
  std::string_view name;  ///< of its file and its directory in tests/fuzz/corpus
  void (*run)(wire::Bytes input);
};

/// All targets of this program.
std::vector<Target>& targets();

/// One, at namespace scope, makes a target known.
struct Known {
  Known(std::string_view name, void (*run)(wire::Bytes)) { targets().push_back({name, run}); }
};

/// A promise was broken: ends the process, or the test case. Whoever feeds the targets defines it.
[[noreturn]] void broken(const char* promise);

inline void promise(bool kept, const char* what) {
  if (!kept) broken(what);
}

/// Whether `part` lies within `whole`.
inline bool lies_within(wire::Bytes part, wire::Bytes whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace bondbox::fuzz

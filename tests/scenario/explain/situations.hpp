// What brings each sentence of explain about, played in simulation, and the sentence word by word.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "firmware/explain_words.hpp"
#include "tests/support/lacp_bench.hpp"
#include "tests/support/neighbours.hpp"

namespace bondbox::test {

struct Situation {
  const char* name;
  std::vector<Said> said;  ///< the sentence, then its parts
  const char* cause;
  const char* remedy;
  std::function<Explanation()> play;
};
using Situations = std::vector<Situation>;

Situations link_situations();
Situations arp_situations();
Situations mode_situations();
Situations lacp_situations();
Situations bond_situations();
Situations monitor_situations();

/// e0 and e1 of 10 Gbit/s in this mode, with every default.
inline BondConfig two_ports(Mode mode) {
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.mode = mode;
  return config;
}

/// A bench with e0 and e1, the bond of `config`, and what happens to it; then what is said of `port`.
inline Explanation told_of(const BondConfig& config, const char* port,
                           const std::function<void(SimBench&)>& story = {}) {
  SimBench bench({"e0", "e1"});
  bench.add(config);
  if (story) story(bench);
  return explain_port(bench.status(), bench.port(port));
}

inline Explanation told_of_bond(const BondConfig& config, const std::function<void(SimBench&)>& story = {}) {
  SimBench bench({"e0", "e1"});
  bench.add(config);
  if (story) story(bench);
  return explain_bond(bench.status());
}

/// Tick by tick until this is said of the port, at most five seconds.
template <class Bench>
Explanation told_when(Bench& bench, const char* port, Said wanted) {
  Explanation told;
  for (int ms = 0; ms < 5'000; ++ms) {
    told = explain_port(bench.status(), bench.port(port));
    if (told.said[0] == wanted) break;
    bench.run_for(1);
  }
  return told;
}

}  // namespace bondbox::test

// A story from a seed.
#pragma once

#include <cstdint>

#include "tests/swarm/random.hpp"
#include "tests/swarm/story.hpp"

namespace bondbox::swarm {

inline constexpr std::uint32_t modes_drawn = 7;

/// The same seed makes the same story on every machine.
Story generate(std::uint64_t seed);

/// What the parts of a generator know of the world that they add to.
struct Draft {
  Random random;
  Story story;
  int mode = 0;
  bool arp = false;
  std::int64_t interval_ms = 100;  ///< of the monitor, whichever it is
  std::size_t ports = 2;
  std::vector<std::string> bonds;
  std::vector<std::string> stations;
};

/// Words of options for one bond, valid together.
Words draw_options(Draft& draft, const std::string& bond, const Words& ports, bool is_far);
/// An option that may be written while the bond runs, and its value: mostly valid.
Words draw_write(Draft& draft, const Words& ports);
void draw_steps(Draft& draft);

}  // namespace bondbox::swarm

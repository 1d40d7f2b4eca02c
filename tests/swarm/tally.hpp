// What a story, or many, came to.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/swarm/rules.hpp"

namespace bondbox::swarm {

struct Recovery {
  std::uint64_t worlds = 0;
  std::int64_t slowest_ms = 0;
  std::int64_t bound_ms = 0;  ///< of the slowest
};

struct Tally {
  std::uint64_t worlds = 0;
  std::uint64_t refused_configurations = 0;
  std::int64_t simulated_ms = 0;
  std::uint64_t steps = 0;
  std::uint64_t frames_sent = 0;  ///< numbered ones
  std::uint64_t frames_delivered = 0;
  std::uint64_t commands = 0;
  std::uint64_t refused_commands = 0;
  std::map<std::string, std::uint64_t> faults;       ///< by kind
  std::map<std::string, Recovery> recovery_of_mode;  ///< from the last fault to the last frame that was lost

  void add(const Tally& other);
  std::string text() const;
};

/// What `digest` was when a tick was over.
struct Footprint {
  std::int64_t at_ms = 0;
  std::uint64_t digest = 0;
  friend bool operator==(const Footprint&, const Footprint&) = default;
};

struct Played {
  std::optional<Violation> violation;
  Tally tally;
  std::uint64_t digest = 0;  ///< of every event, and of every frame that left on a NIC or reached a host
  std::vector<Footprint> trail;
  bool found_gone = false;  ///< who took over found an interface gone, before a poll would have
  std::string timeline;     ///< every event, a line each, when it was asked for
};

}  // namespace bondbox::swarm

// A story: a world and what happens to it, as values. A seed makes one, a file keeps one, and playing it twice gives
// the same frames, plans and events.
//
//   seed 4711                          of the noise on the cables
//   calm 20000                         from this tick on nothing is wrong any more
//   events off                         cards do not tell of changes: they are polled only
//   card e0 02:00:00:00:0a:00 10000    name, address, Mbit/s
//   switch sw0
//   wire e0 sw0
//   bond bond0 e0 e1 mode=1            as in the words of the module's parameters
//   station s0 10.0.0.10 s0a s0b       answers for its address; it can move from its first card to others
//   flow bond0 s0 udp 20               numbered frames, one in 20 ms: udp, udp6, tagged, raw or broadcast
//   at 500 link e0 down                see tests/swarm/steps.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bondbox::swarm {

using Words = std::vector<std::string>;

struct Step {
  std::int64_t at_ms = 0;
  Words words;
};

struct Story {
  std::uint64_t seed = 0;
  std::int64_t calm_ms = 0;
  bool events = true;
  std::vector<Words> cards;
  std::vector<std::string> switches;
  std::vector<Words> wires;
  std::vector<Words> bonds;
  std::vector<Words> stations;
  std::vector<Words> flows;
  std::vector<Step> steps;  ///< in order of time
};

std::string story_text(const Story& story);
/// None, and `error` says why with the line, when it is none.
std::optional<Story> parse_story(std::string_view text, std::string& error);

/// "a b c"
std::string joined(const Words& words, std::size_t from = 0);
Words words_of(std::string_view line);
/// -1 when it is no number.
std::int64_t number_of(std::string_view text);

}  // namespace bondbox::swarm

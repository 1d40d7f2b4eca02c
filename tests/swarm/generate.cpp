#include "tests/swarm/generate.hpp"

#include <algorithm>

namespace bondbox::swarm {
namespace {

std::string mac_text(int room, std::size_t number) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text = "02:00:00:00:0";
  text += digits[room];
  text += ":0";
  text += digits[number & 15];
  return text;
}

std::string card(Draft& draft, const std::string& name, int room, std::size_t number) {
  draft.story.cards.push_back({name, mac_text(room, number), "1000"});
  return name;
}

/// Modes 1, 5 and 6, and sometimes mode 4: a learning switch, or two in a row, and stations on them.
void behind_switches(Draft& draft) {
  Random& random = draft.random;
  const std::size_t switches = draft.mode == 1 && random.chance(400) ? 2 : 1;
  for (std::size_t i = 0; i < switches; ++i) draft.story.switches.push_back("sw" + std::to_string(i));
  if (switches == 2) draft.story.wires.push_back({"sw0", "sw1"});
  const auto any_switch = [&] { return "sw" + std::to_string(random.below(static_cast<std::uint32_t>(switches))); };
  Words ports;
  for (std::size_t i = 0; i < draft.ports; ++i) {
    ports.push_back(card(draft, "e" + std::to_string(i), 0xa, i));
    draft.story.wires.push_back({ports.back(), any_switch()});
  }
  const std::size_t stations = 1 + random.below(3);
  for (std::size_t i = 0; i < stations; ++i) {
    const std::string name = "s" + std::to_string(i);
    Words words{name, "10.0.0.1" + std::to_string(i + 1)};
    const std::size_t sockets = 1 + random.below(2);
    for (std::size_t socket = 0; socket < sockets; ++socket) {
      words.push_back(card(draft, name + static_cast<char>('a' + socket), 0xc, i));
      draft.story.wires.push_back({words.back(), any_switch()});
    }
    draft.story.stations.push_back(words);
    draft.stations.push_back(name);
  }
  Words bond{"bond0"};
  bond.insert(bond.end(), ports.begin(), ports.end());
  const Words options = draw_options(draft, "bond0", ports, false);
  bond.insert(bond.end(), options.begin(), options.end());
  bond.push_back("address=10.0.0.1/24,fd10::1/64");
  draft.story.bonds.push_back(bond);
  draft.bonds = {"bond0"};
}

/// Bonds that face each other, cable by cable. In mode 4 two of them may share the cables of the first: then only one
/// of the two can be its partner.
void face_to_face(Draft& draft) {
  const bool shared = draft.mode == 4 && draft.ports > 2 && draft.random.chance(250);
  Words sides[3];
  for (std::size_t i = 0; i < draft.ports; ++i) {
    Words& far = sides[shared && i >= (draft.ports + 1) / 2 ? 2 : 1];
    sides[0].push_back(card(draft, "e" + std::to_string(i), 0xa, i));
    far.push_back(card(draft, "p" + std::to_string(i), 0xb, i));
    draft.story.wires.push_back({sides[0].back(), far.back()});
  }
  for (std::size_t side = 0; side < (shared ? 3U : 2U); ++side) {
    draft.bonds.push_back("bond" + std::to_string(side));
    Words bond{draft.bonds[side]};
    bond.insert(bond.end(), sides[side].begin(), sides[side].end());
    const Words options = draw_options(draft, draft.bonds[side], sides[side], side != 0);
    bond.insert(bond.end(), options.begin(), options.end());
    const std::string last = std::to_string(side + 1);
    bond.push_back("address=10.0.0." + last + "/24,fd10::" + last + "/64");
    draft.story.bonds.push_back(bond);
  }
}

void draw_flows(Draft& draft) {
  Random& random = draft.random;
  constexpr const char* kinds[] = {"udp", "udp", "udp6", "tagged", "raw"};
  std::vector<std::string> far = draft.stations;
  if (far.empty()) far.assign(draft.bonds.begin() + 1, draft.bonds.end());
  for (const std::string& name : far) {
    const auto period = [&] { return std::to_string(random.between(10, 120)); };
    draft.story.flows.push_back({"bond0", name, random.pick(kinds), period()});
    draft.story.flows.push_back({name, "bond0", random.pick(kinds), period()});
  }
  if (random.chance(300)) draft.story.flows.push_back({"bond0", far[0], "broadcast", "97"});
  if (random.chance(300)) draft.story.flows.push_back({far[0], "bond0", "broadcast", "89"});
}

}  // namespace

Story generate(std::uint64_t seed) {
  Draft draft{Random(seed, "world"), {}, 0, false, 100, 2, {}, {}};
  Random& random = draft.random;
  draft.story.seed = seed;
  draft.story.events = random.chance(600);
  draft.mode = static_cast<int>(random.below(modes_drawn));
  draft.ports = 2 + (random.chance(700) ? random.below(2) : random.below(7));
  constexpr std::int64_t polls[] = {100, 100, 100, 20, 50, 250};
  draft.interval_ms = random.pick(polls);
  const bool switched = draft.mode == 1 || draft.mode >= 5 || (draft.mode == 4 && random.chance(100));
  draft.arp = draft.mode < 4 && random.chance(300);
  switched ? behind_switches(draft) : face_to_face(draft);
  draw_flows(draft);
  draw_steps(draft);
  return std::move(draft.story);
}

}  // namespace bondbox::swarm

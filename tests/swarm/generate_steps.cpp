// What goes wrong, when, and for how long.
#include <algorithm>

#include "tests/swarm/generate.hpp"

namespace bondbox::swarm {
namespace {

class Teller {
 public:
  explicit Teller(Draft& draft) : draft_(draft), random_(draft.random) {
    for (const Words& bond : draft.story.bonds) {
      Words ports;
      for (std::size_t i = 1; i < bond.size() && bond[i].find('=') == std::string::npos; ++i) ports.push_back(bond[i]);
      cards_.insert(cards_.end(), ports.begin(), ports.end());
      ports_.push_back(ports);
    }
  }

  void tell(std::size_t count, std::int64_t end_ms) {
    end_ms_ = end_ms;
    std::int64_t at_ms = 300;
    for (std::size_t i = 0; i < count; ++i) {
      // Some faults come one upon the other, others when all has settled.
      at_ms = random_.chance(400) ? at_ms + random_.between(0, 30) : random_.between(300, end_ms - 1);
      add(std::min(at_ms, end_ms - 1));
    }
    auto& steps = draft_.story.steps;
    std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.at_ms < b.at_ms; });
  }

 private:
  void put(std::int64_t at_ms, Words words) { draft_.story.steps.push_back({at_ms, std::move(words)}); }

  /// And undone after a while, if that is before the end.
  void put_for_a_while(std::int64_t at_ms, const Words& words, const Words& undone) {
    put(at_ms, words);
    const std::int64_t lasts = random_.chance(300) ? random_.between(1, 20) : random_.between(20, 4'000);
    if (at_ms + lasts < end_ms_) put(at_ms + lasts, undone);
  }

  std::string any_card() { return cards_[random_.below(static_cast<std::uint32_t>(cards_.size()))]; }

  void add(std::int64_t at_ms) {
    const std::uint32_t kind = random_.below(100);
    if (kind < 55) {
      add_to_cable(at_ms, kind);
    } else if (kind < 70) {
      add_command(at_ms);
    } else if (kind < 82) {
      add_port_change(at_ms);
    } else {
      add_rare(at_ms);
    }
  }

  void add_to_cable(std::int64_t at_ms, std::uint32_t kind) {
    const std::string card = any_card();
    if (kind < 20) {
      put_for_a_while(at_ms, {"link", card, "down"}, {"link", card, "up"});
    } else if (kind < 26) {
      flap(at_ms, card);
    } else if (kind < 31) {
      put_for_a_while(at_ms, {"silent", card, "on"}, {"silent", card, "off"});
    } else if (kind < 36) {
      put_for_a_while(at_ms, {"mute", card, "on"}, {"mute", card, "off"});
    } else if (kind < 46) {
      Words noise{"noise", card};
      for (int i = 0; i < 5; ++i)
        noise.push_back(std::to_string(random_.chance(400) ? random_.below(random_.chance(100) ? 1'000 : 150) : 0));
      put_for_a_while(at_ms, noise, {"noise", card, "0", "0", "0", "0", "0"});
    } else if (kind < 51) {
      put(at_ms, {"refuse", card, std::to_string(random_.between(1, 20))});
    } else {
      put_for_a_while(at_ms, {"card", card, "out"}, {"card", card, "in"});
    }
  }

  /// A PHY that cannot make up its mind.
  void flap(std::int64_t at_ms, const std::string& card) {
    const std::int64_t times = random_.between(2, 8);
    const std::int64_t period = random_.between(1, 250);
    for (std::int64_t i = 0; i < 2 * times && at_ms + i * period < end_ms_; ++i)
      put(at_ms + i * period, {"link", card, i % 2 == 0 ? "down" : "up"});
  }

  void add_command(std::int64_t at_ms) {
    const std::size_t bond = random_.below(static_cast<std::uint32_t>(draft_.bonds.size()));
    Words words{random_.chance(800) ? "set" : "change", draft_.bonds[bond]};
    const Words write = draw_write(draft_, ports_[bond]);
    words.insert(words.end(), write.begin(), write.end());
    put(at_ms, words);
  }

  void add_port_change(std::int64_t at_ms) {
    const std::size_t bond = random_.below(static_cast<std::uint32_t>(draft_.bonds.size()));
    const Words& ports = ports_[bond];
    const std::string& port = ports[random_.below(static_cast<std::uint32_t>(ports.size()))];
    const std::string& name = draft_.bonds[bond];
    if (random_.chance(100)) {
      put(at_ms,
          {"drill", name, port, std::to_string(random_.between(1, 3'000)), random_.chance(500) ? "down" : "pretend"});
    } else if (random_.chance(300)) {
      put(at_ms, {"activate", name, port});
    } else if (random_.chance(100)) {
      put(at_ms, {"enslave", name, port});  // which it is already, mostly
    } else {
      put_for_a_while(at_ms, {"release", name, port}, {"enslave", name, port});
    }
  }

  void add_rare(std::int64_t at_ms) {
    const std::string& bond = draft_.bonds[random_.below(static_cast<std::uint32_t>(draft_.bonds.size()))];
    const std::string card = any_card();
    switch (random_.below(14)) {
      case 0:
      case 1:
        return put(at_ms, {"stall", std::to_string(random_.chance(700) ? random_.between(1, 300)
                                                                       : random_.between(300, 6'000))});
      case 2:
        return put_for_a_while(at_ms, {"host", bond, "down"}, {"host", bond, "up"});
      case 3:
        return put(at_ms, {"hostmac", bond, "02:00:00:00:0e:0" + std::to_string(random_.below(10))});
      case 4:
        return put(at_ms, {"mac", card, "02:00:00:00:0f:0" + std::to_string(random_.below(10))});
      case 5:
        return put(at_ms, {random_.chance(500) ? "mtu" : "hostmtu", random_.chance(500) ? card : bond, "1400"});
      case 6:
        if (draft_.mode < 4) return put_for_a_while(at_ms, {"promisc", bond, "on"}, {"promisc", bond, "off"});
        return put_for_a_while(
            at_ms, {"speed", card, random_.chance(500) ? "100" : "1000", random_.chance(300) ? "half" : "full"},
            {"speed", card, "1000", "full"});
      case 7:
        return put(at_ms, {"takeover", std::to_string(random_.chance(700) ? 0 : random_.between(1, 300))});
      case 8:
        return put(at_ms, {"kill", std::to_string(random_.chance(500) ? 0 : random_.between(1, 3'000))});
      case 9:
        return put(at_ms, {"groups", bond, std::to_string(random_.below(4))});
      case 10:
        return put_for_a_while(at_ms, {"queueing", bond, "on"}, {"queueing", bond, "off"});
      case 11:
        return put_for_a_while(at_ms, {"rename", bond, "up" + bond}, {"rename", bond, bond});
      case 12:
        if (draft_.stations.empty()) return;
        return put(at_ms, {"move", draft_.stations[random_.below(static_cast<std::uint32_t>(draft_.stations.size()))],
                           std::to_string(random_.below(2))});
      default:
        if (draft_.stations.empty()) return;
        return put_for_a_while(at_ms, {"deaf", draft_.stations[0], "on"}, {"deaf", draft_.stations[0], "off"});
    }
  }

  Draft& draft_;
  Random& random_;
  std::vector<Words> ports_;
  Words cards_;
  std::int64_t end_ms_ = 0;
};

}  // namespace

void draw_steps(Draft& draft) {
  Random& random = draft.random;
  draft.story.calm_ms = random.between(3'000, draft.mode == 4 ? 40'000 : 20'000);
  const std::size_t count = random.chance(50) ? 0 : 1 + random.below(random.chance(200) ? 60 : 20);
  Teller(draft).tell(count, draft.story.calm_ms);
}

}  // namespace bondbox::swarm

#include "tests/swarm/shrink.hpp"

#include <algorithm>

namespace bondbox::swarm {
namespace {

class Shrinker {
 public:
  Shrinker(Story story, const StillFails& fails, std::size_t plays_max)
      : story_(std::move(story)), fails_(fails), plays_left_(plays_max) {}

  Story run() {
    for (std::size_t before = 0; before != story_text(story_).size() && plays_left_ != 0;) {
      before = story_text(story_).size();
      drop(&Story::steps);
      drop(&Story::flows);
      drop_ports();
      drop_options();
      drop(&Story::stations);
      drop(&Story::cards);  // without a card its cable is not there either
      drop_cards_of_stations();
      come_sooner();
    }
    return story_;
  }

 private:
  bool take(const Story& candidate) {
    if (plays_left_ == 0) return false;
    --plays_left_;
    if (!fails_(candidate)) return false;
    story_ = candidate;
    return true;
  }

  /// Halves first, then ever smaller pieces, from the end.
  template <class T>
  void drop(std::vector<T> Story::*list) {
    for (std::size_t piece = std::max<std::size_t>(1, (story_.*list).size() / 2);; piece /= 2) {
      for (std::size_t end = (story_.*list).size(); end > 0;) {
        const std::size_t begin = end > piece ? end - piece : 0;
        Story candidate = story_;
        auto& items = candidate.*list;
        items.erase(items.begin() + static_cast<std::ptrdiff_t>(begin),
                    items.begin() + static_cast<std::ptrdiff_t>(end));
        (void)take(candidate);
        end = begin;
        if (plays_left_ == 0) return;
      }
      if (piece <= 1) return;
    }
  }

  /// The last ports of all bonds at once: cables have two ends.
  void drop_ports() {
    for (bool smaller = true; smaller;) {
      smaller = false;
      for (std::size_t place = 8; place > 0 && !smaller; --place) {
        Story candidate = story_;
        bool any = false;
        for (Words& bond : candidate.bonds) {
          if (place >= bond.size() || bond[place].find('=') != std::string::npos) continue;
          bond.erase(bond.begin() + static_cast<std::ptrdiff_t>(place));
          any = true;
        }
        const bool any_left = std::all_of(candidate.bonds.begin(), candidate.bonds.end(), [](const Words& bond) {
          return bond.size() > 1 && bond[1].find('=') == std::string::npos;
        });
        smaller = any && any_left && take(candidate);
      }
    }
  }

  void drop_options() {
    for (std::size_t bond = 0; bond < story_.bonds.size(); ++bond) {
      for (std::size_t place = story_.bonds[bond].size(); place > 1; --place) {
        const std::string& word = story_.bonds[bond][place - 1];
        if (word.find('=') == std::string::npos || word.starts_with("address=") || word.starts_with("mode=")) continue;
        Story candidate = story_;
        candidate.bonds[bond].erase(candidate.bonds[bond].begin() + static_cast<std::ptrdiff_t>(place - 1));
        (void)take(candidate);
      }
    }
  }

  void drop_cards_of_stations() {
    for (std::size_t i = 0; i < story_.stations.size(); ++i) {
      if (story_.stations[i].size() < 4) continue;
      Story candidate = story_;
      candidate.stations[i].pop_back();
      (void)take(candidate);
    }
  }

  void come_sooner() {
    const std::int64_t last = story_.steps.empty() ? 0 : story_.steps.back().at_ms;
    for (const std::int64_t calm : {last + 1, last + 500}) {
      if (calm >= story_.calm_ms) continue;
      Story candidate = story_;
      candidate.calm_ms = calm;
      if (take(candidate)) return;
    }
  }

  Story story_;
  const StillFails& fails_;
  std::size_t plays_left_;
};

}  // namespace

Story shrink(Story story, const StillFails& fails, std::size_t plays_max) {
  return Shrinker(std::move(story), fails, plays_max).run();
}

}  // namespace bondbox::swarm

// A list that a host port tells, as it passes the tape.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "firmware/trace/tape.hpp"
#include "hal/wire/archive.hpp"

namespace bondbox::trace {

/// A list that somebody else holds: copied only when it has changed.
template <class T>
class TapedList {
 public:
  std::span<const T> keep(Tape& tape, Point point, std::uint64_t id, std::span<const T> now) {
    if (!tape.is_open()) return now;
    const bool changed = !is_set_ || !std::equal(now.begin(), now.end(), known_.begin(), known_.end());
    if (changed) known_.assign(now.begin(), now.end());
    is_set_ = true;
    tape.count_reading(changed, point, id, known_);
    return now;
  }
  std::span<const T> take(Tape& tape, Point point, std::uint64_t id) {
    if (!tape.is_open() || !tape.due(point)) return known_;
    Reader reader = tape.take(id);
    Get get(reader);
    get(known_);
    is_set_ = true;
    tape.finish(reader);
    return known_;
  }

  void archive(Archive& a) { a(is_set_, known_); }

 private:
  std::vector<T> known_;
  bool is_set_ = false;
};

}  // namespace bondbox::trace

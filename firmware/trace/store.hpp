// Where a trace's records lie until they are written to a file: memory that is taken once, in segments of which the
// oldest makes room for the newest. A signal handler may read it at any moment: bytes are there before they count.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "hal/wire/bytes.hpp"
#include "hal/wire/ids.hpp"

namespace bondbox::trace {

/// A stretch of records. One that `begins` can be replayed from its first byte; another goes on where the one before it
/// ended, which may be lost.
struct Segment {
  std::unique_ptr<std::uint8_t[]> bytes;
  std::size_t capacity = 0;
  std::atomic<std::uint32_t> used = 0;
  Tick from{};  ///< the tick of what came before its first record
  bool begins = false;
  std::atomic<bool> cut = false;  ///< it ends in the midst of a step
};

class Store {
 public:
  /// Ring: `count` segments, of each the first `resident_bytes` written to at once, so that no page is taken later.
  /// Growing: one, and ever more, up to `count_max`.
  static Store ring(std::size_t count, std::size_t segment_bytes, std::size_t resident_bytes = 0) {
    return Store(count, count, segment_bytes, resident_bytes);
  }
  static Store growing(std::size_t count_max, std::size_t segment_bytes) {
    return Store(1, count_max, segment_bytes, 0);
  }

  /// False, and nothing appended: the segment is full.
  bool append(wire::Bytes bytes) noexcept;
  /// The last `count` bytes of the segment; nullptr where it has fewer.
  std::uint8_t* tail(std::size_t count) noexcept;
  std::size_t room() const noexcept { return newest().capacity - newest().used; }
  /// Whether a fresh segment would cost none of the others.
  bool can_grow() const noexcept { return count_ < count_max_; }

  /// Before the first record.
  void begin_at(Tick from) noexcept { newest().from = from; }
  /// A fresh segment, which overwrites the oldest where there is no room for more, with so much room beside what all
  /// have.
  void next_segment(Tick from, bool begins, std::size_t further_room = 0);
  /// The newest ends in the midst of a step.
  void cut() noexcept { newest().cut = true; }

  /// Oldest first.
  std::size_t size() const noexcept { return count_; }
  const Segment& operator[](std::size_t index) const noexcept {
    return *segments_[(first_ + index) % segments_.size()];
  }
  /// How many bytes have been overwritten.
  std::uint64_t lost_bytes() const noexcept { return lost_bytes_; }

 private:
  Store(std::size_t taken, std::size_t count_max, std::size_t segment_bytes, std::size_t resident_bytes);
  void add_segment();
  Segment& newest() noexcept { return *segments_[(first_ + count_ - 1) % segments_.size()]; }
  const Segment& newest() const noexcept { return *segments_[(first_ + count_ - 1) % segments_.size()]; }

  std::size_t segment_bytes_;
  std::size_t count_max_;
  std::vector<std::unique_ptr<Segment>> segments_;
  std::size_t first_ = 0;
  std::size_t count_ = 1;
  std::uint64_t lost_bytes_ = 0;
};

}  // namespace bondbox::trace

#include "firmware/trace/store.hpp"

#include <algorithm>

namespace bondbox::trace {
namespace {

constexpr std::size_t further_step = 16 * 1024;

}  // namespace

Store::Store(std::size_t taken, std::size_t count_max, std::size_t segment_bytes, std::size_t resident_bytes)
    : segment_bytes_(segment_bytes), count_max_(count_max) {
  segments_.reserve(count_max);
  for (std::size_t i = 0; i < taken; ++i) {
    add_segment();
    std::fill_n(segments_[i]->bytes.get(), std::min(resident_bytes, segment_bytes), std::uint8_t{0});
  }
  segments_[0]->begins = true;
}

void Store::add_segment() {
  auto segment = std::make_unique<Segment>();
  // Not cleared: pages that nobody has written to take no memory.
  segment->bytes.reset(new std::uint8_t[segment_bytes_]);
  segment->capacity = segment_bytes_;
  segments_.push_back(std::move(segment));
}

bool Store::append(wire::Bytes bytes) noexcept {
  Segment& segment = newest();
  const std::uint32_t used = segment.used.load(std::memory_order_relaxed);
  if (segment.capacity - used < bytes.size()) return false;
  std::copy(bytes.begin(), bytes.end(), segment.bytes.get() + used);
  std::atomic_signal_fence(std::memory_order_release);
  segment.used.store(used + static_cast<std::uint32_t>(bytes.size()), std::memory_order_relaxed);
  return true;
}

std::uint8_t* Store::tail(std::size_t count) noexcept {
  Segment& segment = newest();
  return segment.used >= count ? segment.bytes.get() + segment.used - count : nullptr;
}

void Store::next_segment(Tick from, bool begins, std::size_t further_room) {
  if (count_ == segments_.size() && segments_.size() < count_max_) add_segment();
  if (count_ < segments_.size()) {
    ++count_;
  } else {
    first_ = (first_ + 1) % segments_.size();
  }
  Segment& segment = newest();
  lost_bytes_ += segment.used.exchange(0);
  segment.begins = segment.cut = false;
  std::atomic_signal_fence(std::memory_order_release);
  if (const std::size_t wanted = segment_bytes_ + further_room; segment.capacity < wanted) {
    // What is wanted beside the records varies by some bytes.
    segment.capacity = (wanted / further_step + 1) * further_step;
    segment.bytes.reset();
    segment.bytes.reset(new std::uint8_t[segment.capacity]);
  }
  segment.from = from;
  segment.begins = begins;
}

}  // namespace bondbox::trace

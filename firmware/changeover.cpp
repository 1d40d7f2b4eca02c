#include "firmware/changeover.hpp"

#include <cstring>

namespace bondbox {
namespace {

/// Of this machine and this moment alone, so the order of bytes does not matter.
std::uint64_t digest(wire::Bytes frame) noexcept {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;  // 2^64 by the golden ratio
  std::uint64_t sum = frame.size();
  while (!frame.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(frame.size(), sizeof word);
    std::memcpy(&word, frame.data(), size);
    sum = (sum ^ word) * odd;
    sum ^= sum >> 32;
    frame = frame.subspan(size);
  }
  return sum;
}

constexpr std::uint32_t mark_of(std::uint64_t digest) noexcept {
  return static_cast<std::uint32_t>(digest >> 32) | 2U;
}

}  // namespace

FrameTwins::FrameTwins() noexcept : marks_(new std::uint32_t[places]) {}

void FrameTwins::add(wire::Bytes frame) noexcept {
  if (size_ == places / 2) return;
  if (size_++ == 0) std::fill_n(marks_.get(), places, free);
  const std::uint64_t sum = digest(frame);
  std::size_t place = sum % places;
  while (marks_[place] > taken) place = (place + 1) % places;
  marks_[place] = mark_of(sum);
}

bool FrameTwins::take(wire::Bytes frame) noexcept {
  if (size_ == 0) return false;
  const std::uint64_t sum = digest(frame);
  for (std::size_t place = sum % places; marks_[place] != free; place = (place + 1) % places) {
    if (marks_[place] != mark_of(sum)) continue;
    marks_[place] = taken;
    return true;
  }
  return false;
}

bool CopyMemory::begin_batch(bool delivers, bool leaves, const Newcomers& newcomers) noexcept {
  if (!delivers) {
    expected_ = batches_max;
    met_ = true;
    return false;
  }
  const bool adds = leaves || expected_ != 0;
  if (!twins_.empty() && !leaves && (met_ || !adds) && !newcomers.any()) twins_.clear();
  met_ = false;
  if (expected_ != 0) --expected_;
  return adds;
}

bool ChangeoverSieve::passes(wire::Bytes frame) {
  if ((begun_ & destination_class(frame)) != 0) {
    const MacAddress source = MacAddress::load(frame.data() + 6);
    const auto& own = newcomers_.own_macs;
    if (std::find(own.begin(), own.end(), source) != own.end() || memory_.take(frame)) return false;
  }
  if (adds_) memory_.add(frame);
  return true;
}

}  // namespace bondbox

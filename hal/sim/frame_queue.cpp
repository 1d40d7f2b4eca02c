#include "hal/sim/frame_queue.hpp"

#include <algorithm>
#include <cstring>

namespace bondbox::sim {

FrameQueue::FrameQueue(std::size_t frames_max, std::size_t bytes_max)
    : bytes_(std::make_unique_for_overwrite<std::uint8_t[]>(bytes_max)), records_(frames_max), bytes_max_(bytes_max) {}

bool FrameQueue::push(wire::Bytes frame, const OffloadHeader& offload, std::uint16_t queue) noexcept {
  if (count_ == records_.size() || frame.size() > bytes_max_ - bytes_used_) return false;
  const std::size_t until_wrap = std::min(frame.size(), bytes_max_ - bytes_end_);
  if (until_wrap != 0) std::memcpy(bytes_.get() + bytes_end_, frame.data(), until_wrap);
  if (until_wrap != frame.size()) {
    std::memcpy(bytes_.get(), frame.data() + until_wrap, frame.size() - until_wrap);
  }
  records_[(first_ + count_) % records_.size()] = {bytes_end_, frame.size(), offload, queue};
  ++count_;
  bytes_used_ += frame.size();
  bytes_end_ = (bytes_end_ + frame.size()) % bytes_max_;
  return true;
}

std::size_t FrameQueue::push_over_oldest(wire::Bytes frame) noexcept {
  if (frame.size() > bytes_max_ || records_.empty()) return 0;
  std::size_t forgotten = 0;
  for (; !push(frame); ++forgotten) drop_oldest();
  return forgotten;
}

bool FrameQueue::pop(Packet& packet) noexcept {
  if (empty()) return false;
  const Record& record = oldest();
  copy_out(record, packet.frame_bytes());
  packet.set_length(record.length);
  packet.set_offload(record.offload);
  packet.set_queue(record.queue);
  drop_oldest();
  return true;
}

void FrameQueue::clear() noexcept {
  first_ = 0;
  count_ = 0;
  bytes_end_ = 0;
  bytes_used_ = 0;
}

std::vector<std::vector<std::uint8_t>> FrameQueue::frames() const {
  std::vector<std::vector<std::uint8_t>> all;
  all.reserve(count_);
  for (std::size_t i = 0; i < count_; ++i) {
    const Record& record = records_[(first_ + i) % records_.size()];
    copy_out(record, all.emplace_back(record.length).data());
  }
  return all;
}

void FrameQueue::copy_out(const Record& record, std::uint8_t* to) const noexcept {
  const std::size_t until_wrap = std::min(record.length, bytes_max_ - record.offset);
  if (until_wrap != 0) std::memcpy(to, bytes_.get() + record.offset, until_wrap);
  if (until_wrap != record.length) std::memcpy(to + until_wrap, bytes_.get(), record.length - until_wrap);
}

void FrameQueue::drop_oldest() noexcept {
  bytes_used_ -= oldest().length;
  first_ = (first_ + 1) % records_.size();
  --count_;
}

}  // namespace bondbox::sim

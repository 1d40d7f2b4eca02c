// A bounded queue of frames in one piece of memory, allocated once: the receive ring of a simulated NIC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "hal/packet.hpp"
#include "hal/wire/bytes.hpp"

namespace bondbox::sim {

class FrameQueue {
 public:
  /// Holds at most `frames_max` frames of together at most `bytes_max` bytes. Memory is touched only as it is used.
  FrameQueue(std::size_t frames_max, std::size_t bytes_max);

  /// False, and nothing changed, when it has no room.
  bool push(wire::Bytes frame, const OffloadHeader& offload = {}, std::uint16_t queue = 0) noexcept;
  /// Forgets the oldest frames until there is room; how many. A frame larger than the whole queue is not taken.
  std::size_t push_over_oldest(wire::Bytes frame) noexcept;
  /// Moves the oldest frame into `packet`, which has been reset. False when the queue is empty.
  bool pop(Packet& packet) noexcept;

  std::size_t size() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  void clear() noexcept;
  /// Copies of all, oldest first.
  std::vector<std::vector<std::uint8_t>> frames() const;

 private:
  struct Record {
    std::size_t offset = 0;
    std::size_t length = 0;
    OffloadHeader offload;
    std::uint16_t queue = 0;  ///< Packet::queue()
  };

  const Record& oldest() const noexcept { return records_[first_]; }
  void copy_out(const Record& record, std::uint8_t* to) const noexcept;
  void drop_oldest() noexcept;

  std::unique_ptr<std::uint8_t[]> bytes_;
  std::vector<Record> records_;  ///< a ring
  std::size_t bytes_max_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t bytes_end_ = 0;  ///< where the next frame goes, in the ring of bytes
  std::size_t bytes_used_ = 0;
};

}  // namespace bondbox::sim

// One writer publishes values, several readers use the newest, and nobody waits for anybody: the plan on its way to the
// loops.
//
// Each publication begins an epoch. A reader names the epoch that it reads while it reads (enter, leave) and is in a
// quiescent state otherwise: it holds nothing, so that a reader who sleeps has passed every epoch. What belonged to an
// older value may be given up once passed() says that no reader is still in an epoch before.
//
// The value lies in one of two more slots than there are readers: each reader holds one at most, one is the newest, so
// the writer always finds one that nobody reads. A reader that was about to enter while the writer went on sees that
// the newest has changed and starts over, having read nothing.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace bondbox {

template <class T, std::size_t Readers>
class EpochSlots {
 public:
  using Epoch = std::uint32_t;

  /// The writer's. The value is the newest from now on; its epoch.
  Epoch publish(const T& value) {
    const std::size_t slot = free_slot();
    slots_[slot] = value;
    epoch_ = next(epoch_);
    newest_.store(word(epoch_, slot));
    return epoch_;
  }

  /// The writer's: whether no reader reads what was published before this epoch. Once true, it stays so.
  bool passed(Epoch epoch) const noexcept {
    for (const Pin& pin : pins_) {
      const std::uint32_t held = pin.word.load();
      if (held != 0 && is_before(held >> slot_bits, epoch)) return false;
    }
    return true;
  }
  Epoch newest() const noexcept { return epoch_; }

  /// The newest value, unchanged until the reader leaves.
  const T& enter(std::size_t reader) noexcept {
    std::atomic<std::uint32_t>& pin = pins_[reader].word;
    std::uint32_t seen = newest_.load();
    for (;;) {
      pin.store(seen);
      const std::uint32_t now = newest_.load();
      if (now == seen) return slots_[seen & slot_mask];
      seen = now;
    }
  }
  void leave(std::size_t reader) noexcept { pins_[reader].word.store(0); }

 private:
  static constexpr unsigned slot_bits = 4;
  static constexpr std::uint32_t slot_mask = (1U << slot_bits) - 1;
  static constexpr std::uint32_t epoch_mask = 0xffffffffU >> slot_bits;
  static_assert(Readers + 2 <= (1U << slot_bits));

  /// Epoch and slot in one word, so that they change together. Never 0, which is a reader's "none".
  static constexpr std::uint32_t word(Epoch epoch, std::size_t slot) noexcept {
    return epoch << slot_bits | static_cast<std::uint32_t>(slot);
  }
  static constexpr Epoch next(Epoch epoch) noexcept { return epoch == epoch_mask ? 1 : epoch + 1; }
  static constexpr bool is_before(Epoch a, Epoch b) noexcept {
    return ((b - a) & epoch_mask) != 0 && ((b - a) & epoch_mask) <= epoch_mask / 2;
  }

  std::size_t free_slot() const noexcept {
    std::uint32_t taken = 1U << (newest_.load() & slot_mask);
    for (const Pin& pin : pins_) {
      const std::uint32_t held = pin.word.load();
      if (held != 0) taken |= 1U << (held & slot_mask);
    }
    std::size_t slot = 0;
    while ((taken >> slot & 1U) != 0) ++slot;
    return slot;
  }

  /// A cache line each: readers write theirs with every batch. All operations on these words and on newest_ are in one
  /// total order (sequentially consistent): either the reader's second look sees the writer's publication, or the
  /// writer's look at the pins sees the reader.
  struct alignas(64) Pin {
    std::atomic<std::uint32_t> word{0};
  };

  Epoch epoch_ = 1;
  std::atomic<std::uint32_t> newest_{word(1, 0)};
  std::array<Pin, Readers> pins_{};
  std::array<T, Readers + 2> slots_{};
};

}  // namespace bondbox

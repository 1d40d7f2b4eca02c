// A further loop beside the main thread: forwards what comes out of its own channels, by the newest plan, and decides
// nothing. What is for the policy goes to the main thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "firmware/config/bond_config.hpp"
#include "firmware/loop_share.hpp"

namespace bondbox {

/// The bonds that the loops serve, by slot; null where there is none.
using ShareTable = std::array<LoopShare*, max_bonds>;
using ShareTables = EpochSlots<ShareTable, workers_max>;

class Worker {
 public:
  Worker(std::size_t number, ShareTables& tables) : number_(number), tables_(tables) {}

  /// A batch from one source of one bond, forwarded. True: the main thread has something to look at. A source that
  /// there is not any more is passed over.
  bool serve(std::size_t slot, std::size_t source);

  /// The last serve() left frames until the main thread has looked at the links.
  bool waits() const noexcept { return waits_; }

  /// Punted frames wait for room on the way to the main thread: call retry() soon.
  bool has_leftovers() const noexcept { return leftovers_; }
  /// As serve(), for what has waited.
  bool retry();

 private:
  void forward(LoopSide& side, const LoopView& view, std::size_t source);
  bool has_question(LoopSide& side, const LoopView& view, std::size_t source) const;
  bool report(LoopSide& side);
  bool hand_up(LoopSide& side);

  std::size_t number_;
  ShareTables& tables_;
  PacketBatch batch_;
  bool leftovers_ = false;
  bool waits_ = false;
};

}  // namespace bondbox

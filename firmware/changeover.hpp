// From one plan to the next: a frame that a switch has brought to several ports is delivered once, though one port
// begins to deliver while another one ceases to, and what waits in their sockets was read by neither.
//
// The moment at which a frame came does not tell copies apart: what a port brings from before the change is often all
// that there is, because the switch has found the way around a dead cable sooner than we have. Their bytes do.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "firmware/forwarder.hpp"
#include "policies/plan.hpp"

namespace bondbox {

/// Frames by their bytes; each is found as often as it was added. Holds 4,096, and the rest is forgotten.
class FrameTwins {
 public:
  FrameTwins() noexcept;
  void clear() noexcept { size_ = 0; }
  bool empty() const noexcept { return size_ == 0; }
  void add(wire::Bytes frame) noexcept;
  bool take(wire::Bytes frame) noexcept;

 private:
  static constexpr std::size_t places = 8'192;  // twice as many as there are frames, so that looking ends soon
  static constexpr std::uint32_t free = 0;
  static constexpr std::uint32_t taken = 1;

  std::unique_ptr<std::uint32_t[]> marks_;  ///< not touched before the first frame, nor are its pages
  std::size_t size_ = 0;
};

/// What ports deliver only since the plan has changed.
struct Newcomers {
  std::array<Deliver, max_ports> deliver{};           ///< by PortId::index
  FixedVector<MacAddress, max_ports + 1> own_macs{};  ///< under which the host sends

  bool any() const noexcept {
    return std::any_of(deliver.begin(), deliver.end(), [](Deliver what) { return what != deliver_nothing; });
  }
  friend bool operator==(const Newcomers&, const Newcomers&) = default;
};

/// What one forwarder has delivered and others of its ports may bring again. Nothing is remembered, and no frame looked
/// at, while no copies come: where the switch knows which port to use.
class CopyMemory {
 public:
  /// Before a batch is forwarded that has come by a port which delivers, or none of it. `leaves`: by this plan for the
  /// last time. True: what is delivered is to be added.
  bool begin_batch(bool delivers, bool leaves, const Newcomers& newcomers) noexcept;
  void clear() noexcept { twins_.clear(); }
  void add(wire::Bytes frame) noexcept { twins_.add(frame); }
  bool take(wire::Bytes frame) noexcept { return twins_.take(frame); }

 private:
  static constexpr unsigned batches_max = 8;

  FrameTwins twins_;
  unsigned expected_ = 0;  ///< for so many batches: copies have come
  bool met_ = false;       ///< copies of what was delivered have been read since
};

/// For one batch of a port: of what the port only began to deliver it passes what no other one has delivered before,
/// and what the host has not sent itself. A switch brings that back, too, when it left by another port.
class ChangeoverSieve final : public FrameSieve {
 public:
  ChangeoverSieve(PortId port, const ForwardingPlan& plan, const Newcomers& newcomers, CopyMemory& memory,
                  bool leaves) noexcept
      : newcomers_(newcomers),
        begun_(newcomers.deliver[port.index]),
        memory_(memory),
        adds_(memory.begin_batch(plan.ports[port.index].deliver != deliver_nothing, leaves, newcomers) &&
              (leaves || begun_ == deliver_nothing)) {}
  bool passes(wire::Bytes frame) override;
  /// Null where it would pass everything.
  FrameSieve* if_needed() noexcept { return begun_ != deliver_nothing || adds_ ? this : nullptr; }

 private:
  const Newcomers& newcomers_;
  Deliver begun_;
  CopyMemory& memory_;
  bool adds_;
};

}  // namespace bondbox

// What the main thread and the further loops of one bond share, and nothing else: the plan on its way down, counters
// and punted frames on their way up. The main thread writes views, a loop its own side; no locks.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "firmware/changeover.hpp"
#include "firmware/epoch_slots.hpp"
#include "firmware/forwarder.hpp"
#include "firmware/latest_value.hpp"
#include "firmware/spsc_queue.hpp"
#include "hal/channel.hpp"
#include "policies/plan.hpp"

namespace bondbox {

/// The main thread's included.
inline constexpr std::size_t loops_max = 8;
/// The further ones, numbered from 0.
inline constexpr std::size_t workers_max = loops_max - 1;

/// All that a loop needs to forward for one bond. A channel that is not null lives until every loop has passed the
/// first view without it.
struct LoopView {
  struct Channels {
    Channel* host = nullptr;
    NicTable ports{};
  };
  ForwardingPlan plan;
  MacAddress bond_mac;
  Newcomers newcomers;
  PortId leaves = no_port;  ///< this is the last plan by which it delivers
  std::array<Channels, workers_max> channels{};
};

/// What one loop has counted for one bond since it began.
struct LoopCounts {
  std::array<PortCounters, max_ports> ports{};
  BondCounters bond;
  BucketTraffic traffic;
  std::uint64_t punts_lost = 0;
  std::uint64_t queue_full = 0;  ///< times that the way to the main thread had no room; what could not go waited
  std::array<NicCounters, max_ports> nics{};
  NicCounters host;
};

/// One loop's side. A question is asked by a loop that has frames which a look at the links may still save: it leaves
/// them where they are until the main thread has looked and made the plan that follows.
struct LoopSide {
  Forwarder forwarder;  ///< the loop's alone
  CopyMemory memory;    ///< the loop's alone
  LoopCounts counted;   ///< the loop's alone; what its forwarder does not count
  LatestValue<LoopCounts> counts;
  SpscQueue<PuntedFrame, 64> punted;
  std::atomic<bool> link_doubt{false};       ///< set by the loop, cleared by the main thread
  std::atomic<std::uint32_t> questions{0};   ///< the loop's; how many it has asked
  std::atomic<std::uint32_t> answers{0};     ///< the main thread's; how many of them it has answered
  std::array<bool, max_ports> known_lost{};  ///< the loop's alone; ports whose lost link it has asked about
};

struct LoopShare {
  EpochSlots<LoopView, workers_max> views;
  std::array<std::unique_ptr<LoopSide>, workers_max> sides;
};

/// Whoever runs the further loops: threads, or a test in their stead. Called by the main thread alone.
class LoopHost {
 public:
  virtual ~LoopHost() = default;

  /// How many further loops there are; at most workers_max.
  virtual std::size_t workers() const noexcept = 0;
  /// The share is served from now on, under the slot that is returned; none: there are too many.
  virtual std::optional<std::size_t> add(LoopShare& share) = 0;
  /// When it returns, no loop touches the share any more.
  virtual void remove(std::size_t slot) = 0;
  /// The loop is to serve this source of the share when its descriptor is readable.
  virtual void watch(std::size_t worker, std::size_t slot, std::size_t source, int handle) = 0;
  virtual void forget(std::size_t worker, int handle) = 0;
  /// Lets the loops get on a little.
  virtual void pause() = 0;
  /// Readable when a loop has something for the main thread, until take_wake(); -1 where there is none.
  virtual int wake_handle() const noexcept = 0;
  virtual void take_wake() = 0;
};

/// Sources of a share: ports by PortId::index, then the host.
inline constexpr std::size_t source_host = max_ports;

}  // namespace bondbox

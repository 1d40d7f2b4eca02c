// When to look at links between two polls. What is sent finds a dead cable by itself (a NIC refuses it, or the offload
// moves it on); what is only received does not: the frames just stop. So while a port receives more than it sends, its
// link is looked at once in about four received frames' time. An idle bond has no looks, and a pulled cable costs such
// a flow a few frames instead of miimon's time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/ids.hpp"

namespace bondbox {

class LinkWatch {
 public:
  /// What a port has carried in all until now.
  struct Traffic {
    PortId port;
    bool delivers = false;  ///< no: nobody waits for what it receives
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
  };
  using TrafficList = FixedVector<Traffic, max_ports>;

  /// With every scheduled poll: `interval` has passed since the one before and will until the next.
  void poll(const TrafficList& traffic, Ticks interval, Tick now) noexcept;
  /// Nothing is polled any more.
  void stop() noexcept { due_.reset(); }

  std::optional<Tick> due() const noexcept { return due_; }
  /// The looks that were due have been made.
  void looked(Tick now) noexcept {
    if (due_) due_ = now + pace_;
  }

 private:
  struct Totals {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
  };
  std::array<Totals, max_ports> totals_{};
  std::optional<Tick> due_;
  Ticks pace_{};
};

}  // namespace bondbox

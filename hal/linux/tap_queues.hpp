// The queues of one TAP device, a descriptor each (Documentation/networking/tuntap.rst, multiqueue).
//
// A frame that the host puts into queue N (tc's skbedit queue_mapping) comes out of descriptor N. Left to itself the
// driver spreads all other frames over the queues by a hash, and nothing would tell the two apart; so a device with
// several queues gets a steering program (BPF, two instructions) that sends everything to queue 0 which the host has
// not put elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hal/linux/unique_fd.hpp"
#include "hal/outcome.hpp"
#include "hal/wire/fixed_vector.hpp"

namespace bondbox::lnx {

class TapQueues {
 public:
  /// Of queue_id: 0 to 16.
  static constexpr std::size_t queues_max = 17;

  /// Makes the device and its queue 0, once. With `queues` above 1 it may have more than that one later, else with
  /// `channels` above 1 channels beside it; where the kernel cannot do so it is made with one, and set_count() or
  /// open_channel() says why. errno, 0: done; EBUSY: the name is taken.
  int make(std::string_view name, std::size_t queues, std::size_t channels);

  /// Attaches to a device that has outlived its process: several as make() made it then, to be used as make() says now
  /// as far as that lets it. errno, 0: done.
  int take_over(std::string_view name, bool several, std::size_t queues, std::size_t channels);
  /// Those of another process, as they stand; the first is queue 0.
  void take_over(std::vector<UniqueFd> queues, bool several, std::size_t wanted, std::size_t channels);
  std::size_t wanted() const noexcept { return wanted_; }
  /// Whether it may have more than one.
  bool several() const noexcept { return purpose_ != Purpose::one; }

  /// Opens queues, or has them closed once they are empty. `name` is the device's as it is called now. Opening shows
  /// the host a cable (observed), so the carrier must be set again after it.
  Outcome set_count(std::size_t count, std::string_view name);

  /// A queue that is another thread's: not counted here, and its frames are not told apart from those of queue 0.
  /// Nothing comes out of it before spread_flows(true).
  Result<UniqueFd> open_channel(std::string_view name);
  /// Whether flows are spread over the channels, or all goes to queue 0.
  Outcome spread_flows(bool on);

  /// Open queues, those that are to be closed included.
  std::size_t size() const noexcept { return fds_.size(); }
  int fd(std::size_t queue) const noexcept { return fds_[queue].get(); }
  /// To be told that a queue was found empty: one that is not wanted any more is closed then.
  void found_empty(std::size_t queue) noexcept;
  /// The device has gone: nobody who waits is woken any more.
  void silence() noexcept;

 private:
  enum class Purpose : std::uint8_t { one, queues, channels };

  int start(UniqueFd fd);
  void close_last() noexcept;

  FixedVector<UniqueFd, queues_max> fds_;
  std::size_t wanted_ = 1;
  std::string refusal_ = "it was made with one queue; it gets more when it is made with queue_id in its configuration";
  Purpose purpose_ = Purpose::one;
};

}  // namespace bondbox::lnx

// Contract: whoever executes the plan below the daemon, where frames never reach it (programs in the kernel).
//
// The daemon goes on as if there were none: what is not carried below comes out of HostPort::receive and Nic::receive
// as always, and is forwarded there. So an Offload is a short cut, and each frame takes exactly one of the two ways: it
// is delivered once, never lost between them, also at the moment when a plan is published or the short cut is closed.
//
// Always left to the daemon: slow protocols, and what the plan punts. When the daemon has not renewed its lease for
// longer than `offload_lease`, it counts as dead: the last plan goes on by itself, punted classes other than slow
// protocols are then forwarded by the plan as well.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "hal/nic.hpp"
#include "hal/outcome.hpp"
#include "hal/wire/fast_plan.hpp"
#include "hal/wire/ids.hpp"

namespace bondbox {

inline constexpr Ticks offload_lease = ticks_from_ms(3000);

/// What was carried below since the offload was opened; none of it is in the counters of NIC, host port or forwarder.
struct OffloadCounters {
  struct Port {
    std::uint64_t rx_frames = 0;  ///< all that came in and were not left to the daemon
    std::uint64_t rx_bytes = 0;
    std::uint64_t rx_suppressed = 0;  ///< of them: not meant to be delivered here
    std::uint64_t rx_looped = 0;      ///< of the others: came from the address under which this port sends
    std::uint64_t tx_frames = 0;
    std::uint64_t tx_bytes = 0;
    std::uint64_t tx_moved = 0;    ///< had no carrier: the next usable port got the frame, and counts it
    std::uint64_t tx_refused = 0;  ///< had no carrier, nor had any other port that could have taken the frame; lost
  };
  std::array<Port, max_ports> ports{};
  std::uint64_t tx_no_port = 0;
  std::array<std::uint64_t, 256> bucket_bytes{};  ///< as BucketTraffic
  std::uint64_t other_bytes = 0;
};

class Offload {
 public:
  /// Nothing is carried below any more, and nothing of it is left on the interfaces.
  virtual ~Offload() = default;

  /// How it is attached, for logs and status: "clsact", "tcx".
  virtual std::string_view kind() const noexcept = 0;

  /// The port may be named by plans from now on. `nic` outlives its membership. EOPNOTSUPP: not a NIC of this machine;
  /// any other errno: the kernel refuses, with its reason in words.
  virtual Outcome add_port(PortId port, Nic& nic) = 0;
  /// The port's frames are the daemon's again. To be called before the Nic is destroyed; a plan that no longer names
  /// the port MUST have been published before.
  virtual void remove_port(PortId port) = 0;

  /// Executed from the next frame on, whole or not at all; or, when that takes something that is not there yet, later:
  /// pending() says so, and until then what it would carry is the daemon's.
  virtual Outcome publish(const wire::FastPlan& plan) = 0;
  /// Goes on with what is pending; cheap enough for every step. Failed: nothing will ever be carried.
  virtual Outcome keep_up() = 0;
  /// The same, and waits for it.
  virtual Outcome finish() = 0;
  /// Why the last plan is not executed yet, in words; empty: it is.
  virtual std::string_view pending() const noexcept = 0;

  /// The daemon is alive. Cheap enough for every 100 ms.
  virtual void renew_lease() = 0;

  virtual Outcome read(OffloadCounters& counters) = 0;

  /// A frame met a port without carrier since the last call: look at the links now.
  virtual bool take_link_doubt() = 0;
  /// Readable when take_link_doubt() has something to say; -1 where there is none.
  virtual int wait_handle() const noexcept = 0;
  /// Readable when keep_up() has something to do; -1 where there is none.
  virtual int progress_handle() const noexcept = 0;
};

}  // namespace bondbox

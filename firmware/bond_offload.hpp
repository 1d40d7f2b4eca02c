// The short cut below a bond: whether there is one, what it executes, and what it has carried. The bond goes on as if
// there were none (hal/offload.hpp); what is here knows when a plan has to be published, keeps the lease and adds up.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hal/hardware.hpp"
#include "hal/offload.hpp"
#include "hal/wire/fast_plan.hpp"
#include "policies/options.hpp"

namespace bondbox {

class Archive;
namespace trace {
class TapedHardware;
}

struct OffloadStatus {
  OffloadUse wanted = OffloadUse::automatic;
  std::string kind;             ///< how it is attached: "clsact", "tcx"; empty: there is none
  bool serving = false;         ///< frames are carried below the daemon now
  std::string reason;           ///< why not; empty while serving
  std::uint64_t tx_frames = 0;  ///< carried below since the bond was made, host to ports
  std::uint64_t rx_frames = 0;  ///< and ports to host, suppressed ones left out
};

class BondOffload {
 public:
  /// Nothing when one is open already. A refusal is kept as reason().
  Outcome open(Hardware& hardware, HostPort& host);
  /// The daemon has every frame again. What was carried stays counted. `why` becomes the reason.
  void close(std::string why);
  bool is_open() const noexcept { return offload_ != nullptr; }
  /// Whether all that the plan takes is there.
  bool is_whole() const noexcept { return offload_ != nullptr && offload_->pending().empty(); }

  /// A port that is refused keeps the others from being carried as well: reason().
  Outcome add_port(PortId port, Nic& nic);
  /// After a plan without it was published, before its Nic goes.
  void remove_port(PortId port);

  /// Executed below when it differs from the last one. `obstacle`: why it cannot be; empty: it can. A failure closes
  /// the offload: a plan that nobody can change any more must not go on.
  Outcome publish(const wire::FastPlan& plan, std::string_view obstacle);

  bool take_link_doubt() { return offload_ != nullptr && offload_->take_link_doubt(); }
  /// To be called with each step. A failure: what the plan takes was refused after all, and the offload is closed.
  Outcome begin_step(Tick now);
  /// Waits for what the plan takes; a failure as of begin_step.
  Outcome finish();
  std::optional<Tick> next_deadline() const noexcept;
  void append_wait_handles(std::vector<int>& handles) const;

  /// Since the bond was made, read below once a step at most.
  const OffloadCounters& counters();
  /// The same as it stands now, for somebody who asks.
  OffloadCounters counters_now() const;
  /// Another port may get this place.
  void forget_port(PortId port);
  /// Whether there ever was one: without, nothing has been counted below.
  bool has_counted() const noexcept { return has_counted_; }

  /// The first port that was refused, with its reason; empty: none was.
  std::string_view port_refusal() const noexcept;

  /// Why nothing is carried; empty while it is, and before anything was tried.
  std::string_view reason() const noexcept;
  OffloadStatus status(OffloadUse wanted) const;

  /// Of a checkpoint: what is open, and what was published; with `listens` as if that had been. Counters are not
  /// decided by.
  void archive(Archive& a, trace::TapedHardware& hardware, std::optional<bool> listens);

 private:
  using Counters = OffloadCounters;
  bool serves() const noexcept {
    return offload_ != nullptr && published_ && plan_.serves != 0 && offload_->pending().empty();
  }

  std::unique_ptr<Offload> offload_;
  std::array<std::string, max_ports> refused_ports_;
  std::string reason_;    ///< why there is none
  std::string obstacle_;  ///< why the last plan is not executed
  wire::FastPlan plan_{};
  bool published_ = false;
  bool has_counted_ = false;
  bool counted_this_step_ = false;
  Tick now_{};
  Tick renewed_{};
  Counters before_;  ///< by offloads that have been closed, less what forgotten ports had (modulo 2^64)
  Counters read_;    ///< by the open one, as last read
  Counters total_;
};

}  // namespace bondbox

// Flap damping: a port that loses its link again and again stays out of use until it has been quiet for a while, as
// routers do with routes (RFC 2439) and interfaces. Each loss adds to a penalty, which halves with each half-life. From
// `flap_suppress` on the port is damped, until the penalty is below `flap_reuse`, or `flap_hold_max` has passed since
// the last loss. Whole numbers only, so that every machine comes to the same tick.
#pragma once

#include <cstdint>

#include "hal/wire/ids.hpp"
#include "policies/options.hpp"

namespace bondbox {

/// `penalty` after `passed`, when it halves in `half_life` (more than 0): exact at each sixteenth of it, by straight
/// lines in between, rounded down. It never grows with `passed`.
std::uint32_t decayed(std::uint32_t penalty, Ticks passed, Ticks half_life) noexcept;

class FlapDamper {
 public:
  static constexpr std::uint32_t penalty_of_a_loss = 1000;
  static constexpr std::uint32_t penalty_max = 1'000'000;

  /// The port has lost what called it up. True when it is damped from now on.
  bool lost(const BondOptions& options, Tick now) noexcept;
  /// What calls the port up says so, or not; to be told with each look. A damped port's losses count, too.
  void note(bool works, const BondOptions& options, Tick now) noexcept;
  /// True when its time is over with this look: it may be used again.
  bool release(const BondOptions& options, Tick now) noexcept;
  /// It is used all the same, because there is no other. Its penalty stays.
  void lift(Tick now) noexcept;

  bool is_damped() const noexcept { return damped_; }
  /// Of a damped port: when it may be used again, if nothing more happens.
  Tick until() const noexcept { return until_; }
  std::uint32_t penalty(const BondOptions& options, Tick now) const noexcept;

  template <class A>
  void archive(A& a) {
    a(penalty_, at_, until_, damped_, works_);
  }

 private:
  void add(const BondOptions& options, Tick now) noexcept;

  std::uint32_t penalty_ = 0;  ///< at `at_`
  Tick at_{};
  Tick until_{};
  bool damped_ = false;
  bool works_ = false;  ///< what was last told of a damped port
};

}  // namespace bondbox

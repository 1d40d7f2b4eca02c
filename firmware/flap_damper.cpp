#include "firmware/flap_damper.hpp"

#include <algorithm>
#include <array>

namespace bondbox {
namespace {

/// 2^16 * 2^(-i/16)
constexpr std::array<std::uint32_t, 17> sixteenths{65536, 62757, 60097, 57549, 55109, 52773, 50535, 48393, 46341,
                                                   44376, 42495, 40693, 38968, 37316, 35734, 34219, 32768};

/// How long until a penalty is less than this.
Ticks time_until_below(std::uint32_t penalty, std::uint32_t wanted, Ticks half_life, Ticks most) noexcept {
  std::int64_t low = 0;
  std::int64_t high = most.count;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (decayed(penalty, Ticks{middle}, half_life) < wanted)
      high = middle;
    else
      low = middle + 1;
  }
  return Ticks{low};
}

}  // namespace

std::uint32_t decayed(std::uint32_t penalty, Ticks passed, Ticks half_life) noexcept {
  if (passed.count <= 0) return penalty;
  const std::int64_t halvings = passed.count / half_life.count;
  if (halvings >= 32) return 0;
  const std::int64_t place = passed.count % half_life.count * 16;
  const auto step = static_cast<std::size_t>(place / half_life.count);
  const std::int64_t beyond = place % half_life.count;
  const std::int64_t drop = std::int64_t{sixteenths[step]} - std::int64_t{sixteenths[step + 1]};
  const std::int64_t factor = std::int64_t{sixteenths[step]} - drop * beyond / half_life.count;
  return static_cast<std::uint32_t>(std::int64_t{penalty} * factor >> (16 + halvings));
}

std::uint32_t FlapDamper::penalty(const BondOptions& options, Tick now) const noexcept {
  if (options.flap_damping_ms == 0) return 0;
  return decayed(penalty_, now - at_, ticks_from_ms(options.flap_damping_ms));
}

void FlapDamper::add(const BondOptions& options, Tick now) noexcept {
  penalty_ = std::min(penalty_max, penalty(options, now) + penalty_of_a_loss);
  at_ = now;
  const Ticks half_life = ticks_from_ms(options.flap_damping_ms);
  until_ = now + time_until_below(penalty_, options.flap_reuse, half_life, ticks_from_ms(options.flap_hold_max_ms));
}

bool FlapDamper::lost(const BondOptions& options, Tick now) noexcept {
  if (options.flap_damping_ms == 0) return false;
  add(options, now);
  works_ = false;
  return !damped_ && (damped_ = penalty_ >= options.flap_suppress);
}

void FlapDamper::note(bool works, const BondOptions& options, Tick now) noexcept {
  if (damped_ && works_ && !works) add(options, now);
  works_ = works;
}

bool FlapDamper::release(const BondOptions& options, Tick now) noexcept {
  if (!damped_ || (options.flap_damping_ms != 0 && now < until_)) return false;
  damped_ = false;
  // After the longest time no more is remembered than after any other.
  penalty_ = options.flap_damping_ms == 0 ? 0 : std::min(penalty(options, now), options.flap_reuse);
  at_ = now;
  return true;
}

void FlapDamper::lift(Tick now) noexcept {
  damped_ = false;
  until_ = now;
}

}  // namespace bondbox

#include "hal/linux/monotonic_clock.hpp"

#include <ctime>

namespace bondbox::lnx {
namespace {

std::int64_t read_us(clockid_t id) noexcept {
  timespec now{};
  ::clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace

std::int64_t monotonic_us() noexcept {
  return read_us(CLOCK_MONOTONIC);
}
std::int64_t monotonic_ms() noexcept {
  return monotonic_us() / 1'000;
}
std::int64_t wall_time_ms() noexcept {
  return read_us(CLOCK_REALTIME) / 1'000;
}

}  // namespace bondbox::lnx

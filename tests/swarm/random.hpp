// Numbers that are the same on every machine and with every library, unlike those of std::uniform_int_distribution.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bondbox::swarm {

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
class Random {
 public:
  constexpr explicit Random(std::uint64_t seed) noexcept : state_(seed) {}
  /// A stream of its own for each name, so that what one part draws does not move what another draws.
  constexpr Random(std::uint64_t seed, std::string_view name) noexcept : state_(seed) {
    for (const char letter : name) state_ = (state_ ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
    (void)next();
  }

  constexpr std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  /// 0 .. `count` - 1; `count` is at least 1.
  constexpr std::uint32_t below(std::uint32_t count) noexcept {
    return static_cast<std::uint32_t>(((next() >> 32) * count) >> 32);
  }
  constexpr std::int64_t between(std::int64_t least, std::int64_t most) noexcept {
    return least + static_cast<std::int64_t>(below(static_cast<std::uint32_t>(most - least + 1)));
  }
  constexpr bool chance(std::uint32_t per_mille) noexcept { return below(1000) < per_mille; }
  template <class T, std::size_t Count>
  constexpr T pick(const T (&values)[Count]) noexcept {
    return values[below(Count)];
  }

 private:
  std::uint64_t state_;
};

}  // namespace bondbox::swarm

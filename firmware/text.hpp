// Text without iostreams and locales: printf-style building, and text of bounded size that never allocates.
#pragma once

#include <array>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hal/wire/fixed_vector.hpp"

namespace bondbox {

/// As sprintf, into a std::string.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);
/// The same, appended.
[[gnu::format(printf, 2, 3)]] void append_format(std::string& text, const char* pattern, ...);

/// "350 ms", "12 s", "2 m 11 s", "3 h 5 m", "4 d 2 h"
std::string duration_text(std::int64_t ms);

/// Breaks lines of more than 80 columns: after a comma in their second half, else between two words. What goes on in a
/// new line stands four columns in. Ends with a newline, or is empty.
std::string wrapped(const std::string& text);

/// Up to Capacity characters; what does not fit is cut off.
template <std::size_t Capacity>
class FixedText {
 public:
  constexpr FixedText() = default;
  constexpr FixedText(std::string_view text) { assign(text); }

  constexpr void assign(std::string_view text) {
    size_ = text.size() < Capacity ? text.size() : Capacity;
    for (std::size_t i = 0; i < size_; ++i) characters_[i] = text[i];
  }
  constexpr std::string_view view() const noexcept { return {characters_.data(), size_}; }
  std::string str() const { return std::string(view()); }
  constexpr bool empty() const noexcept { return size_ == 0; }
  template <class A>
  void archive(A& a) {
    FixedVector<char, Capacity> text;
    for (const char character : view()) text.push_back(character);
    a(text);
    if (a.reads()) assign({text.data(), text.size()});
  }
  friend constexpr bool operator==(const FixedText& a, std::string_view b) { return a.view() == b; }

 private:
  std::array<char, Capacity> characters_{};
  std::size_t size_ = 0;
};

}  // namespace bondbox

// Text from outside, character by character (UTF-8, RFC 3629).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bondbox {

struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;  ///< bytes; 0: this is not UTF-8
};

/// Of a text that is not empty.
Character first_character(std::string_view text) noexcept;

/// C0 but for the end of a line, DEL, C1, and what turns the direction of writing (U+200E, U+200F, U+202A to U+202E,
/// U+2066 to U+2069).
bool is_unfit_to_show(std::uint32_t code) noexcept;

}  // namespace bondbox

#include "policies/modes.hpp"

namespace bondbox {

std::string available_modes() {
  std::string text;
  for (std::uint8_t number = 0; number <= static_cast<std::uint8_t>(Mode::balance_alb); ++number) {
    const Mode mode = static_cast<Mode>(number);
    if (!mode_available(mode)) continue;
    if (!text.empty()) text += ", ";
    text += std::string(mode_name(mode)) + " (" + std::to_string(number) + ")";
  }
  return text;
}

}  // namespace bondbox

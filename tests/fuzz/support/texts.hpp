// What every reader of something that a person wrote promises.
#pragma once

#include <span>
#include <string_view>

#include "firmware/config/bond_config.hpp"
#include "firmware/config/message.hpp"

namespace bondbox::fuzz {

/// Each says what is wrong, and where in the text.
void check_messages(std::span<const ConfigMessage> messages, std::string_view file, std::string_view text);

/// It keeps within all limits, and differs in nothing from itself.
void check_config(const Config& config);
void check_bond(const BondConfig& bond);

/// It ends with a newline, or is empty.
void check_answer(std::string_view text);

}  // namespace bondbox::fuzz

// Reading the [[at]] tables of a scenario. Private to scenario_config.cpp.
#pragma once

#include "firmware/config/document.hpp"
#include "firmware/config/scenario_config.hpp"

namespace bondbox {

/// The scenario's bonds, NICs and duration are known already. A table that is wrong gives a step without what is wrong
/// in it, and errors.
ScenarioStep read_step(const Scenario& scenario, const ConfigValue& value, ConfigMessages& messages);

/// nullopt, and an error told, when the value is not a span like "500ms".
std::optional<Ticks> read_duration(const ConfigValue& value, std::string_view what, ConfigMessages& messages);

}  // namespace bondbox

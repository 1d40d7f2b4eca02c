// Which port a bond with one active port (modes 1, 5 and 6) should use: primary, priority, reselection.
#pragma once

#include <optional>

#include "policies/policy.hpp"

namespace bondbox {

/// Whether primary and prio mean something in the mode (1, 5 and 6).
constexpr bool uses_primary(Mode mode) noexcept {
  return mode == Mode::active_backup || mode == Mode::balance_tlb || mode == Mode::balance_alb;
}

/// The port that `options.primary` names, if it is a port of the bond and the mode has one.
const PortFacts* find_primary(const BondFacts& facts) noexcept;

/// The port to be active, given the one that is. Only ports with link `up` are chosen; when there is none, the port in
/// state `back` with the least of its updelay left. One that no pass of the monitor has looked at yet is left out: the
/// first pass will spare it its updelay, as long as nothing is active (observed kernel behaviour).
/// Above all others stands the primary, then the highest `prio`, where the mode knows them; equal priorities never take
/// over from `current`. A `current` whose link is up gives way only as primary_reselect allows; `force_primary`
/// overrides that once. A port that has not been up for `revert_delay` does not take over from a `current` that is up,
/// unless the change is to be `at_once`.
enum class Revert : std::uint8_t { as_delayed, at_once };
std::optional<PortId> choose_active(const BondFacts& facts, std::optional<PortId> current, bool force_primary,
                                    Revert revert = Revert::as_delayed) noexcept;

/// Whether only revert_delay keeps another port from being chosen.
bool waits_to_revert(const BondFacts& facts, std::optional<PortId> current, bool force_primary) noexcept;

}  // namespace bondbox

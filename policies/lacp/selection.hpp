// Selection logic (802.1AX-2014 6.4.14) as the kernel driver does it: which aggregator a port belongs to, and which
// aggregator carries the bond's traffic.
#pragma once

#include "policies/lacp/system.hpp"
#include "policies/options.hpp"

namespace bondbox::lacp {

struct SelectionRule {
  AdSelect select = AdSelect::stable;
  bool fallback = true;  ///< an active aggregator without a partner carries (lacp_fallback)
};

/// A port that is not selected joins the aggregator of its partner and key, or has a new one to itself; the active
/// aggregator is then chosen anew. A partner must speak for an aggregator to be shared. True when that did happen.
bool select_port(System& system, Port& port, const SelectionRule& rule) noexcept;

/// Chooses the active aggregator: shared before individual, with a partner before without, then by `rule`. With
/// AdSelect::stable one that works is kept. True when another one was made active.
bool select_active(System& system, const SelectionRule& rule) noexcept;

}  // namespace bondbox::lacp

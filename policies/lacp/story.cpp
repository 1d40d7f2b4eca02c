#include "policies/lacp/story.hpp"

#include "policies/tell.hpp"

namespace bondbox::lacp {
namespace {

void tell_partner(const Port& port, const Glimpse& before, ActionList& actions) {
  using enum LacpReceiveState;
  const LacpEnd& partner = port.partner;
  if (port.receive == current) {
    const LacpEnd& old = before.partner;
    const bool same =
        before.receive == current && old.system == partner.system && old.key == partner.key && old.port == partner.port;
    if (same) return;
    actions.push_back(tell(port.id, "LACP partner %s found: key %u, port %u", mac_text(partner.system).data(),
                           static_cast<unsigned>(partner.key), static_cast<unsigned>(partner.port)));
    return;
  }
  if (port.receive == before.receive) return;
  if (port.receive == expired && before.receive == current) {
    actions.push_back(tell(port.id, "LACP partner %s expired: it has been silent for %d s",
                           mac_text(partner.system).data(), port.has(lacp_state::timeout) ? 3 : 90));
  } else if (port.receive == defaulted) {
    actions.push_back(before.partner.system.is_zero()
                          ? tell(port.id, "no LACP partner answers")
                          : tell(port.id, "LACP partner %s lost", mac_text(before.partner.system).data()));
  }
}

void tell_aggregator(const System& system, const Port& port, const Glimpse& before, ActionList& actions) {
  const Aggregator* const now = system.of(port);
  if (now == nullptr || now->number == before.aggregator) return;
  const char* const reason = now->individual                      ? "alone, not in full duplex"
                             : !now->has_partner()                ? "alone, without a partner"
                             : system.users(*port.aggregator) > 1 ? "with the other ports to its partner"
                                                                  : "the first to its partner";
  actions.push_back(tell(port.id, "selected for aggregator %u: %s", static_cast<unsigned>(now->number), reason));
}

const char* reason_to_stop(const System& system, const Port& port) noexcept {
  const Aggregator* const aggregator = system.of(port);
  if (!port.enabled) return "no link";
  if (port.receive == LacpReceiveState::expired) return "its partner is silent";
  if (aggregator == nullptr || !aggregator->active) return "another aggregator is active";
  if (!port.partner_has(lacp_state::synchronization)) return "its partner is not in sync";
  return "negotiating anew";
}

void tell_data_path(const System& system, const Port& port, const Glimpse& before, ActionList& actions) {
  if (port.distributes == before.distributes) return;
  const Aggregator* const aggregator = system.of(port);
  const unsigned number = aggregator != nullptr ? aggregator->number : 0U;
  if (!port.distributes) {
    actions.push_back(tell(port.id, "carries no longer: %s", reason_to_stop(system, port)));
  } else if (aggregator != nullptr && !aggregator->has_partner()) {
    actions.push_back(tell(port.id, "carries alone, in aggregator %u without a partner", number));
  } else {
    actions.push_back(tell(port.id, "collecting and distributing in aggregator %u", number));
  }
}

}  // namespace

std::array<char, 18> mac_text(const MacAddress& mac) noexcept {
  constexpr const char* digits = "0123456789abcdef";
  std::array<char, 18> text{};
  for (std::size_t i = 0; i < mac.octets.size(); ++i) {
    text[i * 3] = digits[mac.octets[i] >> 4];
    text[i * 3 + 1] = digits[mac.octets[i] & 15];
    text[i * 3 + 2] = i + 1 < mac.octets.size() ? ':' : '\0';
  }
  return text;
}

Glimpse glimpse(const System& system, const Port& port) noexcept {
  const Aggregator* const aggregator = system.of(port);
  return {port.receive, port.partner, aggregator != nullptr ? aggregator->number : std::uint16_t{0},
          aggregator != nullptr && aggregator->active, port.distributes};
}

void tell_changes(const System& system, const Port& port, const Glimpse& before, ActionList& actions) {
  tell_partner(port, before, actions);
  tell_aggregator(system, port, before, actions);
  tell_data_path(system, port, before, actions);
}

}  // namespace bondbox::lacp

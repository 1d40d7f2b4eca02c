#include "policies/peer_notifier.hpp"

#include <algorithm>

namespace bondbox {

std::uint32_t PeerNotifier::passes_between(const BondOptions& options) noexcept {
  if (options.miimon_ms == 0) return 1;
  return std::max<std::uint32_t>(1, options.peer_notif_delay_ms / options.miimon_ms);
}

void PeerNotifier::start(const BondFacts& facts, bool in_scheduled_pass, ActionList& actions) {
  left_ = facts.options.num_peer_notif;
  if (left_ == 0) return;
  const bool carrier = std::any_of(facts.ports.begin(), facts.ports.end(), [](const PortFacts& port) {
    // A port chosen while it is going back is up from then on.
    return port.link == LinkState::up || port.link == LinkState::back;
  });
  if (!carrier) {
    passes_to_wait_ = 1;
    return;
  }
  actions.push_back(AnnouncePeers{});
  --left_;
  passes_to_wait_ = passes_between(facts.options);
  // The end of the pass that starts it is counted by pass() as well, as the kernel does; a gap of one pass stays one.
  if (in_scheduled_pass && passes_to_wait_ == 1) passes_to_wait_ = 2;
}

void PeerNotifier::pass(const BondFacts& facts, bool can_send, ActionList& actions) {
  if (left_ == 0) return;
  if (passes_to_wait_ > 1) {
    --passes_to_wait_;
    return;
  }
  if (!can_send) return;
  actions.push_back(AnnouncePeers{});
  --left_;
  passes_to_wait_ = passes_between(facts.options);
}

}  // namespace bondbox

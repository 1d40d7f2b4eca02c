#include "policies/client_rounds.hpp"

#include <algorithm>

namespace bondbox {

void ClientRounds::enter(std::uint8_t index) noexcept {
  Client& client = table_[index];
  if (client.assigned) return;
  client.assigned = true;
  client.next = newest_;
  newest_ = index;
}

void ClientRounds::remove(std::uint8_t index) noexcept {
  std::uint16_t* link = &newest_;
  while (*link != nobody && *link != index) link = &table_[*link].next;
  if (*link == nobody) return;
  *link = table_[index].next;
  table_[index] = Client{};
}

void ClientRounds::clear() noexcept {
  while (newest_ != nobody) remove(static_cast<std::uint8_t>(newest_));
}

void ClientRounds::dismiss(Client& client, std::optional<PortId> active) {
  if (!active || client.port == *active || !client.mac.is_station()) return;
  client.port = *active;
  client.notices_left = burst;
  farewells_.push_back(client);
}

void ClientRounds::mark_outdated(Client& client) noexcept {
  if (!client.mac.is_station()) return;
  client.outdated = true;
  outdated_ = true;
}

/// Those who are told nothing would go on sending to a port that does not hear them: so they are told more often.
void ClientRounds::tell_of_port(Client& client) noexcept {
  mark_outdated(client);
  if (client.outdated) retries_left_ = update_retries;
}

void ClientRounds::port_lost(PortId port, const BondFacts& facts) {
  for_each([&](Client& client, std::uint8_t) {
    if (client.port != port) return;
    client.port = turn_.next(facts).value_or(no_port);
    if (client.port != no_port) tell_of_port(client);
  });
}

void ClientRounds::address_moved(PortId port) noexcept {
  for_each([&](Client& client, std::uint8_t) {
    if (client.port == port) tell_of_port(client);
  });
}

void ClientRounds::spread(const BondFacts& facts) {
  for_each([&](Client& client, std::uint8_t) {
    const std::optional<PortId> port = turn_.next(facts);
    if (!port || client.port == *port) return;
    client.port = *port;
    mark_outdated(client);
  });
}

bool ClientRounds::tick(const BondFacts& facts) {
  quiet_ = std::min(quiet_ + 1, hurry_delay);
  if (spread_ordered_) {
    spread_ordered_ = false;
    spread(facts);
  }
  if (delay_left_ != 0) {
    if (outdated_ || pause_ == Pause::goes_on) --delay_left_;
    return false;
  }
  return outdated_;
}

void ClientRounds::begin_round() noexcept {
  for_each([&](Client& client, std::uint8_t) {
    if (!client.outdated) return;
    if (retries_left_ == 0) client.outdated = false;
    if (client.port == no_port || !client.mac.is_station()) return;
    client.notices_left = burst;
    in_round_ = true;
  });
  put_off();
  hurries_ = hurries_ && retries_left_ != 0;
  if (hurries_) delay_left_ = hurry_delay;
  if (retries_left_ != 0)
    --retries_left_;
  else
    outdated_ = false;
}

void ClientRounds::hurry() noexcept {
  if (!outdated_) return;
  hurries_ = true;
  delay_left_ = std::min(delay_left_, hurry_delay - quiet_);
}

bool ClientRounds::begin_last_round(std::optional<PortId> active) noexcept {
  for_each([&](Client& client, std::uint8_t) {
    client.notices_left = active && (client.outdated || client.port != *active) ? burst : 0;
    client.port = active.value_or(no_port);
  });
  outdated_ = false;
  retries_left_ = 0;
  delay_left_ = 0;
  in_round_ = !empty();
  return in_round_;
}

void ClientRounds::add_clients(std::array<std::uint32_t, max_ports>& counts) const noexcept {
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    const Client& client = table_[index];
    if (client.port != no_port && client.mac.is_station()) ++counts[client.port.index];
  }
}

}  // namespace bondbox

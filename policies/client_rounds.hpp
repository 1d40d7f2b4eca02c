// What both kinds of receive balancing share: a table of clients, each with a port, and rounds in which those who
// believe something else are told.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "policies/policy.hpp"
#include "policies/port_turn.hpp"

namespace bondbox {

/// 256 places, gone through from the client that was entered last to the first. Time is counted in tenths of a second:
/// a round tells each client twice and is followed by none for two seconds; after a port was lost, or its address has
/// moved, there are four rounds (reference: the kernel driver, recorded and observed).
class ClientRounds {
 public:
  static constexpr std::uint32_t update_delay = 20;   ///< ticks without a round after one
  static constexpr std::uint32_t update_retries = 3;  ///< more rounds after a port was lost
  static constexpr std::uint32_t hurry_delay = 5;     ///< the same where it must be soon
  static constexpr std::size_t burst = 2;             ///< notices to a client in one round

  /// What happens to the time without rounds while there is nobody to tell.
  enum class Pause { stands_still, goes_on };
  explicit ClientRounds(Pause pause) noexcept : pause_(pause) {}

  struct Client {
    IpAddress host_ip;  ///< ours, that the client speaks to
    IpAddress ip;
    MacAddress mac;         ///< no station's address: not known yet, so it cannot be told
    MacAddress host_mac;    ///< under which the host spoke; ARP alone looks at it
    PortId port = no_port;  ///< no_port: no port can send
    VlanId vlan;
    std::uint16_t next = 0;  ///< entered before it
    bool assigned = false;
    bool asked = false;             ///< by the host; ARP alone looks at it
    bool outdated = false;          ///< believes something else than it should
    std::uint8_t notices_left = 0;  ///< of the current round

    template <class A>
    void archive(A& a) {
      a.port_or(port, no_port);
      a(host_ip, ip, mac, host_mac, vlan, next, assigned, asked, outdated, notices_left);
    }
  };

  Client& at(std::uint8_t index) noexcept { return table_[index]; }
  /// Calls `visit(client, index)`, which may remove that client.
  template <class Visit>
  void for_each(Visit visit);
  bool empty() const noexcept { return newest_ == nobody; }

  /// Enters the client of that place, if it is not there yet.
  void enter(std::uint8_t index) noexcept;
  void remove(std::uint8_t index) noexcept;
  void clear() noexcept;
  /// Another takes its place: it is told once to use the active port, where nobody needs to look after it.
  void dismiss(Client& client, std::optional<PortId> active);

  std::optional<PortId> next_port(const BondFacts& facts) { return turn_.next(facts); }
  /// With the next round it is told.
  void mark_outdated(Client& client) noexcept;
  /// A port went down or left: its clients go to the others.
  void port_lost(PortId port, const BondFacts& facts);
  /// The port's address is another now: its clients must hear of it.
  void address_moved(PortId port) noexcept;
  /// A port can send now: with the next tick clients are spread anew.
  void order_spread() noexcept { spread_ordered_ = true; }

  /// A tenth of a second has passed. Whether a round is due.
  bool tick(const BondFacts& facts);
  void begin_round() noexcept;
  /// No round for two seconds.
  void put_off() noexcept {
    delay_left_ = update_delay;
    quiet_ = 0;
  }
  /// Who waits to be told is told with the next tick, if there has been no round for half a second, and the further
  /// rounds are half a second apart: nobody hears what is sent in the meantime.
  void hurry() noexcept;
  /// All who believe something else are told of the active port, at once. False: there is nobody.
  bool begin_last_round(std::optional<PortId> active) noexcept;

  /// Calls `say(client)` for each notice that is due, until it says false: no room. True: a round has ended with it.
  template <class Say>
  bool speak(Say say);
  bool waiting() const noexcept { return in_round_ || !farewells_.empty(); }
  /// Adds the clients that could be told, by port.
  void add_clients(std::array<std::uint32_t, max_ports>& counts) const noexcept;

  template <class A>
  void archive(A& a) {
    // Those that there are, from the one that was entered last.
    std::uint16_t count = 0;
    for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) ++count;
    a(count, turn_, outdated_, spread_ordered_, in_round_, farewells_, delay_left_, retries_left_, quiet_, hurries_);
    if (a.reads()) return read_clients(a, count);
    for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) a(index, table_[index]);
    if (a.describes()) a(table_[0]);
  }

 private:
  template <class A>
  void read_clients(A& a, std::uint16_t count) {
    clear();
    std::uint16_t* place = &newest_;
    for (; count > 0 && a.ok(); --count) {
      std::uint16_t index = 0;
      Client client;
      a(index, client);
      if (index >= table_size || table_[index].assigned || !client.assigned) return a.refuse();
      *place = index;
      table_[index] = client;
      table_[index].next = nobody;
      place = &table_[index].next;
    }
  }

  static constexpr std::size_t table_size = 256;
  static constexpr std::uint16_t nobody = table_size;

  void spread(const BondFacts& facts);
  void tell_of_port(Client& client) noexcept;

  Pause pause_;
  std::array<Client, table_size> table_;
  std::uint16_t newest_ = nobody;
  PortTurn turn_;
  bool outdated_ = false;  ///< somebody must be told
  bool spread_ordered_ = false;
  bool in_round_ = false;
  FixedVector<Client, 8> farewells_;  ///< of dismissed clients
  std::uint32_t delay_left_ = 0;
  std::uint32_t retries_left_ = 0;
  std::uint32_t quiet_ = 0;  ///< ticks since it was put off or there was a round, up to hurry_delay
  bool hurries_ = false;     ///< until the rounds for a lost port are over
};

template <class Visit>
void ClientRounds::for_each(Visit visit) {
  for (std::uint16_t index = newest_; index != nobody;) {
    const std::uint16_t next = table_[index].next;
    visit(table_[index], static_cast<std::uint8_t>(index));
    index = next;
  }
}

template <class Say>
bool ClientRounds::speak(Say say) {
  for (; !farewells_.empty(); farewells_.erase_at(0)) {
    for (; farewells_[0].notices_left != 0; --farewells_[0].notices_left)
      if (!say(farewells_[0])) return false;
  }
  if (!in_round_) return false;
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    for (Client& client = table_[index]; client.notices_left != 0; --client.notices_left)
      if (!say(client)) return false;
  }
  in_round_ = false;
  return true;
}

}  // namespace bondbox

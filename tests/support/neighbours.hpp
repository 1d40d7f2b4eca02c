// Stations behind a switch that answer ARP and neighbour solicitations, for bonds that ask targets whether they are
// alive; and what such a bond asks.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/sim_bench.hpp"

namespace bondbox::test {

IpAddress address_of(std::string_view text);

/// An ARP request or reply, to everybody or, a reply, to `to`.
Frame arp_request(const MacAddress& from, std::string_view sender, std::string_view target, VlanId vlan = {});
Frame arp_reply(const MacAddress& from, std::string_view sender, const MacAddress& to, std::string_view target,
                VlanId vlan = {});
/// A solicited advertisement of `address`, sent from it to `to`; to all nodes when that is "::".
Frame neighbour_advertisement(const MacAddress& from, const IpAddress& address, const MacAddress& to_mac,
                              const IpAddress& to, VlanId vlan = {});

/// What a frame asks for: "10.0.0.1 for 10.0.0.254" with " vlan 5" behind it where it is tagged; empty: it asks
/// nothing.
std::string question_in(wire::Bytes frame);

/// A bench whose cards all hang on one learning switch "sw". The stations among them answer for their addresses, in
/// the tick in which they are asked.
class NeighbourBench : public SimBench {
 public:
  /// The ports of the bond to come, and the card of the station with its addresses.
  NeighbourBench(std::initializer_list<const char*> ports,
                 std::initializer_list<std::string_view> station_addresses = {"10.0.0.254", "fd10::254"});

  /// A bond with 10.0.0.1 and fd10::1, asking 10.0.0.254 every 100 ms unless `config` says otherwise.
  static BondConfig arp_config(std::initializer_list<const char*> ports);
  Bond& add(const BondConfig& config);

  /// Tick by tick, with the stations' answers.
  void run_to(std::int64_t tick_ms);
  void run_for(std::int64_t span_ms) { run_to(now() + span_ms); }
  /// Lets time pass until the port is in this state, at most so long; the tick, or -1.
  std::int64_t run_until(const char* port, LinkState state, std::int64_t span_ms = 5'000);
  std::int64_t run_until_active(const char* port, std::int64_t span_ms = 5'000);

  /// The port's cable keeps its light and carries nothing.
  void silence(const char* port, bool on = true);
  /// A frame of a stranger to everybody on the switch.
  void stranger_sends(const Frame& frame);
  /// The station answers for these addresses from now on.
  void answer_for(std::initializer_list<std::string_view> addresses);

  /// "120 e0: 10.0.0.1 for 10.0.0.254": every question that left on a port since the last call.
  std::vector<std::string> take_questions();

 private:
  void answer();
  void answer(const Frame& frame);

  std::vector<IpAddress> answered_;
  std::vector<std::string> questions_;
};

}  // namespace bondbox::test

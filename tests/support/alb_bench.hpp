// Mode 6 and its peers: stations that send to the address that they believe to be the host's.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "tests/support/sim_bench.hpp"

namespace bondbox::test {

/// A bond and four stations s0 to s3, card_mac(2) and on, at one learning switch. How they ask and what they believe
/// is their family's.
class AlbBench : public SimBench {
 public:
  static constexpr std::uint8_t client_count = 4;
  static std::string name_of(std::uint8_t client) { return "s" + std::to_string(client); }
  static MacAddress mac_of(std::uint8_t client) { return card_mac(static_cast<std::uint8_t>(2 + client)); }

  /// A client asks for the host's address and hears the answer.
  virtual void ask(std::uint8_t client) = 0;
  /// The host's stack answers who has asked, and counts data_frame()s for it in `reached`.
  virtual void answer() = 0;
  /// The clients believe what has come.
  virtual void listen() = 0;

  void ask_all();
  /// Each client sends one frame to the address that it believes in; how many the host got.
  std::uint64_t send_all();
  std::ptrdiff_t believers(const MacAddress& mac) const;
  void pass(std::int64_t span_ms);

  std::array<MacAddress, client_count> believed{};
  std::uint64_t reached = 0;

 protected:
  /// `cards` begin with the bond's; all are at the switch.
  AlbBench(std::initializer_list<const char*> cards, BondConfig config);
  ~AlbBench() = default;
};

/// Clients are told of both ports in turn, and both receive.
void check_both_ports_receive(AlbBench& bench);
/// No client loses the host when the cable of e0 or e1 is pulled, and both ports are used again after it.
void check_a_pulled_cable(AlbBench& bench, const std::string& pulled);

}  // namespace bondbox::test

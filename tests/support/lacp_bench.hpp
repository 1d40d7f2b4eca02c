// Two bonds in mode 4 that face each other, cable by cable: e0 - p0, e1 - p1, ...
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hal/wire/slow_protocols.hpp"
#include "policies/lacp/status.hpp"
#include "tests/support/sim_bench.hpp"

namespace bondbox::test {

/// A frame of a slow protocol that left a card.
struct SpokenPdu {
  std::int64_t at_ms = 0;
  std::string card;
  Frame frame;

  wire::LacpduView lacpdu() const;
};

class LacpBench : public SimBench {
 public:
  /// The cables only; bonds are made by start(). Cards e0.. have the addresses 02:00:00:00:0a:0N, p0.. those with 0b.
  explicit LacpBench(std::size_t cables = 2, std::uint32_t speed_mbps = 10'000);

  /// Bonds that end say farewell, which nobody is to note any more.
  ~LacpBench() { world.set_tap({}); }
  LacpBench(const LacpBench&) = delete;
  LacpBench& operator=(const LacpBench&) = delete;

  /// bond0 over all cards of this side, at fast rate; "near": e0.., "far": bondB over p0...
  BondConfig near;
  BondConfig far;
  /// Makes both and takes the first steps.
  void start();
  void start_near() { add(near); }
  void start_far() { add(far); }

  LacpStatus lacp(const char* bond = "bond0") { return status(bond).lacp.value(); }
  LacpPortStatus lacp_port(const char* port, const char* bond = "bond0");
  std::uint8_t actor_state(const char* port, const char* bond = "bond0") { return lacp_port(port, bond).actor.state; }
  /// How many ports the plan sends on.
  std::size_t carrying(const char* bond = "bond0") { return status(bond).plan.transmit.usable.size(); }
  bool delivers(const char* port, const char* bond = "bond0");
  /// Runs until it is so, at most so long; the time it took, or -1.
  std::int64_t run_until(const std::function<bool()>& reached, std::int64_t at_most_ms);
  /// Until both bonds send on all cables.
  std::int64_t run_until_all_carry(std::int64_t at_most_ms = 20'000);

  /// What the cards of bonds have sent since the last call, slow protocols only.
  std::vector<SpokenPdu> take_spoken();

 private:
  std::size_t cables_;
  std::vector<SpokenPdu> spoken_;
};

}  // namespace bondbox::test

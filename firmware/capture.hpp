// What a bond makes of each frame that crosses its ports, said beside the frame. Whoever captures reads the ports by
// himself, and the bond's plan from it; the bond does nothing for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/bond_status.hpp"
#include "firmware/which.hpp"
#include "hal/wire/bytes.hpp"

namespace bondbox {

struct CapturePlan {
  std::string interface;  ///< the bond's, on the host
  MacAddress mac;         ///< the bond's
  WhichPlan at;

  static CapturePlan of(const BondStatus& bond);
  std::uint64_t generation() const noexcept { return at.plan.generation; }
  /// no_port: the plan has no port of that name.
  PortId find(std::string_view port) const;

  template <class A>
  void archive(A& a) {
    a(interface, mac, at);
  }
};

/// The answer to "plan BOND": one line of hex digits, for another process of the same version of bondbox.
std::string answer_plan(const CapturePlan& plan);
/// nullopt: not of this version, or cut off.
std::optional<CapturePlan> parse_plan(std::string_view answer);

/// Of a frame that came in by the port. `to_others`: its destination is another station's address.
std::string received_verdict(const CapturePlan& plan, PortId port, wire::Bytes frame, bool to_others);
/// Of a frame that left on the port.
std::string sent_verdict(const CapturePlan& plan, PortId port, wire::Bytes frame);
/// Of a frame that the host gave the bond: why it leaves on no port; nullopt when it does leave.
std::optional<std::string> kept_verdict(const CapturePlan& plan, wire::Bytes frame);

}  // namespace bondbox

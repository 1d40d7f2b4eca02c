// One port's LACP state on paper, and the LACPDUs that a partner would send it.
#pragma once

#include "hal/wire/slow_protocols.hpp"
#include "policies/lacp/port.hpp"

namespace bondbox::test {

inline constexpr MacAddress near_system{{0x02, 0, 0, 0, 0x0a, 0}};
inline constexpr MacAddress far_system{{0x02, 0, 0, 0, 0x0b, 0}};

/// With link, 10 Gbit/s full duplex, active at fast rate, its first tick behind it.
inline lacp::Port paper_port() {
  lacp::Port port;
  port.enabled = true;
  port.begin = false;
  port.actor = {0xffff, near_system, 15, 255, 1, 0};
  port.set(lacp_state::activity | lacp_state::timeout | lacp_state::aggregation);
  return port;
}

inline LacpEnd partner_end(std::uint8_t state = 0x07) {
  return {0xffff, far_system, 15, 255, 1, state};
}

/// An LACPDU of the partner; it must outlive the view.
class PaperPdu {
 public:
  PaperPdu(const LacpEnd& from, const LacpEnd& heard_of_us)
      : frame_(wire::build_lacpdu(far_system, from, heard_of_us)) {}
  wire::LacpduView view() const { return *wire::LacpduView::parse(wire::Bytes(frame_).subspan(14)); }

 private:
  wire::SmallFrame frame_;
};

}  // namespace bondbox::test

// What a bond's forwarder does with each frame, held against what the programs in the kernel would do with it by the
// same plan: the same port and source address on its way out, the same word on its way in. The short cut is evaluated
// here, from the plan as it is laid out for it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "firmware/bond.hpp"
#include "hal/wire/bytes.hpp"
#include "hal/wire/fast_plan.hpp"

namespace bondbox::swarm {

class TwoPaths {
 public:
  std::function<void(std::string text)> differ;
  std::function<bool(const std::string& card)> has_carrier;
  bool distort = false;  ///< on purpose

  /// Numbered frames, as they pass the bond's interface and its ports in one step.
  void from_host(const Bond& bond, std::uint32_t number, wire::Bytes frame);
  void to_port(const Bond& bond, const std::string& card, std::uint32_t number, wire::Bytes frame);
  /// For want of a link, a frame of any kind: what stood behind it goes the same way.
  void port_refused(const Bond& bond, const std::string& card, int error);
  void from_port(const Bond& bond, const std::string& card, std::uint32_t number, wire::Bytes frame);
  void to_host(const Bond& bond, std::uint32_t number, wire::Bytes frame);
  /// A frame of any kind; what stood behind it may not have been offered.
  void host_refused(const std::string& bond) { sides_[bond].host_refused = true; }
  void end_step(const Bond& bond, Tick now);

 private:
  using Frame = std::vector<std::uint8_t>;
  struct Received {
    std::uint32_t number = 0;
    PortId port;
    std::uint64_t generation = 0;
    bool reached_host = false;
    Frame frame;
  };
  struct Side {
    wire::FastPlan fast;
    MacAddress mac;
    bool is_laid_out = false;
    std::map<std::uint32_t, Frame> sent;  ///< by the host, as it gave them
    std::vector<Received> received;
    std::uint32_t refused_by = 0;  ///< ports, as bits
    bool host_refused = false;
    std::uint64_t generation = 0;  ///< of the plan, and since when
    Tick since{};
    bool is_settled = false;
  };

  /// The bond's plan as it is now.
  const wire::FastPlan& plan_of(const Bond& bond, Side& side);
  PortId stand_in(const Bond& bond, const Side& side) const;
  void check_source(const Bond& bond, const wire::FastPort& port, const Frame& given, wire::Bytes sent);

  std::map<std::string, Side> sides_;
};

}  // namespace bondbox::swarm

// A bond that exists on paper only: the plan that the policy of a mode makes when all of its ports are up, for telling
// where frames would leave without any bond running.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "firmware/config/bond_config.hpp"
#include "firmware/which.hpp"
#include "hal/wire/bytes.hpp"
#include "policies/modes.hpp"

namespace bondbox {

class OfflineBond {
 public:
  /// `ports` of one speed, all up; 1 to max_ports. The mode is available. With 802.3ad every port faces a partner of
  /// its own kind. In modes 5 and 6 no load is known yet.
  OfflineBond(const BondOptions& options, std::size_t ports);
  /// The ports and options of a configuration, as they are written there.
  explicit OfflineBond(const BondConfig& config);
  OfflineBond(const OfflineBond&) = delete;
  OfflineBond& operator=(const OfflineBond&) = delete;

  /// As which_line(); a bucket that nobody has been given yet is given to a port first, as before sending.
  std::string line(std::uint64_t number, wire::Bytes frame);
  /// As which_flow_line(); the bond's address is known where it is configured.
  std::string line(std::uint64_t number, const Flow& flow);

 private:
  /// One policy with the facts that it is told.
  struct Side {
    BondOptions options;
    AnyPolicy policy;
    BondFacts facts;
    ActionList actions;
    Tick now{};  ///< of what it was told last

    Side(const BondConfig& config, std::uint8_t number);
    PortId add(const std::string& name, std::uint8_t number, const PortOptions& own);
    void tell(const PolicyEvent& event, Tick now);
    ForwardingPlan plan() const;
    std::optional<Tick> next_deadline() const;
  };

  void begin();
  void agree(Side& partner);

  BondConfig config_;  ///< whose names the facts refer to
  Side side_;
  WhichPlan at_;
};

}  // namespace bondbox

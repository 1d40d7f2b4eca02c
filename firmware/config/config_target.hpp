// A bond's configuration as the rules of the options see a bond: down, with every interface in reach.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firmware/config/bond_config.hpp"
#include "firmware/option_table.hpp"

namespace bondbox {

/// Writing an option through it changes `bond`, which must outlive it.
class ConfigTarget final : public OptionTarget {
 public:
  explicit ConfigTarget(BondConfig& bond) : bond_(bond) {}

  BondOptions& options() override { return bond_.options; }
  const BondOptions& options() const override { return bond_.options; }
  bool is_up() const override { return false; }
  bool interface_exists(std::string_view) const override { return true; }
  std::size_t port_count() const override { return bond_.ports.size(); }
  std::string_view port_name(std::size_t index) const override { return bond_.ports[index]; }
  PortOptions* port_options(std::string_view name) override;
  const PortOptions* port_options(std::string_view name) const override;
  bool port_has_link(std::string_view) const override { return true; }
  std::string active_port_name() const override { return bond_.active_slave; }
  Outcome enslave(std::string_view name) override;
  Outcome release(std::string_view name) override;
  Outcome activate(std::optional<std::string_view> name) override;
  Outcome change_mode(Mode) override { return Outcome::done(); }
  void note(std::string text) override { notes_.push_back(std::move(text)); }
  std::string attribute(std::string_view) const override { return {}; }

  const std::string& bond_name() const { return bond_.name; }
  /// What was noted since the last call.
  std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }

 private:
  bool is_port(std::string_view name) const;

  BondConfig& bond_;
  std::vector<std::string> notes_;
};

}  // namespace bondbox

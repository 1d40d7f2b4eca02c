// A bond on paper, for tests of the option rules.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firmware/option_table.hpp"

namespace bondbox {

/// e0, e1 and e2 exist; `without_link` has no link.
class PaperBond final : public OptionTarget {
 public:
  explicit PaperBond(Mode mode) { options_.mode = mode; }

  void set_up() { up_ = true; }

  BondOptions& options() override { return options_; }
  const BondOptions& options() const override { return options_; }
  bool is_up() const override { return up_; }
  bool interface_exists(std::string_view name) const override { return name == "e0" || name == "e1" || name == "e2"; }
  std::size_t port_count() const override { return ports_.size(); }
  std::string_view port_name(std::size_t index) const override { return ports_[index].first; }
  PortOptions* port_options(std::string_view name) override {
    for (auto& port : ports_)
      if (port.first == name) return &port.second;
    return nullptr;
  }
  const PortOptions* port_options(std::string_view name) const override {
    return const_cast<PaperBond*>(this)->port_options(name);
  }
  bool port_has_link(std::string_view name) const override { return name != without_link; }
  std::string active_port_name() const override { return active_; }
  Outcome enslave(std::string_view name) override {
    ports_.emplace_back(std::string(name), PortOptions{});
    if (active_.empty()) active_ = name;
    return Outcome::done();
  }
  Outcome release(std::string_view name) override {
    std::erase_if(ports_, [name](const auto& port) { return port.first == name; });
    return Outcome::done();
  }
  Outcome activate(std::optional<std::string_view> name) override {
    ++activations;
    active_ = name ? std::string(*name) : ports_.empty() ? std::string() : ports_.front().first;
    return Outcome::done();
  }
  Outcome change_mode(Mode) override { return mode_answer; }
  void note(std::string text) override { notes.push_back(std::move(text)); }
  std::string attribute(std::string_view) const override { return "up"; }

  std::vector<std::string> notes;
  std::string without_link;
  int activations = 0;
  Outcome mode_answer;  ///< what change_mode says

 private:
  BondOptions options_;
  std::vector<std::pair<std::string, PortOptions>> ports_;
  std::string active_;
  bool up_ = false;
};

}  // namespace bondbox

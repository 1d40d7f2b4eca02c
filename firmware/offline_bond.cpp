#include "firmware/offline_bond.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "hal/wire/ethernet.hpp"
#include "policies/choice.hpp"

namespace bondbox {
namespace {

constexpr std::uint32_t paper_speed_mbps = 1000;
/// LACP agrees within four seconds; what it has not agreed on by then it never will.
constexpr Tick agreed_by{10'000};
constexpr MacAddress paper_mac(std::uint8_t side, std::uint8_t port) {
  return {{0x02, 0, 0, 0, side, port}};
}

/// Ports without names of their own, spread over as the kernel driver does it.
BondConfig paper_config(BondOptions options, std::size_t ports) {
  BondConfig config;
  config.options = std::move(options);
  config.options.rebalance = Rebalance::kernel;
  config.options.nd_balance = false;
  for (std::size_t i = 0; i < ports; ++i) config.ports.push_back(std::to_string(i));
  return config;
}

}  // namespace

OfflineBond::Side::Side(const BondConfig& config, std::uint8_t number)
    : options(config.options),
      policy(make_policy(config.options.mode)),
      facts{.options = options, .bond_mac = paper_mac(number, 0), .bond_up = true, .ports = {}} {
  std::optional<PortId> first;
  for (const std::string& name : config.ports) {
    const auto own = config.port_options.find(name);
    const PortId id = add(name, number, own != config.port_options.end() ? own->second : PortOptions{});
    if (name == config.active_slave) first = id;
  }
  tell(MonitorPass{}, Tick{});
  if (first) tell(ActivateRequested{first}, Tick{});
}

PortId OfflineBond::Side::add(const std::string& name, std::uint8_t number, const PortOptions& own) {
  const auto place = static_cast<std::uint8_t>(facts.ports.size());
  PortFacts port;
  port.id = PortId{place};
  port.name = name;
  port.link = LinkState::up;
  port.speed_mbps = paper_speed_mbps;
  port.duplex = Duplex::full;
  port.permanent_mac = paper_mac(number, place);
  port.mac = has_distinct_port_macs(options.mode) ? port.permanent_mac : facts.bond_mac;
  port.options = own;
  facts.ports.push_back(port);
  tell(PortAdded{port.id}, Tick{});
  return port.id;
}

void OfflineBond::Side::tell(const PolicyEvent& event, Tick at) {
  now = at;
  std::visit([&](auto& mode) { mode.handle(event, facts, at, actions); }, policy);
}

ForwardingPlan OfflineBond::Side::plan() const {
  return std::visit([this](const auto& mode) { return mode.plan(facts); }, policy);
}

std::optional<Tick> OfflineBond::Side::next_deadline() const {
  return std::visit([](const auto& mode) { return mode.next_deadline(); }, policy);
}

OfflineBond::OfflineBond(const BondOptions& options, std::size_t ports)
    : config_(paper_config(options, ports)), side_(config_, 1) {
  begin();
  for (WhichPlan::Port& port : at_.ports) port.name.clear();
}

OfflineBond::OfflineBond(const BondConfig& config) : config_(config), side_(config_, 1) {
  begin();
}

void OfflineBond::begin() {
  if (side_.options.mode == Mode::lacp_8023ad) {
    Side partner(config_, 2);
    agree(partner);
  }
  at_.plan = side_.plan();
  for (const PortFacts& port : side_.facts.ports) at_.ports.push_back({port.id, std::string(port.name)});
  at_.foresee = [this](PortId port) { return std::make_unique<Foresight>(side_.policy, side_.facts, side_.now, port); };
}

/// Lets the two talk over cables from each port to the other's of the same number.
void OfflineBond::agree(Side& partner) {
  const std::size_t ports = side_.facts.ports.size();
  const auto carry = [](Side& from, Side& to, Tick now) {
    const ActionList sent = std::exchange(from.actions, {});
    for (const Action& action : sent) {
      const auto* const frame = std::get_if<SendFrame>(&action);
      if (frame != nullptr) to.tell(FramePunted{frame->port, {frame->bytes.data(), frame->bytes.size()}}, now);
    }
  };
  Tick now{};
  while (now < agreed_by && side_.plan().transmit.usable.size() < ports) {
    for (Side* const side : {&side_, &partner}) {
      if (const auto due = side->next_deadline(); due && *due <= now) side->tell(TimerDue{}, now);
    }
    carry(side_, partner, now);
    carry(partner, side_, now);
    now = now + Ticks{1};
  }
}

std::string OfflineBond::line(std::uint64_t number, wire::Bytes frame) {
  if (frame.size() >= wire::ethernet_header_size) {
    const Choice choice = choose_port(at_.plan, frame, at_.turns + 1, 0);
    if (choice.reason == ChoiceReason::unassigned) {
      const std::array<std::uint8_t, 1> wanted{*choice.bucket};
      side_.tell(BucketsWanted{wanted}, side_.now);
      at_.plan = side_.plan();
      at_.without.clear();
    }
  }
  side_.actions.clear();
  return which_line(number, frame, at_);
}

std::string OfflineBond::line(std::uint64_t number, const Flow& flow) {
  if (at_.plan.transmit.spread == Spread::buckets) {
    // Nobody has been given its bucket yet; which one that is does not depend on the addresses of stations.
    (void)line(number, flow_frame(flow, {}, 0));
  }
  return which_flow_line(number, flow, config_.mac, at_);
}

}  // namespace bondbox

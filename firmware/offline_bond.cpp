#include "firmware/offline_bond.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "hal/wire/ethernet.hpp"
#include "policies/choice.hpp"

namespace bondbox {
namespace {

constexpr std::uint32_t paper_speed_mbps = 1000;
/// LACP agrees within four seconds; what it has not agreed on by then it never will.
constexpr Tick agreed_by{10'000};
constexpr std::array<std::string_view, max_ports> paper_names{"0", "1", "2",  "3",  "4",  "5",  "6",  "7",
                                                              "8", "9", "10", "11", "12", "13", "14", "15"};

constexpr MacAddress paper_mac(std::uint8_t side, std::uint8_t port) {
  return {{0x02, 0, 0, 0, side, port}};
}

BondOptions as_the_kernel_spreads(BondOptions options) {
  options.rebalance = Rebalance::kernel;
  options.nd_balance = false;
  return options;
}

}  // namespace

OfflineBond::Side::Side(const BondOptions& wanted, std::size_t ports, std::uint8_t number)
    : options(as_the_kernel_spreads(wanted)),
      policy(make_policy(wanted.mode)),
      facts{.options = options, .bond_mac = paper_mac(number, 0), .bond_up = true, .ports = {}} {
  for (std::uint8_t i = 0; i < ports; ++i) {
    PortFacts port;
    port.id = PortId{i};
    port.name = paper_names[i];
    port.link = LinkState::up;
    port.speed_mbps = paper_speed_mbps;
    port.duplex = Duplex::full;
    port.permanent_mac = paper_mac(number, i);
    port.mac = has_distinct_port_macs(wanted.mode) ? port.permanent_mac : facts.bond_mac;
    facts.ports.push_back(port);
    tell(PortAdded{port.id}, Tick{});
  }
  tell(MonitorPass{}, Tick{});
}

void OfflineBond::Side::tell(const PolicyEvent& event, Tick now) {
  std::visit([&](auto& mode) { mode.handle(event, facts, now, actions); }, policy);
}

ForwardingPlan OfflineBond::Side::plan() const {
  return std::visit([this](const auto& mode) { return mode.plan(facts); }, policy);
}

std::optional<Tick> OfflineBond::Side::next_deadline() const {
  return std::visit([](const auto& mode) { return mode.next_deadline(); }, policy);
}

OfflineBond::OfflineBond(const BondOptions& options, std::size_t ports) : side_(options, ports, 1) {
  if (options.mode == Mode::lacp_8023ad) {
    Side partner(options, ports, 2);
    agree(partner);
  }
  at_.plan = side_.plan();
  for (std::uint8_t i = 0; i < ports; ++i) at_.ports.push_back({PortId{i}, {}});
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
      side_.tell(BucketsWanted{wanted}, Tick{});
      at_.plan = side_.plan();
    }
  }
  side_.actions.clear();
  return which_line(number, frame, at_);
}

}  // namespace bondbox

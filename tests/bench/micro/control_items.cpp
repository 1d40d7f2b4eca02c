#include <memory>

#include "firmware/scheduler.hpp"
#include "firmware/trace/taped_hardware.hpp"
#include "hal/sim/sim_clock.hpp"
#include "hal/sim/sim_hardware.hpp"
#include "hal/sim/sim_host_port.hpp"
#include "hal/wire/slow_protocols.hpp"
#include "policies/modes.hpp"
#include "tests/bench/micro/frames.hpp"
#include "tests/bench/micro/items.hpp"
#include "tests/unit/policies/paper_facts.hpp"

namespace bondbox::bench {
namespace {

/// A policy with ports that are up, and a plan that it has drawn up; asked for a new one again and again.
struct PlanScene {
  PlanScene(Mode mode, std::size_t ports) : facts(ports), policy(make_policy(mode)) {
    facts.options.mode = mode;
    for (std::uint8_t i = 0; i < ports; ++i) tell(PortAdded{{i}});
    tell(MonitorPass{});
  }
  void tell(const PolicyEvent& event) {
    actions.clear();
    std::visit([&](auto& one) { one.handle(event, facts.facts, now, actions); }, policy);
  }
  /// As a bond does after every change: a new plan, compared, and swapped in.
  void swap() {
    ForwardingPlan next = std::visit([&](const auto& one) { return one.plan(facts.facts); }, policy);
    same = plan.same_effect(next);
    next.generation = plan.generation + 1;
    plan = next;
  }
  test::PaperFacts facts;
  AnyPolicy policy;
  ForwardingPlan plan;
  Tick now{};
  ActionList actions;
  bool same = false;
};

Item plan_swap(Mode mode, std::size_t ports) {
  const auto scene = std::make_shared<PlanScene>(mode, ports);
  return {std::string("plan_swap_") + mode_name(mode) + "_" + std::to_string(ports),
          std::string("plan swap, ") + mode_name(mode) + ", " + std::to_string(ports) + " ports", 1,
          [scene] { scene->swap(); }};
}

/// One tick of all machines, with partners on eight ports that speak once a second as at fast rate.
Item lacp_step(std::size_t ports) {
  const auto scene = std::make_shared<PlanScene>(Mode::lacp_8023ad, ports);
  const auto ticks = std::make_shared<std::uint32_t>(0);
  scene->facts.options.lacp_rate = LacpRate::fast;
  constexpr MacAddress partner{{0x02, 0, 0, 0, 0x0b, 0}};
  constexpr std::uint8_t in_sync = 0x3f;
  const auto step = [scene, ticks, ports, partner] {
    const bool speaks = (*ticks)++ % 10 == 0;
    for (std::uint8_t i = 0; speaks && i < ports; ++i) {
      const auto number = static_cast<std::uint16_t>(i + 1);
      const LacpEnd far{0xffff, partner, 9, 255, number, in_sync};
      const LacpEnd near{0xffff, scene->facts.facts.bond_mac, 9, 255, number, in_sync};
      const wire::SmallFrame frame = wire::build_lacpdu(partner, far, near);
      scene->tell(FramePunted{PortId{i}, frame});
    }
    scene->now = scene->now + ticks_from_ms(100);
    scene->tell(TimerDue{});
  };
  for (int i = 0; i < 200; ++i) step();
  return {"lacp_step_" + std::to_string(ports),
          "LACP step, " + std::to_string(ports) + (ports == 1 ? " port" : " ports"), 1, step};
}

/// Bonds of two simulated ports each, idle: a step in which every link is looked at.
struct Bonds {
  explicit Bonds(int count) {
    for (int i = 0; i < count; ++i) {
      BondConfig config;
      config.name = "bond" + std::to_string(i);
      for (int port = 0; port < 2; ++port) {
        const std::string name = "e" + std::to_string(2 * i + port);
        const MacAddress mac{{0x02, 0, 0, 1, static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(port)}};
        (void)world.add_nic({.name = name, .mac = mac, .speed_mbps = 10'000});
        config.ports.push_back(name);
      }
      (void)scheduler.add_bond(config);
    }
    for (int i = 0; i < 100; ++i) step();
  }
  void step() {
    clock.advance(ticks_from_ms(100));
    while (scheduler.step()) {
    }
  }
  sim::SimClock clock;
  sim::SimWorld world{clock};
  sim::SimHardware hardware{world};
  EventLog events;
  Scheduler scheduler{hardware, clock, events};
};

Item idle_step(int bonds) {
  const auto scene = std::make_shared<Bonds>(bonds);
  return {"idle_step_bonds_" + std::to_string(bonds),
          "polling step, " + std::to_string(bonds) + (bonds == 1 ? " bond of 2" : " bonds of 2"), 1,
          [scene] { scene->step(); }};
}

/// A bond of two ports in the midst of traffic: 16 frames a tick each way, as the daemon steps, with and without the
/// recorder.
struct Traffic {
  explicit Traffic(bool records) : hardware(tape, &machine), scheduler(hardware, clock, events) {
    BondConfig config;
    config.name = "bond0";
    for (std::uint8_t port = 0; port < 2; ++port) {
      const std::string name = "e" + std::to_string(port);
      (void)world.add_nic({.name = name, .mac = {{0x02, 0, 0, 1, 0, port}}, .speed_mbps = 10'000});
      config.ports.push_back(name);
    }
    scheduler.set_tape(tape);
    if (records) tape.record(store, clock.now());
    (void)scheduler.add_bond(config);
    (void)world.host_port("bond0")->set_up(true);
    for (std::uint32_t i = 0; i < frames; ++i) frame[i] = tcp_frame(i, 0, 80);
    for (int i = 0; i < 100; ++i) step();
  }
  void step() {
    clock.advance(Ticks{1});
    for (const FrameBytes& one : frame) {
      (void)world.host_port("bond0")->inject(one);
      (void)world.deliver("e0", one);
    }
    while (scheduler.step()) {
    }
    (void)world.host_port("bond0")->take_delivered();
    for (const char* card : {"e0", "e1"}) world.clear_sent(card);
    if (tape.needs_room()) tape.begin_segment(clock.now(), {});
  }
  static constexpr std::uint32_t frames = 16;
  std::array<FrameBytes, frames> frame;
  sim::SimClock clock;
  sim::SimWorld world{clock};
  sim::SimHardware machine{world};
  trace::Store store = trace::Store::ring(4, 96 * 1024);
  trace::Tape tape;
  trace::TapedHardware hardware;
  EventLog events;
  Scheduler scheduler;
};

Item traffic_step(bool records) {
  const auto scene = std::make_shared<Traffic>(records);
  return {records ? "traffic_recorded" : "traffic_unrecorded",
          std::string("simulated traffic, ") + (records ? "recorded" : "not recorded"), 2 * Traffic::frames,
          [scene] { scene->step(); }};
}

/// One bond, and the host has an address on each VLAN: a failover that the link monitor finds, announcements included.
Item failover(int vlans) {
  const auto scene = std::make_shared<Bonds>(1);
  std::vector<HostAddress> addresses;
  std::vector<VlanId> tags;
  for (int i = 1; i <= vlans; ++i) {
    const auto tag = static_cast<std::uint16_t>(i);
    const std::string text = "10." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".1";
    tags.push_back({tag});
    addresses.push_back({*IpAddress::parse(text), {tag}, {{0x02, 0, 0, 1, 0, 0}}});
  }
  sim::SimHostPort& host = *scene->world.host_port("bond0");
  (void)host.set_up(true);
  host.set_addresses(std::move(addresses));
  host.set_vlans(std::move(tags));
  scene->step();
  return {"failover_vlans_" + std::to_string(vlans),
          "failover, " + std::to_string(vlans) + (vlans == 1 ? " VLAN address" : " VLAN addresses"), 1,
          [scene, up = true]() mutable {
            up = !up;
            (void)scene->world.set_link("e0", up);
            (void)scene->world.set_link("e1", !up);
            scene->step();
          }};
}

}  // namespace

std::vector<Item> control_items() {
  std::vector<Item> items;
  for (const Mode mode : {Mode::active_backup, Mode::balance_xor, Mode::lacp_8023ad, Mode::balance_tlb})
    items.push_back(plan_swap(mode, 2));
  items.push_back(plan_swap(Mode::active_backup, 8));
  for (const std::size_t ports : {1U, 2U, 4U, 8U}) items.push_back(lacp_step(ports));
  for (const int bonds : {1, 16, 64}) items.push_back(idle_step(bonds));
  for (const bool records : {false, true}) items.push_back(traffic_step(records));
  for (const int vlans : {1, 64, 1024, 4094}) items.push_back(failover(vlans));
  return items;
}

}  // namespace bondbox::bench

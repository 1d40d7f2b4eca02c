#include "tests/fuzz/support/world.hpp"

#include <algorithm>
#include <cerrno>

#include "hal/wire/arp.hpp"
#include "hal/wire/nd.hpp"
#include "hal/wire/slow_protocols.hpp"
#include "tests/fuzz/support/target.hpp"
#include "tests/fuzz/support/texts.hpp"

namespace bondbox::fuzz {
namespace {

constexpr int turns_most = 200;
/// More steps than this at one tick is a storm, not work.
constexpr int steps_most = 200;
constexpr int deadlines_most = 20'000;
/// Of one input, so that none takes long. From then on a pass is a tick.
constexpr std::int64_t passed_most_ms = 100'000;
constexpr std::size_t frame_most = 200;

const std::string names[World::cards] = {"e0", "e1", "e2"};

MacAddress card_mac(std::uint8_t card) {
  return {{0x02, 0, 0, 0, 0x0a, card}};
}

BondConfig config_of(Mode mode, Input& input) {
  BondConfig config;
  config.name = "bond0";
  config.ports.assign(std::begin(names), std::end(names));
  BondOptions& options = config.options;
  options.mode = mode;
  const std::uint8_t more = input.byte();
  options.offload = OffloadUse::off;
  options.lacp_rate = (more & 1) != 0 ? LacpRate::fast : LacpRate::slow;
  options.lacp_active = (more & 2) == 0;
  options.updelay_ms = (more & 4) != 0 ? 200 : 0;
  options.downdelay_ms = (more & 8) != 0 ? 100 : 0;
  options.rebalance = (more & 16) != 0 ? Rebalance::kernel : Rebalance::bounded;
  if ((more & 32) != 0 && has_arp_monitor(mode)) {
    options.miimon_ms = 0;
    options.arp_interval_ms = 100;
    options.arp_validate = static_cast<ArpValidate>(more >> 6);
    options.arp_ip_targets.push_back(IpAddress{IpAddress::Family::v4, {10, 0, 0, 9}});
    options.ns_ip6_targets.push_back(
        IpAddress{IpAddress::Family::v6, {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}});
  }
  options.xmit_hash_resilient = (more & 64) != 0 && (mode == Mode::balance_xor || mode == Mode::lacp_8023ad);
  return config;
}

}  // namespace

World::World(Mode mode, Input& input) {
  for (std::uint8_t i = 0; i < cards; ++i)
    promise(world_.add_nic({.name = names[i], .mac = card_mac(i), .speed_mbps = 1000}).ok(), "a card is made");
  const Outcome made = scheduler_.add_bond(config_of(mode, input));
  promise(made.ok(), "the bond is made");
  (void)host()->set_up(true);
  host()->set_addresses(
      {{IpAddress{IpAddress::Family::v4, {10, 0, 0, 1}}, VlanId{}, card_mac(0)},
       {IpAddress{IpAddress::Family::v6, {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, VlanId{}, card_mac(0)}});
  settle();
}

void World::settle() {
  for (int i = 0; i < steps_most; ++i) {
    const std::uint64_t arrived = world_.frames_arrived();
    if (!scheduler_.step() && world_.frames_arrived() == arrived) return;
  }
  broken("the bond comes to rest");
}

void World::go_on_from(wire::Bytes memory) {
  const Exact exact(memory);
  const BondConfig config = scheduler_.bonds()[0]->running_config();
  for (const std::string& card : names) promise(world_.abandon(card).ok(), "a card is left");
  promise(world_.abandon("bond0").ok(), "the interface is left");
  scheduler_.remove_bond("bond0");
  const BondMemory before{exact.bytes(), clock_.now(), {}};
  const Outcome outcome = scheduler_.add_bond(config, &before);
  if (!outcome.ok()) return promise(outcome.error == EBADMSG, "a memory is refused because it makes no sense");
  for (std::uint32_t i = 0; i < 20; ++i) {
    scheduler_.step();
    clock_.advance_to(clock_.now() + Ticks{100});
    const std::uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0x0b, 1, 0x88, 0xb5};
    (void)world_.deliver(names[i % cards], frame);
    if (host() != nullptr) (void)host()->inject(frame);
  }
  (void)scheduler_.bonds()[0]->status(clock_.now());
}

void World::pass(std::int64_t milliseconds) {
  const std::int64_t left = std::max<std::int64_t>(1, passed_most_ms - clock_.now().number);
  const Tick until = clock_.now() + Ticks{std::min(milliseconds, left)};
  for (int i = 0; i < deadlines_most; ++i) {
    const auto due = scheduler_.next_deadline();
    if (!due || *due > until) {
      clock_.advance_to(until);
      settle();
      return;
    }
    clock_.advance_to(std::max(*due, clock_.now()));
    settle();
    const auto next = scheduler_.next_deadline();
    promise(!next || *next > clock_.now(), "a deadline passes");
  }
  broken("deadlines lie apart");
}

/// Addresses that mean something here, or any.
MacAddress World::some_mac(Input& input) {
  const std::uint8_t which = input.byte();
  if (which < 3) return card_mac(which);
  if (which < 32) return {{0x02, 0, 0, 0, 0x0b, which}};
  if (which == 32) return broadcast_mac;
  if (which == 33) return wire::slow_protocols_mac;
  if (which == 34) return host() != nullptr ? host()->mac() : MacAddress{};
  return input.mac();
}

IpAddress World::some_ip(Input& input, IpAddress::Family family) {
  const std::uint8_t which = input.byte();
  if (which >= 64) return input.ip(family);
  if (family == IpAddress::Family::v4) return {family, {10, 0, 0, which}};
  return {family, {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, which}};
}

void World::turn_frames(std::uint8_t what, const std::string& card, Input& input) {
  using namespace wire;
  const bool inwards = (what & 8) == 0;
  const auto hand = [&](Bytes frame) {
    const Exact exact(frame);
    if (inwards) {
      (void)world_.deliver(card, exact.bytes());
    } else if (host() != nullptr) {
      (void)host()->inject(exact.bytes());
    }
  };
  const auto end = [&] {
    LacpEnd one{input.word(), some_mac(input), input.word(), input.word(), input.word(), input.byte()};
    return one;
  };
  switch (what & 7) {
    case 0: {
      const std::size_t size = input.byte();
      return hand(input.bytes(std::min(size, frame_most)));
    }
    case 1: {
      // Evaluation order of arguments is nobody's promise.
      const LacpEnd actor = end();
      const LacpEnd partner = end();
      return hand(build_lacpdu(some_mac(input), actor, partner));
    }
    case 2:
    case 3: {
      ArpFields fields;
      fields.operation = (what & 1) != 0 ? ArpOperation::reply : ArpOperation::request;
      fields.sender_mac = some_mac(input);
      fields.sender_ip = some_ip(input, IpAddress::Family::v4);
      fields.target_mac = some_mac(input);
      fields.target_ip = some_ip(input, IpAddress::Family::v4);
      const MacAddress to = some_mac(input);
      return hand(build_arp(fields, to, VlanId{static_cast<std::uint16_t>(input.byte() & 3)}));
    }
    case 4: {
      UnsolicitedNaFields fields;
      fields.sender = some_mac(input);
      fields.address = some_ip(input, IpAddress::Family::v6);
      fields.to_mac = some_mac(input);
      fields.to = some_ip(input, IpAddress::Family::v6);
      return hand(build_unsolicited_na(fields));
    }
    case 5: {
      const MacAddress sender = some_mac(input);
      const IpAddress source = some_ip(input, IpAddress::Family::v6);
      return hand(build_neighbour_solicitation(sender, source, some_ip(input, IpAddress::Family::v6), VlanId{}));
    }
    case 6: {
      FrameBuilder data;
      const MacAddress to = some_mac(input);
      data.put_header(to, some_mac(input), VlanId{}, 0x0800).put16(0x4500).put16(46).put32(0).put16(0x4011).put16(0);
      data.put(some_ip(input, IpAddress::Family::v4).bytes()).put(some_ip(input, IpAddress::Family::v4).bytes());
      data.put32(input.byte()).put32(0).put32(0);
      return hand(Bytes(data.frame()));
    }
    default: {
      // What the bond itself said last, sent back to it: a loop, or an attacker without ideas.
      const sim::Frames sent = world_.sent(card);
      return sent.empty() ? void() : hand(sent.back());
    }
  }
}

void World::turn_world(std::uint8_t what, const std::string& card, Input& input) {
  switch (what) {
    case 0:
      return (void)world_.set_link(card, input.flag());
    case 1:
      return pass(1 + input.below(200));
    case 2:
      return pass(1 + input.below(10'000));
    case 3:
      return (void)(input.flag() ? world_.restore_nic(card) : world_.remove_nic(card));
    case 4: {
      constexpr std::array<int, 4> errors{ENETDOWN, ENOBUFS, EAGAIN, EMSGSIZE};
      const std::uint32_t count = input.below(8);
      return (void)world_.refuse_transmits(card, count, errors[input.below(4)]);
    }
    case 5:
      if (host() != nullptr) (void)host()->set_up(input.flag());
      return;
    case 6:
      return (void)world_.set_speed(card, input.flag() ? 100 : 1000, input.flag() ? Duplex::half : Duplex::full);
    case 7: {
      const auto& option = all_options()[input.below(static_cast<std::uint32_t>(all_options().size()))];
      const std::string words[] = {"set", "bond0", std::string(option.name), input.text_until('\n')};
      return (void)command(words);
    }
    case 8:
      return (void)world_.set_mac(card, some_mac(input));
    case 9:
      if (host() != nullptr && input.byte() == 255) host()->vanish();
      return;
    case 10: {
      const std::string words[] = {input.flag() ? "release" : "enslave", "bond0", card};
      return (void)command(words);
    }
    case 11:
      return (void)world_.set_mute(card, input.flag());
    case 12:
      if (host() != nullptr) (void)host()->set_mac(some_mac(input));
      return;
    default:
      return pass(1);
  }
}

void World::turn(Input& input) {
  const std::uint8_t what = input.byte();
  const std::string& card = names[(what >> 5) % cards];
  if ((what & 16) == 0) {
    turn_frames(what & 15, card, input);
  } else {
    turn_world(what & 15, card, input);
  }
  settle();
  check();
}

void World::play(Input& input) {
  for (int i = 0; i < turns_most && !input.is_empty(); ++i) turn(input);
}

Reply World::command(std::span<const std::string> words) {
  const Reply reply = executor_.execute(words);
  promise(reply.exit_status >= 0 && reply.exit_status <= 2, "a command ends with 0, 1 or 2");
  promise(reply.exit_status == 0 || !reply.text.empty(), "a refusal says why");
  check_answer(reply.text);
  settle();
  return reply;
}

void World::check() {
  const Bond* const bond = scheduler_.find("bond0");
  if (bond == nullptr) return;
  const ForwardingPlan& plan = bond->plan();
  const auto is_port = [&](PortId id) { return id.index < max_ports; };
  for (const PortList* list : {&plan.transmit.usable, &plan.transmit.fallback})
    for (const PortId id : *list) {
      promise(is_port(id), "a plan names ports");
      // Round robin gives the place of a port without link to the next one.
      promise(plan.transmit.spread == Spread::round_robin || std::count(list->begin(), list->end(), id) == 1,
              "a plan names a port once");
    }
  promise(plan.transmit.usable.size() <= bond->port_count(), "a plan uses no more ports than there are");
  promise(plan.transmit.spread != Spread::nothing || plan.transmit.usable.empty() || !plan.carrier,
          "a bond that sends nothing uses no port");
  const std::string active = bond->active_port_name();
  bool found = active.empty();
  for (std::size_t i = 0; i < bond->port_count(); ++i) found = found || bond->port_name(i) == active;
  promise(found, "the active port is a port");
  for (const std::string& card : names)
    for (const auto& frame : world_.sent(card)) promise(frame.size() >= 14, "what leaves is a frame");
  for (const std::string& card : names) world_.clear_sent(card);
}

void World::check_texts() {
  const Bond* const bond = scheduler_.find("bond0");
  if (bond == nullptr) return;
  const BondStatus status = bond->status(clock_.now());
  for (const PortStatus& port : status.ports) {
    const PortCounters& counters = port.counters;
    promise(counters.rx_suppressed + counters.rx_runt + counters.rx_host_refused <= counters.rx_frames,
            "no more frames are lost than came");
  }
  promise(render_proc(status).starts_with("Ethernet Channel Bonding Driver"), "there is a text in the kernel's form");
  for (const char* format : {"text", "proc", "json"}) {
    const std::string words[] = {"status", "--format", format};
    promise(command(words).exit_status == 0, "status answers");
  }
  const std::string explain[] = {"explain", "bond0"};
  promise(command(explain).exit_status == 0, "explain answers");
  const std::string events[] = {"events"};
  promise(command(events).exit_status == 0, "events answers");
}

void play_mode(Mode mode, wire::Bytes bytes) {
  Input input(bytes);
  World world(mode, input);
  world.play(input);
  world.check_texts();
}

}  // namespace bondbox::fuzz

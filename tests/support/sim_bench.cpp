#include "tests/support/sim_bench.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "firmware/trace/checkpoint.hpp"
#include "hal/wire/arp.hpp"
#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"
#include "hal/wire/nd.hpp"
#include "tests/support/allocation_counter.hpp"
#include "tests/support/sim_recording.hpp"

namespace bondbox::test {
namespace {

constexpr std::uint16_t experiment = 0x88b5;  // IEEE 802 local experimental
constexpr std::size_t number_at = wire::ethernet_header_size;
constexpr std::size_t data_frame_size = 60;
/// More steps than this at one tick is a storm, not work.
constexpr int steps_max = 1'000;

}  // namespace

Frame data_frame(const MacAddress& to, const MacAddress& from, std::uint32_t number) {
  Frame frame(data_frame_size);
  to.store(frame.data());
  from.store(frame.data() + 6);
  wire::store_be16(frame.data() + 12, experiment);
  wire::store_be32(frame.data() + number_at, number);
  return frame;
}

std::int64_t data_number(wire::Bytes frame) {
  const auto view = wire::EthernetView::parse(frame);
  if (!view || view->ethertype() != experiment || view->payload().size() < 4) return -1;
  return wire::load_be32(view->payload().data());
}

std::vector<std::int64_t> data_numbers(const sim::Frames& frames) {
  std::vector<std::int64_t> numbers;
  for (const Frame& frame : frames)
    if (const std::int64_t number = data_number(frame); number >= 0) numbers.push_back(number);
  return numbers;
}

bool is_gratuitous_arp(wire::Bytes frame) {
  const auto view = wire::EthernetView::parse(frame);
  if (!view || view->ethertype() != wire::ethertype::arp) return false;
  const auto arp = wire::ArpView::parse(view->payload());
  return arp && arp->is_request() && arp->is_gratuitous();
}

bool is_unsolicited_na(wire::Bytes frame) {
  const auto view = wire::EthernetView::parse(frame);
  if (!view || view->ethertype() != wire::ethertype::ipv6) return false;
  const auto packet = wire::Ipv6View::parse(view->payload());
  return packet && wire::NeighbourAdvertisementView::parse(*packet).has_value();
}

SimBench::SimBench(std::initializer_list<const char*> cards)
    : recording(std::make_unique<Recording>(hardware)), scheduler(recording->hardware, clock, events) {
  recording->tape.record(recording->store, Tick{});
  scheduler.set_tape(recording->tape);
  std::uint8_t number = 0;
  for (const char* name : cards) {
    BOOST_REQUIRE(world.add_nic({.name = name, .mac = card_mac(number++), .speed_mbps = 10'000}).ok());
  }
}

SimBench::~SimBench() {
  const std::string difference = is_replayed ? replayed() : std::string();
  if (!difference.empty()) BOOST_ERROR("the replay " << difference);
}

namespace {

std::string replayed_from(wire::Bytes bytes, Tick from) {
  trace::Replay replay(trace::Records(bytes, from));
  replay.run();
  if (!replay.difference()) return {};
  const trace::Difference& found = *replay.difference();
  return "from tick " + std::to_string(from.number) + " differs at tick " + std::to_string(found.at.number) + ": " +
         found.what + "; recorded: " + found.recorded + "; replayed: " + found.replayed;
}

struct Beginning {
  std::size_t offset;
  Tick from;
};

std::vector<Beginning> checkpoints(wire::Bytes bytes, Tick from) {
  using Kind = trace::Records::Record::Kind;
  std::vector<Beginning> found;
  for (trace::Records records(bytes, from); records.next().kind != Kind::end; records.advance()) {
    const trace::Records::Record& next = records.next();
    if (next.kind == Kind::malformed) return {};
    if (next.kind == Kind::record && next.point == trace::Point::checkpoint) found.push_back({next.offset, next.tick});
  }
  return found;
}

}  // namespace

std::string SimBench::replayed() const {
  if (recording->tape.is_broken()) return "is not possible: the trace is too long";
  const trace::Segment& recorded = recording->store[0];
  const wire::Bytes bytes(recorded.bytes.get(), recorded.used);
  std::string difference = replayed_from(bytes, recorded.from);
  const std::vector<Beginning> all = checkpoints(bytes, recorded.from);
  const std::size_t step = is_replayed_from_all ? 1 : all.size() / 2 + 1;
  for (std::size_t i = 0; i < all.size() && difference.empty(); i += step)
    difference = replayed_from(bytes.subspan(all[i].offset), all[i].from);
  return difference;
}

/// Where it can be: not while something waits for the next step.
void SimBench::make_checkpoint() {
  std::vector<std::uint8_t> state;
  recording->tape.settle();
  if (!trace::write_checkpoint(scheduler, recording->hardware, state)) return;
  if (recording->tape.needs_room()) return recording->tape.begin_segment(clock.now(), state);
  recording->tape.checkpoint(state);
}

BondConfig SimBench::config(std::initializer_list<const char*> ports, const char* name) {
  BondConfig config;
  config.name = name;
  config.ports.assign(ports.begin(), ports.end());
  return config;
}

Bond& SimBench::add(const BondConfig& config) {
  const Outcome outcome = scheduler.add_bond(config);
  BOOST_REQUIRE_MESSAGE(outcome.ok(), outcome.reason);
  settle();
  return *scheduler.find(config.name);
}

void SimBench::settle() {
  for (int i = 0; i < steps_max; ++i) {
    const std::uint64_t arrived = world.frames_arrived();
    const bool more = scheduler.step();
    if (more || world.frames_arrived() != arrived) continue;
    ++rests_;
    if (checkpoint_each != 0 && !AllocationCounter::any() &&
        (rests_ % checkpoint_each == 0 || recording->tape.needs_room()))
      make_checkpoint();
    return;
  }
  BOOST_FAIL("the bonds do not come to rest at tick " << now());
}

void SimBench::run_to(std::int64_t tick_ms) {
  for (std::int64_t last = -1;;) {
    const auto due = scheduler.next_deadline();
    if (!due || due->number > tick_ms) break;
    if (due->number <= last) BOOST_FAIL("the deadline " << last << " does not pass");
    last = due->number;
    clock.advance_to(*due);
    settle();
  }
  clock.advance_to(Tick{tick_ms});
}

void SimBench::link(const char* card, bool up) {
  // Checks of Boost.Test allocate; the bench does not, so that it can be used to count allocations.
  if (!world.set_link(card, up).ok()) BOOST_FAIL("there is no card " << card);
  if (world.events_enabled) settle();
}

Outcome SimBench::command(const std::function<Outcome(Bond&)>& what, const char* bond) {
  Outcome outcome;
  scheduler.step([&](Tick) { outcome = what(*scheduler.find(bond)); });
  settle();
  return outcome;
}

Outcome SimBench::set(const char* option, const char* value, const char* bond) {
  return command([&](Bond& changed) { return changed.write(option, value); }, bond);
}

PortStatus SimBench::port(const char* port, const char* name) {
  const BondStatus all = status(name);
  const auto found =
      std::find_if(all.ports.begin(), all.ports.end(), [&](const auto& one) { return one.name == port; });
  BOOST_REQUIRE_MESSAGE(found != all.ports.end(), port << " is no port of " << name);
  return *found;
}

bool SimBench::host_sends(const Frame& frame, const char* name) {
  const bool taken = host(name).inject(frame);
  settle();
  return taken;
}

bool SimBench::card_receives(const char* card, const Frame& frame) {
  const bool taken = world.deliver(card, frame);
  settle();
  return taken;
}

std::vector<std::string> SimBench::take_events() {
  std::vector<std::string> lines;
  events.for_each_after(events_taken_, [&](const Event& event) {
    lines.push_back(std::to_string(event.at.number) + " " + event_line(event));
  });
  events_taken_ = events.last_sequence();
  return lines;
}

bool SimBench::told(std::string_view text) const {
  bool found = false;
  events.for_each_after(
      events_taken_, [&](const Event& event) { found = found || event_line(event).find(text) != std::string::npos; });
  return found;
}

}  // namespace bondbox::test

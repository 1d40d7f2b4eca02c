#include "tests/support/neighbours.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "hal/wire/arp.hpp"
#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"
#include "hal/wire/nd.hpp"

namespace bondbox::test {
namespace {

constexpr const char* station = "station";
constexpr MacAddress station_address = station_mac(1);

Frame bytes_of(const wire::SmallFrame& frame) {
  return Frame(frame.begin(), frame.end());
}

}  // namespace

IpAddress address_of(std::string_view text) {
  const auto address = IpAddress::parse(text);
  BOOST_REQUIRE_MESSAGE(address, text << " is no address");
  return *address;
}

Frame arp_request(const MacAddress& from, std::string_view sender, std::string_view target, VlanId vlan) {
  return bytes_of(wire::build_arp({wire::ArpOperation::request, from, address_of(sender), {}, address_of(target)},
                                  broadcast_mac, vlan));
}

Frame arp_reply(const MacAddress& from, std::string_view sender, const MacAddress& to, std::string_view target,
                VlanId vlan) {
  return bytes_of(
      wire::build_arp({wire::ArpOperation::reply, from, address_of(sender), to, address_of(target)}, to, vlan));
}

Frame neighbour_advertisement(const MacAddress& from, const IpAddress& address, const MacAddress& to_mac,
                              const IpAddress& to, VlanId vlan) {
  const bool to_nobody = to == IpAddress{IpAddress::Family::v6, {}};
  const IpAddress destination = to_nobody ? address_of("ff02::1") : to;
  wire::FrameBuilder builder;
  builder.put_header(to_nobody ? MacAddress{{0x33, 0x33, 0, 0, 0, 1}} : to_mac, from, vlan, wire::ethertype::ipv6);
  builder.put32(0x60000000).put16(32).put8(wire::ip_protocol::icmpv6).put8(255);
  builder.put(address.bytes()).put(destination.bytes());
  const std::size_t message = builder.size();
  builder.put8(wire::nd::advertisement).put8(0).put16(0).put32(to_nobody ? 0x20000000 : 0x60000000);
  builder.put(address.bytes()).put8(wire::nd::target_link_option).put8(1).put(from);
  wire::InternetChecksum sum;
  sum.add_pseudo_header(address, destination, wire::ip_protocol::icmpv6, 32);
  sum.add(builder.bytes(message));
  builder.patch16(message + 2, sum.value());
  return bytes_of(builder.frame());
}

std::string question_in(wire::Bytes frame) {
  const auto view = wire::EthernetView::parse(frame);
  if (!view) return {};
  const std::string tag = view->vlan().tagged() ? " vlan " + std::to_string(view->vlan().value) : std::string();
  if (view->ethertype() == wire::ethertype::arp) {
    const auto arp = wire::ArpView::parse(view->payload());
    if (!arp || !arp->is_request() || arp->is_gratuitous()) return {};
    return arp->sender_ip().text() + " for " + arp->target_ip().text() + tag;
  }
  if (view->ethertype() != wire::ethertype::ipv6) return {};
  const auto packet = wire::Ipv6View::parse(view->payload());
  const auto asked = packet ? wire::NeighbourSolicitationView::parse(*packet) : std::nullopt;
  return asked ? asked->source().text() + " for " + asked->target().text() + tag : std::string();
}

NeighbourBench::NeighbourBench(std::initializer_list<const char*> ports,
                               std::initializer_list<std::string_view> station_addresses)
    : SimBench(ports) {
  BOOST_REQUIRE(world.add_switch("sw").ok());
  BOOST_REQUIRE(world.add_nic({.name = station, .mac = station_address}).ok());
  BOOST_REQUIRE(world.add_nic({.name = "stranger", .mac = station_mac(7)}).ok());
  for (const char* port : ports) BOOST_REQUIRE(world.connect(port, "sw").ok());
  BOOST_REQUIRE(world.connect("stranger", "sw").ok());
  BOOST_REQUIRE(world.connect(station, "sw").ok());
  answer_for(station_addresses);
  world.set_tap([this](const std::string& nic, bool outgoing, Tick at, wire::Bytes frame) {
    const std::string question = outgoing && nic != station ? question_in(frame) : std::string();
    if (!question.empty()) questions_.push_back(std::to_string(at.number) + " " + nic + ": " + question);
  });
}

BondConfig NeighbourBench::arp_config(std::initializer_list<const char*> ports) {
  BondConfig made = config(ports);
  made.options.miimon_ms = 0;
  made.options.arp_interval_ms = 100;
  made.options.arp_ip_targets.push_back(address_of("10.0.0.254"));
  made.addresses = {*IpPrefix::parse("10.0.0.1/24"), *IpPrefix::parse("fd10::1/64")};
  return made;
}

Bond& NeighbourBench::add(const BondConfig& config) {
  Bond& bond = SimBench::add(config);
  answer();
  return bond;
}

void NeighbourBench::run_to(std::int64_t tick_ms) {
  while (now() < tick_ms) {
    SimBench::run_to(now() + 1);
    answer();
  }
}

std::int64_t NeighbourBench::run_until(const char* port, LinkState wanted, std::int64_t span_ms) {
  for (const std::int64_t end = now() + span_ms; now() < end;) {
    run_for(1);
    if (state(port) == wanted) return now();
  }
  return -1;
}

std::int64_t NeighbourBench::run_until_active(const char* port, std::int64_t span_ms) {
  for (const std::int64_t end = now() + span_ms; now() < end;) {
    run_for(1);
    if (active() == port) return now();
  }
  return -1;
}

void NeighbourBench::silence(const char* port, bool on) {
  BOOST_REQUIRE(world.set_silent(port, on).ok());
}

void NeighbourBench::stranger_sends(const Frame& frame) {
  (void)world.take_received("stranger");
  BOOST_REQUIRE_EQUAL(world.send("stranger", frame), 0);
  settle();
}

void NeighbourBench::answer_for(std::initializer_list<std::string_view> addresses) {
  answered_.clear();
  for (const std::string_view address : addresses) answered_.push_back(address_of(address));
}

std::vector<std::string> NeighbourBench::take_questions() {
  return std::exchange(questions_, {});
}

void NeighbourBench::answer() {
  for (const Frame& frame : world.take_received(station)) answer(frame);
  settle();
}

void NeighbourBench::answer(const Frame& frame) {
  const auto view = wire::EthernetView::parse(frame);
  const auto has = [this](const IpAddress& address) {
    return std::find(answered_.begin(), answered_.end(), address) != answered_.end();
  };
  Frame reply;
  if (const auto arp = wire::ArpView::parse(view->payload()); arp && view->ethertype() == wire::ethertype::arp) {
    if (!arp->is_request() || !has(arp->target_ip())) return;
    reply =
        arp_reply(station_address, arp->target_ip().text(), arp->sender_mac(), arp->sender_ip().text(), view->vlan());
  } else if (const auto packet = wire::Ipv6View::parse(view->payload());
             packet && view->ethertype() == wire::ethertype::ipv6) {
    const auto asked = wire::NeighbourSolicitationView::parse(*packet);
    if (!asked || !has(asked->target())) return;
    reply = neighbour_advertisement(station_address, asked->target(), view->source(), asked->source(), view->vlan());
  }
  if (!reply.empty()) BOOST_REQUIRE_EQUAL(world.send(station, reply), 0);
}

}  // namespace bondbox::test

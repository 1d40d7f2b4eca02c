#include "hal/sim/sim_host_port.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "hal/sim/sim_hardware.hpp"
#include "tests/unit/hal/nic_fixture.hpp"

namespace bondbox::sim {

namespace {

using test::contract::make_frame;

constexpr MacAddress host_mac{{0x02, 0, 0, 0, 0x0a, 0}};
constexpr MacAddress peer_mac{{0x02, 0, 0, 0, 0x0b, 0}};

struct Host {
  SimClock clock;
  SimWorld world{clock};
  SimHardware hardware{world};
  std::unique_ptr<HostPort> port = std::move(hardware.open_host_port("bond0").value());
  SimHostPort& side = *world.host_port("bond0");

  Host() {
    BOOST_TEST(!port->is_up());
    BOOST_REQUIRE(port->set_up(true).ok());
    (void)host_events();
  }

  std::size_t host_events() {
    FixedVector<HardwareEvent, 64> events;
    hardware.poll_events(events);
    std::size_t count = 0;
    for (const HardwareEvent& event : events)
      if (event.kind == HardwareEvent::Kind::host_changed && event.name == "bond0") ++count;
    return count;
  }
};

IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_host_port)

BOOST_AUTO_TEST_CASE(a_port_exists_from_opening_to_destruction) {
  Host host;
  BOOST_TEST(host.hardware.has_interface("bond0"));
  BOOST_TEST(host.port->name() == "bond0");
  BOOST_TEST(host.port->mac().is_station());
  BOOST_TEST(host.hardware.open_host_port("bond0").failure().error == EEXIST);
  BOOST_TEST(host.hardware.open_host_port("a b").failure().error == EINVAL);
  BOOST_TEST(host.hardware.open_nic("bond0", LinkSource::carrier).failure().error == EBUSY);
  host.port.reset();
  BOOST_TEST(!host.hardware.has_interface("bond0"));
  BOOST_TEST(host.world.host_port("bond0") == nullptr);
  BOOST_TEST(host.hardware.open_host_port("bond0").ok());
}

BOOST_AUTO_TEST_CASE(frames_pass_both_ways_whole_and_in_order) {
  Host host;
  const test::FrameBytes first = make_frame(peer_mac, host_mac, 1);
  const test::FrameBytes second = make_frame(peer_mac, host_mac, 2, 1514);
  BOOST_TEST(host.side.inject(first));
  BOOST_TEST(host.side.inject(second, {OffloadHeader::needs_checksum, 0, 0, 0, 34, 16}));
  PacketBatch batch(8);
  BOOST_REQUIRE(host.port->receive(batch) == 2U);
  BOOST_TEST(test::FrameBytes(batch[0].frame().begin(), batch[0].frame().end()) == first);
  BOOST_TEST(test::FrameBytes(batch[1].frame().begin(), batch[1].frame().end()) == second);
  BOOST_TEST(batch[1].offload().checksum_start == 34);
  const Packet* const packets[] = {&batch[1], &batch[0]};
  BOOST_TEST(host.port->transmit(packets).accepted == 2U);
  BOOST_TEST((host.side.take_delivered() == Frames{second, first}));
  BOOST_TEST(host.side.take_delivered().empty());
  BOOST_TEST(host.side.delivered_count() == 2U);
}

BOOST_AUTO_TEST_CASE(a_port_that_is_down_passes_nothing) {
  Host host;
  const test::FrameBytes frame = make_frame(peer_mac, host_mac, 1);
  BOOST_TEST(host.side.inject(frame));
  BOOST_REQUIRE(host.side.set_up(false).ok());
  BOOST_TEST(!host.side.inject(frame));
  PacketBatch batch(2);
  BOOST_TEST(host.port->receive(batch) == 0U);
  BOOST_REQUIRE(batch.prepare().assign(frame));
  batch.commit();
  const Packet* const packets[] = {&batch[0]};
  const TransmitResult result = host.port->transmit(packets);
  BOOST_TEST(result.accepted == 0U);
  BOOST_TEST(result.error == ENETDOWN);
}

BOOST_AUTO_TEST_CASE(no_frame_and_too_long_frames_are_refused) {
  Host host;
  BOOST_TEST(!host.side.inject(test::FrameBytes(13, 0)));
  BOOST_TEST(!host.side.inject(make_frame(peer_mac, host_mac, 1, 1523)));
  BOOST_REQUIRE(host.port->set_mtu(9000).ok());
  BOOST_TEST(host.side.inject(make_frame(peer_mac, host_mac, 1, 9014)));
  PacketBatch batch(2);
  BOOST_REQUIRE(batch.prepare().assign(test::FrameBytes(13, 0)));
  batch.commit();
  const Packet* const packets[] = {&batch[0]};
  BOOST_TEST(host.port->transmit(packets).error == EINVAL);
}

BOOST_AUTO_TEST_CASE(a_full_queue_counts_what_it_loses) {
  Host host;
  for (std::size_t i = 0; i < Card::queue_frames_max; ++i)
    BOOST_REQUIRE(host.side.inject(make_frame(peer_mac, host_mac, 1)));
  BOOST_TEST(!host.side.inject(make_frame(peer_mac, host_mac, 1)));
  BOOST_TEST(host.port->counters().receive_lost == 1U);
}

BOOST_AUTO_TEST_CASE(changes_are_told_once_each_even_without_nic_events) {
  Host host;
  host.world.events_enabled = false;
  host.host_events();
  BOOST_REQUIRE(host.port->set_mac(host_mac).ok());
  BOOST_REQUIRE(host.port->set_mac(host_mac).ok());
  BOOST_TEST(host.host_events() == 1U);
  BOOST_REQUIRE(host.side.set_up(false).ok());
  host.side.host_set_promiscuous(true);
  BOOST_TEST(host.host_events() == 2U);
  BOOST_TEST(!host.port->is_up());
  BOOST_TEST(host.port->is_promiscuous());
  BOOST_TEST(host.port->set_mac(broadcast_mac).error == EADDRNOTAVAIL);
  BOOST_TEST(host.port->set_mtu(67).error == EINVAL);
  BOOST_TEST(host.host_events() == 0U);
}

BOOST_AUTO_TEST_CASE(addresses_stand_ipv4_first_and_follow_the_mac) {
  Host host;
  BOOST_REQUIRE(host.port->set_mac(host_mac).ok());
  BOOST_REQUIRE(host.port->add_address(prefix("2001:db8::1/64")).ok());
  BOOST_REQUIRE(host.port->add_address(prefix("192.0.2.1/24")).ok());
  BOOST_REQUIRE(host.port->add_address(prefix("192.0.2.1/24")).ok());
  BOOST_REQUIRE(host.port->addresses().size() == 2U);
  BOOST_TEST(host.port->addresses()[0].address.text() == "192.0.2.1");
  BOOST_TEST(host.port->addresses()[1].address.text() == "2001:db8::1");
  BOOST_REQUIRE(host.port->set_mac(peer_mac).ok());
  BOOST_TEST((host.port->addresses()[0].mac == peer_mac));
  BOOST_REQUIRE(host.port->remove_address(prefix("192.0.2.1/24")).ok());
  BOOST_TEST(host.port->remove_address(prefix("192.0.2.1/24")).error == EADDRNOTAVAIL);
  BOOST_TEST(host.port->addresses().size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_address_on_a_bridge_above_keeps_its_mac) {
  Host host;
  BOOST_REQUIRE(host.port->set_mac(host_mac).ok());
  const HostAddress own{prefix("10.0.0.1/24").address, {}, host_mac, false};
  const HostAddress bridge{prefix("10.0.1.1/24").address, {}, MacAddress{{2, 0, 0, 0, 9, 9}}, false};
  host.side.set_addresses({own, bridge});
  BOOST_REQUIRE(host.port->set_mac(peer_mac).ok());
  BOOST_TEST((host.port->addresses()[0].mac == peer_mac));
  BOOST_TEST((host.port->addresses()[1] == bridge));
}

BOOST_AUTO_TEST_CASE(carrier_and_gateways_are_remembered) {
  Host host;
  BOOST_REQUIRE(host.port->set_carrier(true).ok());
  BOOST_TEST(host.side.has_carrier());
  const IpAddress gateway = prefix("192.0.2.254/24").address;
  const IpAddress other = prefix("192.0.2.253/24").address;
  BOOST_REQUIRE(host.port->set_gateway(other).ok());
  BOOST_REQUIRE(host.port->set_gateway(gateway).ok());
  BOOST_TEST((host.side.gateway(IpAddress::Family::v4) == gateway));
  BOOST_TEST(!host.side.gateway(IpAddress::Family::v6).has_value());
  BOOST_TEST(host.port->remove_gateway(other).error == ESRCH);
  BOOST_REQUIRE(host.port->remove_gateway(gateway).ok());
  BOOST_TEST(!host.side.gateway(IpAddress::Family::v4).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::sim

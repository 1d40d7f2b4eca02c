// hal/linux: bond0 as a TAP device, what is learned of it, and bulk between it and a port.
#include <poll.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <set>

#include "hal/linux/event_source.hpp"
#include "hal/linux/tap_host_port.hpp"
#include "tests/lab/support/linux_bench.hpp"

namespace bondbox::lab {

BOOST_AUTO_TEST_SUITE(lab_hal_linux_host)

BOOST_AUTO_TEST_CASE(the_bond_answers_once_when_its_port_has_the_same_mac) {
  Appliance appliance;
  Pump pump(*appliance.bond0, *appliance.nic);
  for (const char* ping : {"ping -c 20 -i 0.02 -W 1 10.9.0.1", "ping -6 -c 20 -i 0.02 -W 1 fd09::1"}) {
    const CommandResult result = appliance.bench.peer.run(ping);
    BOOST_TEST(result.ok(), result.output);
    BOOST_TEST(result.output.find(" 0% packet loss") != std::string::npos, result.output);
    BOOST_TEST(result.output.find("DUP") == std::string::npos, result.output);
  }
}

BOOST_AUTO_TEST_CASE(a_tcp_stream_passes_between_tap_and_packet_socket_without_segmentation) {
  Appliance appliance;
  Pump pump(*appliance.bond0, *appliance.nic);
  constexpr std::size_t total = 30'000'000;
  BOOST_TEST(stream(appliance.bench.host, appliance.bench.peer, "10.9.0.2", total));
  BOOST_TEST(stream(appliance.bench.peer, appliance.bench.host, "10.9.0.1", total));
  pump.stop();
  for (const Pump::Side& side : {pump.out, pump.in}) {
    BOOST_TEST(side.gso_frames > 0u);
    BOOST_TEST(side.partial_checksums > 0u);
    BOOST_TEST(side.longest > 20'000u);
    BOOST_TEST(side.refused == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_tcp_stream_to_a_peer_without_offloads_is_segmented_below_and_arrives) {
  Appliance appliance;
  appliance.bench.peer.must("ethtool -K q0 tx off tso off gso off gro off 2>&1; true");
  appliance.bench.host.must("ethtool -K p0 tx off tso off gso off 2>&1; true");
  Pump pump(*appliance.bond0, *appliance.nic);
  constexpr std::size_t total = 10'000'000;
  BOOST_TEST(stream(appliance.bench.host, appliance.bench.peer, "10.9.0.2", total));
  BOOST_TEST(stream(appliance.bench.peer, appliance.bench.host, "10.9.0.1", total));
  pump.stop();
  BOOST_TEST(pump.out.gso_frames > 0u);
  BOOST_TEST(pump.out.refused == 0u);
}

BOOST_AUTO_TEST_CASE(jumbo_frames_pass_over_ipv4_and_ipv6) {
  Appliance appliance(9000);
  Pump pump(*appliance.bond0, *appliance.nic);
  for (const char* ping : {"ping -c 2 -W 1 -M do -s 8972 10.9.0.1", "ping -6 -c 2 -W 1 -M do -s 8952 fd09::1"}) {
    const CommandResult result = appliance.bench.peer.run(ping);
    BOOST_TEST(result.output.find(" 0% packet loss") != std::string::npos, result.output);
  }
  pump.stop();
  BOOST_TEST(pump.in.longest == 9014u);
}

BOOST_AUTO_TEST_CASE(events_tell_of_links_and_interfaces_and_are_silent_when_idle) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(comes_up(*nic));
  FixedVector<HardwareEvent, 64> events;
  const auto comes = [&](HardwareEvent::Kind kind, std::string_view name) {
    return wait_until(
        [&] {
          events.clear();
          hardware.poll_events(events);
          return std::any_of(events.begin(), events.end(),
                             [&](const HardwareEvent& event) { return event.kind == kind && event.name == name; });
        },
        patience_ms);
  };
  const auto settle = [&] {
    pollfd waiting{hardware.wait_handle(), POLLIN, 0};
    while (::poll(&waiting, 1, 1'500) > 0) {
      events.clear();
      hardware.poll_events(events);
    }
  };
  settle();
  bench.peer.must("ip link set q0 down");
  BOOST_TEST(comes(HardwareEvent::Kind::link_changed, "p0"));
  bench.host.must("ip link add x0 type veth peer name x1");
  BOOST_TEST(comes(HardwareEvent::Kind::nic_appeared, "x0"));
  bench.host.must("ip link set x0 name x2");
  BOOST_TEST(comes(HardwareEvent::Kind::nic_appeared, "x2"));
  bench.host.must("ip link del p0");
  BOOST_TEST(comes(HardwareEvent::Kind::nic_vanished, "p0"));
  settle();
  lay_cable(bench.host, "p0", bench.peer, "q0", 10);
  BOOST_TEST(comes(HardwareEvent::Kind::nic_appeared, "p0"));
  settle();
  pollfd waiting{hardware.wait_handle(), POLLIN, 0};
  BOOST_TEST(::poll(&waiting, 1, 1'000) == 0);
}

BOOST_AUTO_TEST_CASE(lost_events_are_made_good_by_one_to_look_at_everything) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  // Each pass makes a few notifications of about 1.5 kB; the listener has 1 MB, twice that as the kernel counts.
  bench.host.must("i=0; while [ $i -lt 3000 ]; do echo link set p0 mtu $((1300 + i % 2)); i=$((i+1)); done > " +
                      bench.run.path() + "/flood; ip -b " + bench.run.path() + "/flood",
                  60);
  FixedVector<HardwareEvent, 64> events;
  bool look_at_everything = false;
  for (int i = 0; i < 200 && !look_at_everything; ++i) {
    events.clear();
    hardware.poll_events(events);
    for (const HardwareEvent& event : events)
      look_at_everything |= event.kind == HardwareEvent::Kind::link_changed && event.name.empty();
  }
  BOOST_TEST(look_at_everything);
}

BOOST_AUTO_TEST_CASE(as_many_bonds_as_there_can_be_hear_every_event) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(comes_up(*nic));
  constexpr int bonds = 64;
  std::vector<std::unique_ptr<HostPort>> ports;
  std::string changes;
  for (int i = 0; i < bonds; ++i) {
    const std::string name = "bond" + std::to_string(i);
    Result<std::unique_ptr<HostPort>> port = hardware.open_host_port(name);
    BOOST_REQUIRE(port.ok());
    ports.push_back(std::move(port.value()));
    changes += "link set " + name + " mtu 1300\n";
  }
  std::set<std::string> told;
  bool cable_told = false;
  FixedVector<HardwareEvent, 64> events;
  const auto listen = [&](const std::function<bool()>& done) {
    return wait_until(
        [&] {
          events.clear();
          hardware.poll_events(events);
          for (const HardwareEvent& event : events) {
            if (event.kind == HardwareEvent::Kind::host_changed) told.insert(event.name);
            cable_told |= event.kind == HardwareEvent::Kind::link_changed && event.name == "p0";
          }
          pollfd waiting{hardware.wait_handle(), POLLIN, 0};
          return done() && ::poll(&waiting, 1, 100) == 0;
        },
        patience_ms);
  };
  BOOST_REQUIRE(listen([] { return true; }));
  told.clear();
  cable_told = false;
  bench.host.must("printf '" + changes + "' | ip -b -");
  bench.peer.must("ip link set q0 down");
  BOOST_TEST(listen([&] { return told.size() == bonds && cable_told; }));
  BOOST_TEST(told.size() == 64u);
  BOOST_TEST(cable_told);
}

BOOST_AUTO_TEST_CASE(host_changes_that_find_no_room_are_told_by_the_next_poll) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<HostPort> bond0 = open_bond0(hardware);
  FixedVector<HardwareEvent, 64> events;
  hardware.poll_events(events);
  BOOST_REQUIRE(bond0->set_mtu(1300).ok());
  while (!events.full()) events.push_back({HardwareEvent::Kind::link_changed, "other"});
  hardware.poll_events(events);
  BOOST_TEST((events[63].kind == HardwareEvent::Kind::link_changed));
  events.clear();
  hardware.poll_events(events);
  BOOST_REQUIRE(!events.empty());
  BOOST_TEST((events[events.size() - 1].kind == HardwareEvent::Kind::host_changed));
}

BOOST_AUTO_TEST_CASE(a_change_that_could_not_be_read_is_read_by_a_later_poll) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  auto context = std::make_shared<lnx::Context>();
  BOOST_REQUIRE(context->interfaces.open() == 0);
  BOOST_REQUIRE(context->driver.open() == 0);
  lnx::EventSource source(context);
  BOOST_REQUIRE(source.open() == 0);
  Result<std::unique_ptr<HostPort>> opened = lnx::TapHostPort::open(context, "bond0", 1, 1);
  BOOST_REQUIRE(opened.ok());
  const HostPort& bond0 = *opened.value();
  FixedVector<HardwareEvent, 64> events;
  const auto settle = [&] {
    pollfd waiting{source.fd(), POLLIN, 0};
    for (int i = 0; i < 20 && ::poll(&waiting, 1, 100) > 0; ++i) source.poll(events);
  };
  settle();
  bench.host.must("ip link set bond0 mtu 1300");
  lnx::Interfaces reader = std::exchange(context->interfaces, lnx::Interfaces{});
  settle();
  BOOST_TEST(bond0.mtu() == 1500u);
  context->interfaces = std::move(reader);
  events.clear();
  source.poll(events);
  BOOST_TEST(bond0.mtu() == 1300u);
  BOOST_REQUIRE(events.size() == 1u);
  BOOST_TEST((events[0].kind == HardwareEvent::Kind::host_changed));
}

BOOST_AUTO_TEST_CASE(a_host_port_shows_its_cable_and_knows_its_state) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  std::unique_ptr<HostPort> bond0 = open_bond0(hardware);
  BOOST_TEST(!bond0->is_up());
  BOOST_TEST(bond0->set_mac(station).ok());
  BOOST_TEST((bond0->mac() == station));
  BOOST_TEST(bond0->set_mac(broadcast_mac).error == EADDRNOTAVAIL);
  BOOST_TEST(bond0->set_mtu(9000).ok());
  BOOST_TEST(bond0->mtu() == 9000u);
  BOOST_TEST(bond0->set_up(true).ok());
  BOOST_TEST(bond0->is_up());
  const auto shown = [&] { return bench.host.must("ip link show bond0"); };
  BOOST_TEST(shown().find("NO-CARRIER") != std::string::npos, shown());
  BOOST_TEST(shown().find("qlen 1000") != std::string::npos, shown());
  BOOST_TEST(bond0->set_carrier(true).ok());
  BOOST_TEST(shown().find("LOWER_UP") != std::string::npos, shown());
  BOOST_TEST(bond0->set_carrier(false).ok());
  BOOST_TEST(shown().find("LOWER_UP") == std::string::npos, shown());

  FixedVector<HardwareEvent, 64> events;
  const auto learns = [&](const std::function<bool()>& done) {
    bool told = false;
    return wait_until(
        [&] {
          events.clear();
          hardware.poll_events(events);
          for (const HardwareEvent& event : events)
            told |= event.kind == HardwareEvent::Kind::host_changed && event.name == "bond0";
          return told && done();
        },
        patience_ms);
  };
  BOOST_TEST(!bond0->is_promiscuous());
  bench.host.must("ip link add mv0 link bond0 type macvlan; ip link set mv0 up");
  BOOST_TEST(learns([&] { return bond0->is_promiscuous(); }));
  bench.host.must("ip link del mv0");
  BOOST_TEST(learns([&] { return !bond0->is_promiscuous(); }));
  bench.host.must("ip link set bond0 down");
  BOOST_TEST(learns([&] { return !bond0->is_up(); }));
  bench.host.must("ip link set bond0 mtu 1300");
  BOOST_TEST(learns([&] { return bond0->mtu() == 1300; }));
  bond0.reset();
  BOOST_TEST(!hardware.has_interface("bond0"));
}

BOOST_AUTO_TEST_CASE(a_host_port_knows_its_addresses_and_those_of_its_bridge) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<HostPort> bond0 = open_bond0(hardware);
  bench.host.must(
      "echo 0 > /proc/sys/net/ipv6/conf/bond0/accept_dad; echo 1 > /proc/sys/net/ipv6/conf/bond0/addr_gen_mode");
  BOOST_REQUIRE(bond0->set_mac(station).ok());
  BOOST_REQUIRE(bond0->set_carrier(true).ok());
  BOOST_REQUIRE(bond0->set_up(true).ok());
  BOOST_TEST(bond0->add_address(*IpPrefix::parse("fd09::1/64")).ok());
  BOOST_TEST(bond0->add_address(*IpPrefix::parse("10.9.0.1/24")).ok());
  BOOST_TEST(bond0->add_address(*IpPrefix::parse("10.9.0.1/24")).ok());
  BOOST_TEST(bench.host.must("ip -4 addr show dev bond0").find("brd 10.9.0.255") != std::string::npos);
  FixedVector<HardwareEvent, 64> events;
  const auto learns = [&](const std::vector<HostAddress>& expected) {
    const bool done = wait_until(
        [&] {
          events.clear();
          hardware.poll_events(events);
          return std::ranges::equal(bond0->addresses(), expected);
        },
        patience_ms);
    for (const HostAddress& address : bond0->addresses())
      BOOST_TEST_MESSAGE(address.address.text() << " " << address.mac.text() << " " << address.router);
    return done;
  };
  const IpAddress v4 = *IpAddress::parse("10.9.0.1");
  const IpAddress v6 = *IpAddress::parse("fd09::1");
  BOOST_TEST(learns({{v4, {}, station}, {v6, {}, station}}));
  bench.host.must("echo 1 > /proc/sys/net/ipv6/conf/bond0/forwarding");
  BOOST_TEST(learns({{v4, {}, station, true}, {v6, {}, station, true}}));
  bench.host.must(
      "ip addr flush dev bond0; echo 0 > /proc/sys/net/ipv6/conf/bond0/forwarding; ip link add br0 address " +
      stranger.text() +
      " type bridge; echo 1 > /proc/sys/net/ipv6/conf/br0/disable_ipv6; "
      "ip link set bond0 master br0; ip link set br0 up; ip addr add 10.9.7.1/24 dev br0");
  BOOST_TEST(learns({{*IpAddress::parse("10.9.7.1"), {}, stranger, false, true}}));
  BOOST_TEST(bond0->is_promiscuous());
  bench.host.must("ip addr del 10.9.7.1/24 dev br0");
  BOOST_TEST(learns({}));
  if (bench.host.run("ip link add link bond0 name bond0.7 type vlan id 7").ok()) {
    bench.host.must(
        "echo 1 > /proc/sys/net/ipv6/conf/bond0.7/disable_ipv6; ip link set bond0.7 up; ip addr add 10.7.0.1/24 dev "
        "bond0.7");
    BOOST_TEST(learns({{*IpAddress::parse("10.7.0.1"), {7}, station}}));
  } else {
    BOOST_TEST_MESSAGE("addresses on VLANs: not tried, this kernel has no 8021q");
  }
}

BOOST_AUTO_TEST_CASE(gateways_are_set_replaced_and_removed_through_the_host_port_only) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<HostPort> bond0 = open_bond0(hardware);
  BOOST_REQUIRE(bond0->set_carrier(true).ok());
  BOOST_REQUIRE(bond0->set_up(true).ok());
  BOOST_REQUIRE(bond0->add_address(*IpPrefix::parse("10.9.0.1/24")).ok());
  BOOST_REQUIRE(bond0->add_address(*IpPrefix::parse("fd09::1/64")).ok());
  const auto routes = [&] { return bench.host.must("ip route show default; ip -6 route show default"); };
  const IpAddress first = *IpAddress::parse("10.9.0.254");
  const IpAddress second = *IpAddress::parse("10.9.0.253");
  BOOST_TEST(bond0->set_gateway(first).ok());
  BOOST_TEST(bond0->set_gateway(first).ok());
  BOOST_TEST(bond0->set_gateway(*IpAddress::parse("fd09::ffff")).ok());
  BOOST_TEST(routes().find("via 10.9.0.254") != std::string::npos, routes());
  BOOST_TEST(routes().find("via fd09::ffff") != std::string::npos, routes());
  BOOST_TEST(bond0->set_gateway(second).ok());
  BOOST_TEST(routes().find("via 10.9.0.254") == std::string::npos, routes());
  BOOST_TEST(routes().find("via 10.9.0.253") != std::string::npos, routes());
  BOOST_TEST(!bond0->set_gateway(*IpAddress::parse("172.31.0.1")).ok());
  BOOST_TEST(routes().find("via 10.9.0.253") != std::string::npos, routes());
  BOOST_TEST(!bond0->remove_gateway(first).ok());
  BOOST_TEST(bond0->remove_gateway(second).ok());
  BOOST_TEST(bond0->remove_gateway(*IpAddress::parse("fd09::ffff")).ok());
  BOOST_TEST(routes().empty(), routes());
  bench.host.must("ip link set p0 up; ip addr add 10.8.0.1/24 dev p0; ip route add default via 10.8.0.2");
  BOOST_TEST(bond0->set_gateway(first).error == EEXIST);
  BOOST_TEST(routes().find("via 10.8.0.2") != std::string::npos, routes());
  BOOST_TEST(bond0->remove_address(*IpPrefix::parse("10.9.0.1/24")).ok());
  BOOST_TEST(bond0->remove_address(*IpPrefix::parse("10.9.0.1/24")).error == EADDRNOTAVAIL);
}

BOOST_AUTO_TEST_CASE(a_host_port_deleted_by_somebody_refuses_and_keeps_nobody_awake) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<HostPort> bond0 = open_bond0(hardware);
  BOOST_REQUIRE(bond0->set_up(true).ok());
  bench.host.must("ip link del bond0");
  FixedVector<HardwareEvent, 64> events;
  BOOST_TEST(wait_until([&] { return hardware.poll_events(events), !bond0->is_up(); }, patience_ms));
  PacketBatch batch(1);
  BOOST_TEST(bond0->receive(batch) == 0u);
  const OnePacket packet(make_frame(broadcast_mac, {0x88, 0xb5}));
  BOOST_TEST(bond0->transmit(packet.span()).error == ENODEV);
  BOOST_TEST(bond0->set_mac(station).error == ENODEV);
  BOOST_TEST(bond0->set_carrier(true).error == ENODEV);
  pollfd waiting{bond0->wait_handle(), POLLIN, 0};
  BOOST_TEST(::poll(&waiting, 1, 50) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

// hal/linux: where the host's routes lead, and which multicast groups it has joined, through bond0, its bridge and its
// VLAN interfaces.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <functional>
#include <string>

#include "tests/lab/support/linux_bench.hpp"

namespace bondbox::lab {
namespace {

constexpr MacAddress bridge_mac{{0x02, 0, 0, 0, 0x0a, 0x0b}};

IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

/// bond0 with a carrier, up, with 10.9.0.1/24 and fd09::1/64, and the address of a station.
struct House {
  Bench bench;
  Namespace::Stay inside{bench.host};
  LinuxHardware hardware = bench.hardware();
  std::unique_ptr<HostPort> bond0 = open_bond0(hardware);

  House() {
    bench.host.must("echo 0 > /proc/sys/net/ipv6/conf/bond0/accept_dad");
    BOOST_REQUIRE(bond0->set_mac(station).ok());
    BOOST_REQUIRE(bond0->set_carrier(true).ok());
    BOOST_REQUIRE(bond0->set_up(true).ok());
    BOOST_REQUIRE(bond0->add_address(*IpPrefix::parse("10.9.0.1/24")).ok());
    BOOST_REQUIRE(bond0->add_address(*IpPrefix::parse("fd09::1/64")).ok());
  }
  bool learns(const std::function<bool()>& done) {
    FixedVector<HardwareEvent, 64> events;
    return wait_until(
        [&] {
          events.clear();
          hardware.poll_events(events);
          return done();
        },
        patience_ms);
  }
  /// Whether the way to `target` becomes this one, once what the kernel tells of its interfaces has been heard.
  bool leads(const char* target, const HostPath& expected) {
    HostPath last;
    const bool found = learns([&] {
      const Result<HostPath> path = bond0->path_to(ip(target));
      if (path.ok()) last = path.value();
      return path.ok() && path.value() == expected;
    });
    BOOST_TEST_MESSAGE(target << ": through here " << last.through_here << ", VLAN " << last.vlan.value << ", source "
                              << last.source.text() << ", MAC " << last.mac.text());
    return found;
  }
  bool has_vlans() {
    const bool had = bench.host.run("ip link add link bond0 name probe type vlan id 9 && ip link del probe").ok();
    if (!had) BOOST_TEST_MESSAGE("VLAN interfaces: not tried, this kernel has no 8021q");
    return had;
  }
};

bool contains(const FixedVector<HostGroup, 64>& groups, const HostGroup& wanted) {
  return std::find(groups.begin(), groups.end(), wanted) != groups.end();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_host_routes)

BOOST_AUTO_TEST_CASE(an_address_in_the_bonds_network_is_reached_through_it) {
  House house;
  BOOST_TEST(house.leads("10.9.0.77", {true, {}, ip("10.9.0.1"), station}));
  BOOST_TEST(house.leads("fd09::77", {true, {}, ip("fd09::1"), station}));
}

BOOST_AUTO_TEST_CASE(an_address_behind_a_gateway_is_reached_through_the_bond_with_the_routes_source) {
  House house;
  BOOST_REQUIRE(house.bond0->set_gateway(ip("10.9.0.254")).ok());
  BOOST_TEST(house.leads("192.0.2.1", {true, {}, ip("10.9.0.1"), station}));
  house.bench.host.must("ip addr add 10.9.0.2/24 dev bond0; ip route add 198.51.100.0/24 via 10.9.0.254 src 10.9.0.2");
  BOOST_TEST(house.leads("198.51.100.1", {true, {}, ip("10.9.0.2"), station}));
}

BOOST_AUTO_TEST_CASE(without_a_route_there_is_no_way_and_the_errors_of_special_routes_are_the_same) {
  House house;
  BOOST_TEST(house.bond0->path_to(ip("192.0.2.1")).failure().error == ENETUNREACH);
  BOOST_TEST(house.bond0->path_to(ip("2001:db8::1")).failure().error == ENETUNREACH);
  house.bench.host.must(
      "ip route add unreachable 192.0.2.1; ip route add blackhole 192.0.2.2; ip route add prohibit 192.0.2.3; "
      "ip -6 route add unreachable 2001:db8::1; ip -6 route add blackhole 2001:db8::2");
  for (const char* target : {"192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8::2"}) {
    const Result<HostPath> path = house.bond0->path_to(ip(target));
    BOOST_TEST(!path.ok(), target);
    if (!path.ok()) BOOST_TEST(path.failure().error == ENETUNREACH, target);
  }
}

BOOST_AUTO_TEST_CASE(what_is_reached_otherwise_or_is_the_hosts_own_does_not_lead_through_the_bond) {
  House house;
  house.bench.host.must("ip link set p0 up; ip addr add 10.8.0.1/24 dev p0; ip -6 addr add fd08::1/64 dev p0 nodad");
  BOOST_TEST(house.leads("10.8.0.2", HostPath{}));
  BOOST_TEST(house.leads("fd08::2", HostPath{}));
  BOOST_TEST(house.leads("10.9.0.1", HostPath{}));
  BOOST_TEST(house.leads("fd09::1", HostPath{}));
  BOOST_TEST(house.leads("127.0.0.1", HostPath{}));
}

BOOST_AUTO_TEST_CASE(the_bridge_of_the_bond_is_a_way_through_it) {
  House house;
  house.bench.host.must("ip addr flush dev bond0; ip link add br0 address " + bridge_mac.text() +
                        " type bridge; echo 0 > /proc/sys/net/ipv6/conf/br0/accept_dad; ip link set bond0 master br0; "
                        "ip link set br0 up; ip addr add 10.9.7.1/24 dev br0; ip -6 addr add fd07::1/64 dev br0 nodad");
  BOOST_TEST(house.leads("10.9.7.77", {true, {}, ip("10.9.7.1"), bridge_mac}));
  BOOST_TEST(house.leads("fd07::77", {true, {}, ip("fd07::1"), bridge_mac}));
  BOOST_TEST(house.learns([&] {
    return std::any_of(house.bond0->addresses().begin(), house.bond0->addresses().end(), [](const HostAddress& own) {
      return own.on_bridge && own.address == ip("10.9.7.1") && own.mac == bridge_mac;
    });
  }));
  if (house.has_vlans()) {
    house.bench.host.must(
        "ip link add link br0 name br0.8 type vlan id 8; ip link set br0.8 up; "
        "ip addr add 10.9.8.1/24 dev br0.8");
    BOOST_TEST(house.leads("10.9.8.77", {true, {8}, ip("10.9.8.1"), bridge_mac}));
  }
  // Out of the bridge it is a way no longer.
  house.bench.host.must("ip link set bond0 nomaster");
  BOOST_TEST(house.leads("10.9.7.77", HostPath{}));
}

BOOST_AUTO_TEST_CASE(a_vlan_interface_on_the_bond_is_a_way_through_it_with_its_tag) {
  House house;
  if (!house.has_vlans()) return;
  house.bench.host.must(
      "for id in 7 8; do ip link add link bond0 name bond0.$id type vlan id $id; ip link set bond0.$id up; "
      "ip addr add 10.7.$id.1/24 dev bond0.$id; ip -6 addr add fd07:$id::1/64 dev bond0.$id nodad; done");
  BOOST_TEST(house.leads("10.7.7.77", {true, {7}, ip("10.7.7.1"), station}));
  BOOST_TEST(house.leads("10.7.8.77", {true, {8}, ip("10.7.8.1"), station}));
  BOOST_TEST(house.leads("fd07:8::77", {true, {8}, ip("fd07:8::1"), station}));
  const std::vector<VlanId> expected{{7}, {8}};
  BOOST_TEST(house.learns([&] { return std::ranges::equal(house.bond0->vlans(), expected); }));
  house.bench.host.must("ip link del bond0.7");
  BOOST_TEST(house.learns([&] { return house.bond0->vlans().size() == 1; }));
  BOOST_TEST(house.bond0->path_to(ip("10.7.7.77")).failure().error == ENETUNREACH);
}

BOOST_AUTO_TEST_CASE(a_way_through_a_bond_that_was_deleted_is_refused) {
  House house;
  house.bench.host.must("ip link del bond0");
  BOOST_TEST(house.learns([&] { return !house.bond0->is_present(); }));
  BOOST_TEST(house.bond0->path_to(ip("10.9.0.77")).failure().error == ENODEV);
  FixedVector<HostGroup, 64> groups;
  house.bond0->append_groups(groups);
  BOOST_TEST(groups.empty());
}

BOOST_AUTO_TEST_CASE(groups_joined_on_the_bond_are_told_with_address_mac_and_version) {
  House house;
  house.bench.host.must("ip link set p0 up; ip addr add 10.8.0.1/24 dev p0");
  const GroupMember first("239.1.2.3", "10.9.0.1");
  const GroupMember local("224.0.0.251", "10.9.0.1");
  const GroupMember elsewhere("239.9.9.9", "10.8.0.1");
  FixedVector<HostGroup, 64> groups;
  house.bond0->append_groups(groups);
  BOOST_TEST(groups.size() == 2u);
  BOOST_TEST(contains(groups, {ip("239.1.2.3"), {}, ip("10.9.0.1"), station, 3}));
  BOOST_TEST(contains(groups, {ip("224.0.0.251"), {}, ip("10.9.0.1"), station, 3}));

  house.bench.host.must(
      "echo 2 > /proc/sys/net/ipv4/conf/bond0/force_igmp_version; "
      "echo 0 > /proc/sys/net/ipv4/igmp_link_local_mcast_reports");
  groups.clear();
  house.bond0->append_groups(groups);
  BOOST_TEST(groups.size() == 1u);
  BOOST_TEST(contains(groups, {ip("239.1.2.3"), {}, ip("10.9.0.1"), station, 2}));
}

BOOST_AUTO_TEST_CASE(groups_joined_on_the_bridge_or_on_vlans_are_told_with_their_interface) {
  House house;
  house.bench.host.must("ip addr flush dev bond0; ip link add br0 address " + bridge_mac.text() +
                        " type bridge mcast_snooping 0; ip link set bond0 master br0; ip link set br0 up; "
                        "ip addr add 10.9.7.1/24 dev br0");
  BOOST_TEST(house.leads("10.9.7.77", {true, {}, ip("10.9.7.1"), bridge_mac}));
  const GroupMember on_bridge("239.7.7.7", "10.9.7.1");
  FixedVector<HostGroup, 64> groups;
  house.bond0->append_groups(groups);
  BOOST_TEST(contains(groups, {ip("239.7.7.7"), {}, ip("10.9.7.1"), bridge_mac, 3}));
  if (!house.has_vlans()) return;
  house.bench.host.must(
      "ip link add link bond0 name bond0.5 type vlan id 5; ip link set bond0.5 up; "
      "ip addr add 10.5.0.1/24 dev bond0.5");
  BOOST_TEST(house.leads("10.5.0.77", {true, {5}, ip("10.5.0.1"), station}));
  const GroupMember on_vlan("239.5.5.5", "10.5.0.1");
  groups.clear();
  house.bond0->append_groups(groups);
  BOOST_TEST(contains(groups, {ip("239.5.5.5"), {5}, ip("10.5.0.1"), station, 3}));
}

BOOST_AUTO_TEST_CASE(more_groups_than_there_is_room_for_leave_the_rest_out) {
  House house;
  house.bench.host.must("echo 200 > /proc/sys/net/ipv4/igmp_max_memberships");
  const lnx::UniqueFd member(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  for (std::uint32_t i = 0; i < 150; ++i) {
    ip_mreq wanted{};
    wanted.imr_multiaddr.s_addr = htonl(0xef010000 + i);
    BOOST_REQUIRE(::inet_pton(AF_INET, "10.9.0.1", &wanted.imr_interface) == 1);
    BOOST_REQUIRE(::setsockopt(member.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &wanted, sizeof wanted) == 0);
  }
  FixedVector<HostGroup, 64> groups;
  house.bond0->append_groups(groups);
  BOOST_TEST(groups.full());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

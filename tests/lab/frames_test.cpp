// The whole program on real NICs: what kinds of frames pass through the bond, whole and in both directions.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "hal/wire/checksum.hpp"
#include "hal/wire/ip_address.hpp"
#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr MacAddress stranger_mac{{0x02, 0, 0, 0, 0x0c, 0x01}};

/// A frame with `after_addresses` behind its addresses and a payload that tells `marker` at its end.
Bytes frame_of(MacAddress to, const Bytes& after_addresses, std::uint8_t marker, std::size_t size = 120) {
  Bytes frame(size, 0xa5);
  to.store(frame.data());
  stranger_mac.store(frame.data() + 6);
  std::copy(after_addresses.begin(), after_addresses.end(), frame.begin() + 12);
  frame.back() = marker;
  return frame;
}

/// Sends the frame at one end until it comes out at the other (the cable may only just be up), and says whether it came
/// out as it was.
bool passes(Wiretap& from, Wiretap& to, const Bytes& frame) {
  return wait_until(
      [&] {
        (void)from.send(frame);
        return !to.expect([&](std::span<const std::uint8_t> seen) { return std::ranges::equal(seen, frame); }, 100)
                    .empty();
      },
      3'000);
}

sockaddr_in at(const char* address, std::uint16_t port) {
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &there.sin_addr);
  return there;
}

/// A UDP socket inside a namespace, bound to a port.
class UdpSocket {
 public:
  UdpSocket(const Namespace& space, std::uint16_t port) {
    const Namespace::Stay inside(space);
    fd_ = lnx::UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_in own = at("0.0.0.0", port);
    const timeval limit{0, 200'000};
    (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0)
      throw std::runtime_error("no UDP socket");
  }

  /// Joins a group on the interface and sends to it there.
  void join(const Namespace& space, const char* group, const char* interface) {
    const Namespace::Stay inside(space);
    ip_mreqn membership{};
    ::inet_pton(AF_INET, group, &membership.imr_multiaddr);
    membership.imr_ifindex = static_cast<int>(::if_nametoindex(interface));
    BOOST_REQUIRE(::setsockopt(fd_.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership) == 0);
    BOOST_REQUIRE(::setsockopt(fd_.get(), IPPROTO_IP, IP_MULTICAST_IF, &membership, sizeof membership) == 0);
    const int off = 0;
    BOOST_REQUIRE(::setsockopt(fd_.get(), IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof off) == 0);
  }

  void send(const Bytes& data, const char* address, std::uint16_t port) {
    const sockaddr_in there = at(address, port);
    (void)::sendto(fd_.get(), data.data(), data.size(), 0, reinterpret_cast<const sockaddr*>(&there), sizeof there);
  }

  /// The next datagram; empty when none comes within 200 ms.
  Bytes receive() {
    Bytes data(70'000);
    const ssize_t got = ::recv(fd_.get(), data.data(), data.size(), 0);
    data.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return data;
  }

 private:
  lnx::UniqueFd fd_;
};

Bytes datagram(std::size_t size) {
  Bytes data(size);
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return data;
}

/// Whether a datagram arrives as it was sent, in one of a few tries.
bool arrives(UdpSocket& from, UdpSocket& to, const char* address, const Bytes& data) {
  for (int i = 0; i < 10; ++i) {
    from.send(data, address, 5005);
    if (to.receive() == data) return true;
  }
  return false;
}

/// Whether the UDP checksum in the frame is the right one (RFC 768).
bool has_right_checksum(std::span<const std::uint8_t> frame) {
  const std::size_t length = wire::load_be16(&frame[38]);
  wire::InternetChecksum sum;
  sum.add_pseudo_header(IpAddress::from_bytes(frame.subspan(26, 4)), IpAddress::from_bytes(frame.subspan(30, 4)),
                        IPPROTO_UDP, static_cast<std::uint32_t>(length));
  sum.add(frame.subspan(34, length));
  return sum.value() == 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_frames)

BOOST_AUTO_TEST_CASE(vlan_tags_pass_untouched_in_both_directions) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  Wiretap bond0(house.box, "bond0");
  Wiretap far_out(house.town, "port0");
  Wiretap far_in(house.town, "switch");
  // 802.1Q with priority 5 and VLAN 100; priority alone; 802.1ad around 802.1Q; two 802.1Q tags.
  const std::vector<Bytes> kinds{{0x81, 0x00, 0xa0, 0x64, 0x88, 0xb5},
                                 {0x81, 0x00, 0x60, 0x00, 0x88, 0xb5},
                                 {0x88, 0xa8, 0x00, 0x0a, 0x81, 0x00, 0x00, 0x14, 0x88, 0xb5},
                                 {0x81, 0x00, 0x00, 0x0b, 0x81, 0x00, 0xe0, 0x15, 0x88, 0xb5}};
  std::uint8_t kind = 0;
  for (const Bytes& tags : kinds) {
    ++kind;
    BOOST_TEST(passes(bond0, far_out, frame_of(broadcast_mac, tags, kind)), "out, kind " << int{kind});
    BOOST_TEST(passes(far_in, bond0, frame_of(broadcast_mac, tags, kind | 0x80)), "in, kind " << int{kind});
  }
  // The longest that a MTU of 1500 allows: the tag is not counted.
  BOOST_TEST(passes(bond0, far_out, frame_of(broadcast_mac, kinds[1], 0x70, 1518)));
  BOOST_TEST(passes(far_in, bond0, frame_of(broadcast_mac, kinds[0], 0x71, 1518)));
}

BOOST_AUTO_TEST_CASE(a_jumbo_mtu_of_bond0_is_pushed_to_the_ports_passes_end_to_end_and_is_taken_back) {
  const House house;
  house.box.must("ip link set eth1 mtu 1400");
  house.town.must("ip link set port0 mtu 9000; ip link set port1 mtu 9000; ip link set switch mtu 9000");
  Daemon daemon(house.box, House::words);
  const auto mtu_is = [&](const char* interface, const char* mtu) {
    return wait_until(
        [&] {
          return contains(house.box.must(std::string("ip link show ") + interface), std::string(" mtu ") + mtu + " ");
        },
        5'000);
  };
  BOOST_TEST(mtu_is("eth1", "1500"));
  house.box.must("ip link set bond0 mtu 9000");
  BOOST_TEST(mtu_is("eth0", "9000"));
  BOOST_TEST(mtu_is("eth1", "9000"));
  BOOST_REQUIRE(reaches(house.town, House::box_v4));
  const auto jumbo_passes = [&] {
    for (const char* ping :
         {"ping -n -c 2 -i 0.2 -W 2 -M do -s 8972 192.168.10.52", "ping -n -c 2 -W 2 -M do -s 8952 fd10::52"})
      BOOST_TEST(wait_until([&] { return house.town.run(ping).ok(); }, 5'000), ping);
  };
  jumbo_passes();
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  jumbo_passes();
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(mtu_is("eth0", "1500"));
  BOOST_TEST(mtu_is("eth1", "1400"));
}

BOOST_AUTO_TEST_CASE(bulk_tcp_crosses_in_frames_longer_than_the_mtu_and_arrives_intact) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  BOOST_REQUIRE(reaches(house.box, House::town_v6));
  const auto longer_than_mtu = [](std::span<const std::uint8_t> frame) { return frame.size() > 9'000; };
  constexpr std::size_t total = 20'000'000;
  Wiretap far(house.town, "port0");
  Wiretap near(house.box, "bond0");
  for (const char* there : {House::town_v4, House::town_v6}) {
    TcpStream out(house.box, house.town, there, 0);
    BOOST_TEST(!far.expect(longer_than_mtu, 5'000).empty(), "out to " << there);
    BOOST_TEST(out.goes_on(total));
    BOOST_TEST(out.finish());
  }
  for (const char* here : {House::box_v4, House::box_v6}) {
    TcpStream in(house.town, house.box, here, 0);
    BOOST_TEST(!near.expect(longer_than_mtu, 5'000).empty(), "in to " << here);
    BOOST_TEST(in.goes_on(total));
    BOOST_TEST(in.finish());
  }
}

BOOST_AUTO_TEST_CASE(bulk_tcp_arrives_intact_where_the_cards_can_neither_segment_nor_add_up) {
  const House house;
  const std::string plain = " tx off tso off gso off gro off 2>&1; true";
  house.box.must("ethtool -K eth0" + plain);
  house.town.must("ethtool -K port0" + plain);
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  TcpStream out(house.box, house.town, House::town_v4, 0);
  TcpStream in(house.town, house.box, House::box_v4, 0);
  BOOST_TEST(out.goes_on(5'000'000));
  BOOST_TEST(in.goes_on(5'000'000));
  BOOST_TEST(out.finish());
  BOOST_TEST(in.finish());
}

BOOST_AUTO_TEST_CASE(udp_checksums_that_the_sender_left_to_the_card_are_right_on_arrival) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  UdpSocket here(house.box, 5005);
  UdpSocket there(house.town, 5005);
  const Bytes data = datagram(1'001);
  // The sums of these stay partial all the way: the receiving stack must be told so.
  BOOST_TEST(arrives(here, there, House::town_v4, data));
  BOOST_TEST(arrives(there, here, House::box_v4, data));
  // A card that cannot add up: whoever sends last completes the sum, and the wire shows it.
  house.box.must("ethtool -K eth0 tx off 2>&1; true");
  Wiretap wire(house.town, "port0");
  BOOST_TEST(arrives(here, there, House::town_v4, data));
  const Bytes seen = wire.expect(
      [](std::span<const std::uint8_t> frame) {
        return frame.size() > 1'000 && frame[12] == 0x08 && frame[13] == 0x00 && frame[23] == IPPROTO_UDP;
      },
      2'000);
  BOOST_REQUIRE(!seen.empty());
  BOOST_TEST(has_right_checksum(seen));
}

BOOST_AUTO_TEST_CASE(ipv6_works_with_duplicate_detection_neighbour_discovery_and_failover) {
  const House house;
  house.box.must("echo 1 > /proc/sys/net/ipv6/conf/default/accept_dad");
  const Daemon daemon(house.box, House::words);
  // The address is usable once nobody has objected: the bond must pass what the question and an objection need.
  BOOST_REQUIRE(wait_until([&] { return house.box.must("ip -6 addr show dev bond0 tentative").empty(); }, 5'000));
  BOOST_TEST(reaches(house.box, House::town_v6));
  BOOST_TEST(reaches(house.town, House::box_v6));
  TcpStream out(house.box, house.town, House::town_v6);
  TcpStream in(house.town, house.box, House::box_v6);
  BOOST_TEST(out.goes_on());
  BOOST_TEST(in.goes_on());
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  BOOST_TEST(out.goes_on());
  BOOST_TEST(in.goes_on());
  BOOST_TEST(out.finish());
  BOOST_TEST(in.finish());
}

BOOST_AUTO_TEST_CASE(multicast_reaches_its_members_in_both_directions) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  UdpSocket here(house.box, 5005);
  UdpSocket there(house.town, 5005);
  here.join(house.box, "239.1.2.3", "bond0");
  there.join(house.town, "239.1.2.3", "switch");
  const Bytes data = datagram(300);
  BOOST_TEST(arrives(here, there, "239.1.2.3", data));
  BOOST_TEST(arrives(there, here, "239.1.2.3", data));
}

BOOST_AUTO_TEST_CASE(fragmented_datagrams_are_put_together_on_the_other_side) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  for (const char* address : {House::town_v4, House::town_v6})
    BOOST_TEST(house.box.run(std::string("ping -n -c 3 -i 0.2 -W 2 -s 20000 ") + address).ok(), address);
  for (const char* address : {House::box_v4, House::box_v6})
    BOOST_TEST(house.town.run(std::string("ping -n -c 3 -i 0.2 -W 2 -s 20000 ") + address).ok(), address);
  UdpSocket here(house.box, 5005);
  UdpSocket there(house.town, 5005);
  const Bytes data = datagram(60'000);
  BOOST_TEST(arrives(here, there, House::town_v4, data));
  BOOST_TEST(arrives(there, here, House::box_v4, data));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

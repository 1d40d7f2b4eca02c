// The whole program on real NICs: UDP that goes through the kernel in one piece for many datagrams, because the bond
// joined them, or because a socket left them to be cut up (USO, both ways).
#include <arpa/inet.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "tests/lab/support/lab_house.hpp"
#include "tests/lab/support/linux_bench.hpp"
#include "tests/support/udp_frames.hpp"

namespace bondbox::lab {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint16_t test_port = 5006;

/// An address of the house, of either family.
struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;

  explicit Address(const char* text, std::uint16_t port = test_port) {
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&bytes);
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&bytes);
    if (::inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
      v4->sin_family = AF_INET;
      v4->sin_port = htons(port);
      size = sizeof *v4;
    } else {
      BOOST_REQUIRE(::inet_pton(AF_INET6, text, &v6->sin6_addr) == 1);
      v6->sin6_family = AF_INET6;
      v6->sin6_port = htons(port);
      size = sizeof *v6;
    }
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
};

lnx::UniqueFd socket_in(const Namespace& space, const Address& address) {
  const Namespace::Stay inside(space);
  lnx::UniqueFd fd(::socket(address.bytes.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const timeval limit{2, 0};
  const int room = 1 << 20;
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  return fd;
}

/// A socket in one namespace, connected to one that is bound in the other.
struct Pair {
  lnx::UniqueFd sender;
  lnx::UniqueFd receiver;

  Pair(const Namespace& from, const Namespace& to, const char* address) {
    const Address there(address);
    receiver = socket_in(to, there);
    BOOST_REQUIRE(::bind(receiver.get(), there.get(), there.size) == 0);
    sender = socket_in(from, there);
    BOOST_REQUIRE(::connect(sender.get(), there.get(), there.size) == 0);
  }
  bool set(const lnx::UniqueFd& fd, int option, int value) const {
    return ::setsockopt(fd.get(), IPPROTO_UDP, option, &value, sizeof value) == 0;
  }
  void send(const Bytes& data) const {
    BOOST_REQUIRE(::send(sender.get(), data.data(), data.size(), 0) == static_cast<ssize_t>(data.size()));
  }
  /// Empty when none comes within two seconds.
  Bytes receive() const {
    Bytes data(70'000);
    const ssize_t got = ::recv(receiver.get(), data.data(), data.size(), 0);
    data.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return data;
  }
};

Bytes numbered(std::size_t size, unsigned number) {
  Bytes data(size);
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(i * 7 + i / 256 + number);
  return data;
}

long came_in(const Namespace& space, const std::string& interface) {
  return std::stol(space.must("cat /sys/class/net/" + interface + "/statistics/rx_packets"));
}

std::uint64_t number(const Daemon& daemon, const std::string& pointer) {
  return std::stoull(daemon.status(pointer));
}

bool can_be_left_to(const Namespace& space, const std::string& interface) {
  const bool can = contains(space.run("ethtool -k " + interface).output, "tx-udp-segmentation: on");
  if (!can) BOOST_TEST_MESSAGE("datagrams left to be cut up: not tried, " << interface << " does not take them");
  return can;
}

struct Way {
  const Namespace& from;
  const Namespace& to;
  std::vector<const char*> addresses;
  std::string interface;
  const char* direction;

  /// Frames of that direction on the first port.
  std::string counter() const { return std::string("/bonds/0/ports/0/") + direction + "/frames"; }
};

const std::string words = std::string(House::words) + " offload=off";

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_datagrams)

BOOST_AUTO_TEST_CASE(what_waits_of_a_flow_goes_on_in_one_piece_and_arrives_as_it_was_sent) {
  const House house;
  const Daemon daemon(house.box, words);
  constexpr unsigned count = 40;
  const bool joins = can_be_left_to(house.box, "bond0");
  const Way out{house.box, house.town, {House::town_v4, House::town_v6}, "port0", "tx"};
  const Way in{house.town, house.box, {House::box_v4, House::box_v6}, "bond0", "rx"};
  for (const bool cards_help : {true, false}) {
    // Without, the kernel cuts up and adds up in its last step before the card.
    if (!cards_help) house.box.must("ethtool -K eth0 tx off gso off 2>&1; true");
    for (const Way& way : {out, in}) {
      for (const char* there : way.addresses) {
        BOOST_REQUIRE(reaches(way.from, there));
        const Pair pair(way.from, way.to, there);
        const long before = came_in(way.to, way.interface);
        const std::uint64_t counted = number(daemon, way.counter());
        // So that all of them wait when the first is read.
        ::kill(daemon.pid(), SIGSTOP);
        for (unsigned i = 0; i < count; ++i) pair.send(numbered(i + 1 < count ? 500 : 123, i));
        ::kill(daemon.pid(), SIGCONT);
        for (unsigned i = 0; i < count; ++i)
          BOOST_TEST((pair.receive() == numbered(i + 1 < count ? 500 : 123, i)), there << ", datagram " << i);
        const long crossed = came_in(way.to, way.interface) - before;
        BOOST_TEST(number(daemon, way.counter()) - counted >= count);
        const bool whole = cards_help || way.interface == in.interface;
        if (joins && whole) BOOST_TEST(crossed < count / 2, there << ": " << crossed);
        if (!whole) BOOST_TEST(crossed >= count, there << ": " << crossed);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(datagrams_whose_checksum_the_card_found_right_reach_the_host_in_one_piece) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<HostPort> bond0 = open_bond0(hardware);
  BOOST_REQUIRE(bond0->set_carrier(true).ok());
  BOOST_REQUIRE(bond0->set_up(true).ok());
  bench.host.must("ip addr add 192.0.2.2/24 dev bond0");
  const Address here("192.0.2.2", test::flow_port);
  const lnx::UniqueFd socket = socket_in(bench.host, here);
  BOOST_REQUIRE(::bind(socket.get(), here.get(), here.size) == 0);
  const test::Flow flow{.to = bond0->mac()};
  PacketBatch batch;
  std::vector<const Packet*> list;
  for (unsigned i = 0; i < 20; ++i) {
    Packet& packet = batch.prepare();
    BOOST_REQUIRE(packet.assign(test::finished_datagram(flow, i, 300)));
    packet.set_offload({OffloadHeader::data_valid});
    batch.commit();
    list.push_back(&packet);
  }
  const long before = came_in(bench.host, "bond0");
  BOOST_TEST(bond0->transmit(list).accepted == list.size());
  if (can_be_left_to(bench.host, "bond0")) BOOST_TEST(came_in(bench.host, "bond0") - before < 10);
  for (const Packet* packet : list) {
    Bytes data(2'000);
    const ssize_t got = ::recv(socket.get(), data.data(), data.size(), 0);
    data.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    const wire::Bytes sent = packet->frame().subspan(flow.transport_at() + 8);
    BOOST_TEST((data == Bytes(sent.begin(), sent.end())));
  }
}

BOOST_AUTO_TEST_CASE(datagrams_that_a_socket_leaves_to_be_cut_up_pass_whole_in_both_directions) {
  const House house;
  const Daemon daemon(house.box, words);
  for (const Way& way : {Way{house.box, house.town, {House::town_v4, House::town_v6}, "bond0", "tx"},
                         Way{house.town, house.box, {House::box_v4, House::box_v6}, "switch", "rx"}}) {
    if (!can_be_left_to(way.from, way.interface)) continue;
    const std::string pointer = way.counter();
    for (const char* address : way.addresses) {
      BOOST_REQUIRE(reaches(way.from, address));
      const Pair pair(way.from, way.to, address);
      constexpr int segment = 1'200;
      constexpr std::size_t size = 50 * segment;
      BOOST_REQUIRE(pair.set(pair.sender, UDP_SEGMENT, segment));
      const std::uint64_t before = number(daemon, pointer);
      pair.send(numbered(size, 1));
      Bytes all;
      for (Bytes part; all.size() < size && !(part = pair.receive()).empty();) {
        BOOST_TEST(part.size() == std::size_t{segment});
        all.insert(all.end(), part.begin(), part.end());
      }
      BOOST_TEST((all == numbered(size, 1)), way.direction << " " << address);
      // Neighbours are asked now and then.
      BOOST_TEST(number(daemon, pointer) - before < size / segment / 2);
      // A socket that takes several at a time has all of them at once.
      BOOST_REQUIRE(pair.set(pair.receiver, UDP_GRO, 1));
      pair.send(numbered(size, 2));
      BOOST_TEST((pair.receive() == numbered(size, 2)), way.direction << " " << address);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

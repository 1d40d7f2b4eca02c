// hal/linux: which frames which of a port's sockets hears, asked of the kernel's own BPF machine on a pair of sockets.
#include "hal/linux/packet_filter.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <vector>

#include "hal/linux/unique_fd.hpp"
#include "hal/wire/slow_protocols.hpp"

namespace bondbox::test {

using lnx::Hears;

namespace {

using Frame = std::vector<std::uint8_t>;

/// 80 bytes of a frame with this ethertype.
Frame frame_of(std::uint8_t high, std::uint8_t low) {
  Frame frame(80, 0x5a);
  frame[12] = high;
  frame[13] = low;
  return frame;
}

Frame slow_frame(std::uint8_t subtype) {
  Frame frame = frame_of(0x88, 0x09);
  frame[14] = subtype;
  return frame;
}

Frame ipv6_frame(std::uint8_t next_header, std::uint8_t type, std::size_t size = 80) {
  Frame frame = frame_of(0x86, 0xdd);
  frame[20] = next_header;
  frame[54] = type;
  frame.resize(size);
  return frame;
}

/// An LACPDU as a partner sends it.
Frame lacpdu(const MacAddress& system = {{0x02, 0, 0, 0, 0x0c, 1}}) {
  wire::LacpEnd actor;
  actor.system_priority = 0xffff;
  actor.system = system;
  const wire::SmallFrame frame = wire::build_lacpdu({{0x02, 0, 0, 0, 0x0c, 2}}, actor, {});
  return {frame.begin(), frame.end()};
}

Frame changed(Frame frame, std::size_t at, std::uint8_t value) {
  frame[at] = value;
  return frame;
}

bool hears(Hears what, const Frame& frame, const MacAddress& own_system = {}) {
  std::array<int, 2> pair{};
  BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair.data()) == 0);
  const lnx::UniqueFd left(pair[0]);
  const lnx::UniqueFd right(pair[1]);
  lnx::PacketFilter code = lnx::packet_filter(what, false, own_system);
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  BOOST_REQUIRE(::setsockopt(right.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0);
  (void)::send(left.get(), frame.data(), frame.size(), 0);
  std::array<std::uint8_t, 256> got{};
  return ::recv(right.get(), got.data(), got.size(), 0) == static_cast<ssize_t>(frame.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(packet_filter)

BOOST_AUTO_TEST_CASE(each_frame_is_heard_by_one_socket_and_only_one) {
  struct Row {
    const char* what;
    Frame frame;
    Hears by;
  };
  Frame cut_off = lacpdu();
  cut_off.pop_back();
  Frame longer = lacpdu();
  longer.push_back(0);
  const std::vector<Row> rows = {
      {"LACP", lacpdu(), Hears::lacpdus},
      {"an LACPDU of a later version", changed(lacpdu(), 15, 2), Hears::lacpdus},
      {"an LACPDU of the last version", changed(lacpdu(), 15, 255), Hears::lacpdus},
      {"an LACPDU with bytes after it", longer, Hears::lacpdus},
      {"an LACPDU that is cut off", cut_off, Hears::data},
      {"an LACPDU of version 0", changed(lacpdu(), 15, 0), Hears::data},
      {"an LACPDU to another group", changed(lacpdu(), 5, 3), Hears::data},
      {"an LACPDU to a station", changed(lacpdu(), 0, 2), Hears::data},
      {"an LACPDU without an actor", changed(lacpdu(), 16, 2), Hears::data},
      {"an LACPDU with another actor", changed(lacpdu(), 17, 21), Hears::data},
      {"an LACPDU without a partner", changed(lacpdu(), 36, 1), Hears::data},
      {"an LACPDU with another partner", changed(lacpdu(), 37, 19), Hears::data},
      {"a marker, which follows the data sent before it", changed(lacpdu(), 14, 2), Hears::data},
      {"slow protocol 0", changed(lacpdu(), 14, 0), Hears::data},
      {"other slow protocols", slow_frame(3), Hears::data},
      {"ARP", frame_of(0x08, 0x06), Hears::neighbours},
      {"a neighbour solicitation", ipv6_frame(58, 135), Hears::neighbours},
      {"a neighbour advertisement", ipv6_frame(58, 136), Hears::neighbours},
      {"the shortest frame with an ICMPv6 type", ipv6_frame(58, 135, 55), Hears::neighbours},
      {"a frame that ends before the ICMPv6 type", ipv6_frame(58, 135, 54), Hears::data},
      {"a router advertisement", ipv6_frame(58, 134), Hears::data},
      {"a redirect", ipv6_frame(58, 137), Hears::data},
      {"an ICMPv6 echo", ipv6_frame(58, 128), Hears::data},
      {"TCP over IPv6", ipv6_frame(6, 135), Hears::data},
      {"IPv4", frame_of(0x08, 0x00), Hears::data},
      {"VLAN, tag in the frame", frame_of(0x81, 0x00), Hears::data},
      {"a length", frame_of(0x00, 0x26), Hears::data},
  };
  for (const Row& row : rows) {
    for (const Hears socket : {Hears::data, Hears::lacpdus, Hears::neighbours})
      BOOST_TEST(hears(socket, row.frame) == (socket == row.by), row.what << ", socket " << static_cast<int>(socket));
    BOOST_TEST(!hears(Hears::nothing, row.frame), row.what);
  }
}

BOOST_AUTO_TEST_CASE(our_own_lacpdus_take_no_room_from_a_partners) {
  const MacAddress us{{0x02, 0, 0, 0, 0x0a, 1}};
  for (const Hears others : {Hears::data, Hears::other_slow}) {
    BOOST_TEST(hears(Hears::lacpdus, lacpdu(), us));
    BOOST_TEST(!hears(others, lacpdu(), us));
    BOOST_TEST(!hears(Hears::lacpdus, lacpdu(us), us));
    BOOST_TEST(hears(others, lacpdu(us), us));
    // The first and the last byte count.
    for (const std::size_t at : {20U, 25U}) BOOST_TEST(hears(Hears::lacpdus, changed(lacpdu(us), at, 0x77), us));
  }
  BOOST_TEST(hears(Hears::lacpdus, lacpdu(us)));
}

BOOST_AUTO_TEST_CASE(beside_a_program_slow_protocols_are_heard_by_two_sockets_and_nothing_else_is) {
  for (const Frame& slow : {slow_frame(1), slow_frame(2), slow_frame(3), changed(lacpdu(), 14, 2)}) {
    BOOST_TEST(hears(Hears::other_slow, slow));
    BOOST_TEST(!hears(Hears::lacpdus, slow));
  }
  BOOST_TEST(!hears(Hears::other_slow, lacpdu()));
  for (const Frame& frame : {frame_of(0x08, 0x06), ipv6_frame(58, 136), frame_of(0x08, 0x00)}) {
    BOOST_TEST(!hears(Hears::other_slow, frame));
    BOOST_TEST(!hears(Hears::lacpdus, frame));
  }
}

BOOST_AUTO_TEST_CASE(an_lacpdu_tells_whose_it_is) {
  const MacAddress us{{0x02, 0, 0, 0, 0x0a, 1}};
  BOOST_TEST((lnx::actor_of(lacpdu(us)) == us));
  BOOST_TEST(!lnx::actor_of(changed(lacpdu(us), 14, 2)).has_value());
  BOOST_TEST(!lnx::actor_of(changed(lacpdu(us), 13, 8)).has_value());
  BOOST_TEST(!lnx::actor_of(slow_frame(1)).has_value());
  BOOST_TEST(!lnx::actor_of({}).has_value());
}

BOOST_AUTO_TEST_CASE(slow_protocols_and_arp_go_ahead_of_what_is_sent) {
  BOOST_TEST(lnx::goes_ahead(frame_of(0x88, 0x09)));
  BOOST_TEST(lnx::goes_ahead(frame_of(0x08, 0x06)));
  BOOST_TEST(!lnx::goes_ahead(frame_of(0x08, 0x00)));
  BOOST_TEST(!lnx::goes_ahead(Frame(13, 0x88)));
  BOOST_TEST(!lnx::goes_ahead({}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

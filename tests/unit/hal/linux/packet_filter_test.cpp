// hal/linux: which frames which of a port's sockets hears, asked of the kernel's own BPF machine on a pair of sockets.
#include "hal/linux/packet_filter.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <vector>

#include "hal/linux/unique_fd.hpp"

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

bool hears(Hears what, const Frame& frame) {
  std::array<int, 2> pair{};
  BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair.data()) == 0);
  const lnx::UniqueFd left(pair[0]);
  const lnx::UniqueFd right(pair[1]);
  lnx::PacketFilter code = lnx::packet_filter(what, false);
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  BOOST_REQUIRE(::setsockopt(right.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0);
  (void)::send(left.get(), frame.data(), frame.size(), 0);
  std::array<std::uint8_t, 128> got{};
  return ::recv(right.get(), got.data(), got.size(), 0) == static_cast<ssize_t>(frame.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(packet_filter)

BOOST_AUTO_TEST_CASE(each_frame_is_heard_by_one_socket_and_only_one) {
  struct Row {
    const char* what;
    Frame frame;
    bool control;
  };
  const std::vector<Row> rows = {
      {"LACP", slow_frame(1), true},
      {"a marker, which follows the data sent before it", slow_frame(2), false},
      {"other slow protocols", slow_frame(3), true},
      {"ARP", frame_of(0x08, 0x06), true},
      {"a neighbour solicitation", ipv6_frame(58, 135), true},
      {"a neighbour advertisement", ipv6_frame(58, 136), true},
      {"the shortest frame with an ICMPv6 type", ipv6_frame(58, 135, 55), true},
      {"a frame that ends before the ICMPv6 type", ipv6_frame(58, 135, 54), false},
      {"a router advertisement", ipv6_frame(58, 134), false},
      {"a redirect", ipv6_frame(58, 137), false},
      {"an ICMPv6 echo", ipv6_frame(58, 128), false},
      {"TCP over IPv6", ipv6_frame(6, 135), false},
      {"IPv4", frame_of(0x08, 0x00), false},
      {"VLAN, tag in the frame", frame_of(0x81, 0x00), false},
      {"a length", frame_of(0x00, 0x26), false},
  };
  for (const Row& row : rows) {
    BOOST_TEST(hears(Hears::control, row.frame) == row.control, row.what);
    BOOST_TEST(hears(Hears::data, row.frame) != row.control, row.what);
  }
}

BOOST_AUTO_TEST_CASE(beside_a_program_only_slow_protocols_are_apart) {
  BOOST_TEST(hears(Hears::slow_protocols, slow_frame(1)));
  BOOST_TEST(hears(Hears::slow_protocols, slow_frame(2)));
  BOOST_TEST(!hears(Hears::slow_protocols, frame_of(0x08, 0x06)));
  BOOST_TEST(!hears(Hears::slow_protocols, ipv6_frame(58, 136)));
  BOOST_TEST(!hears(Hears::slow_protocols, frame_of(0x08, 0x00)));
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

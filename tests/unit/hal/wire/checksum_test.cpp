#include "hal/wire/checksum.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

namespace wire = bondbox::wire;

BOOST_AUTO_TEST_SUITE(wire_checksum)

BOOST_AUTO_TEST_CASE(the_example_of_rfc_1071_comes_out) {
  const std::uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  BOOST_TEST(wire::internet_checksum(bytes) == 0x220d);
}

BOOST_AUTO_TEST_CASE(an_odd_last_byte_is_padded_with_zero) {
  const std::uint8_t odd[] = {0x12, 0x34, 0x56};
  const std::uint8_t even[] = {0x12, 0x34, 0x56, 0x00};
  BOOST_TEST(wire::internet_checksum(odd) == wire::internet_checksum(even));
}

BOOST_AUTO_TEST_CASE(pieces_of_any_length_sum_to_the_whole) {
  std::vector<std::uint8_t> bytes;
  for (unsigned i = 0; i < 97; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 37 + 5));
  const std::uint16_t whole = wire::internet_checksum(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    wire::InternetChecksum sum;
    sum.add(wire::Bytes(bytes).first(cut));
    sum.add(wire::Bytes(bytes).subspan(cut));
    BOOST_TEST(sum.value() == whole);
  }
}

BOOST_AUTO_TEST_CASE(a_recorded_ipv4_header_sums_to_zero_and_a_flipped_bit_does_not) {
  std::vector<std::uint8_t> header{0x45, 0x00, 0x00, 0x54, 0x48, 0x6e, 0x40, 0x00, 0x40, 0x01,
                                   0x6e, 0x37, 0xc0, 0x00, 0x02, 0x01, 0xc0, 0x00, 0x02, 0x02};
  BOOST_TEST(wire::internet_checksum(header) == 0);
  header[8] ^= 1;
  BOOST_TEST(wire::internet_checksum(header) != 0);
}

BOOST_AUTO_TEST_SUITE_END()

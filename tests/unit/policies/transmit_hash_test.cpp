// What the recorded rows (tests/oracle/hash_vectors_test.cpp) do not show: values by hand, tags, deeper headers,
// buckets.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policies/transmit_hash.hpp"
#include "tests/support/recorded_rows.hpp"

namespace bondbox::test {
namespace {

using FrameBytes = std::vector<std::uint8_t>;

/// Frames from pieces of hex, spaces ignored.
FrameBytes frame_of(std::initializer_list<std::string_view> pieces) {
  std::string hex;
  for (const std::string_view piece : pieces)
    for (const char digit : piece)
      if (digit != ' ') hex += digit;
  FrameBytes frame = bytes_from_hex(hex);
  BOOST_REQUIRE(frame.size() >= 14);
  return frame;
}

constexpr std::string_view macs = "020000000011 020000000a22";
constexpr std::string_view ipv4_udp = "45000020 00010000 40110000 0a010203 0a040506";
constexpr std::string_view ipv4_udp_2 = "45000020 00010000 40110000 c0a80102 c0a80304";
constexpr std::string_view ports = "12345678";
constexpr std::string_view v6_addresses = "20010db8 00000001 00000002 00000003  20010db8 00000010 00000020 00000300";

std::uint32_t hash(HashPolicy policy, std::initializer_list<std::string_view> pieces) {
  return transmit_hash(policy, frame_of(pieces));
}

std::optional<int> bucket(BucketKey key, std::initializer_list<std::string_view> pieces,
                          HashPolicy policy = HashPolicy::layer2) {
  const auto found = transmit_bucket(key, policy, frame_of(pieces));
  return found ? std::optional<int>(*found) : std::nullopt;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(transmit_hash_formulas)

// Worked out by hand: 0x11 ^ 0x22 ^ 0x0800 = 0x0833; addresses 0x0302010a ^ 0x0605040a = 0x05070500; ports 0x78563412.
BOOST_AUTO_TEST_CASE(values_are_those_of_a_little_endian_machine) {
  const auto frame = {macs, std::string_view("0800"), ipv4_udp, ports, std::string_view("0008 0000")};
  BOOST_TEST(hash(HashPolicy::layer2, frame) == 0x0833U);
  // 0x05070d33, folded by 16: 0x05070834, by 8: 0x0502 0f3c
  BOOST_TEST(hash(HashPolicy::layer23, frame) == 0x05020f3cU);
  BOOST_TEST(hash(HashPolicy::encap23, frame) == 0x05020f3cU);
  // 0x7d513112, folded by 16: 0x7d514c43, by 8: 0x7d2c1d0f, without the last bit
  BOOST_TEST(hash(HashPolicy::layer34, frame) == 0x3e960e87U);
  BOOST_TEST(hash(HashPolicy::encap34, frame) == 0x3e960e87U);
  // 0x020000 ^ 0x000a22
  BOOST_TEST(hash(HashPolicy::vlan_srcmac, frame) == 0x020a22U);
}

BOOST_AUTO_TEST_CASE(ipv6_addresses_are_folded_word_by_word) {
  // words as loaded: XOR of both addresses = 01000000 ^ 10000000 ^ 02000000 ^ 20000000 ^ 03000000 ^ 00030000 (loaded)
  const std::uint32_t addresses = 0x01000000U ^ 0x10000000U ^ 0x02000000U ^ 0x20000000U ^ 0x03000000U ^ 0x00030000U;
  std::uint32_t value = addresses ^ 0x78563412U;
  value ^= value >> 16;
  value ^= value >> 8;
  BOOST_TEST(hash(HashPolicy::layer34, {macs, "86dd 60000000 0008 11 40", v6_addresses, ports, "00080000"}) ==
             value >> 1);
}

BOOST_AUTO_TEST_CASE(one_tag_is_taken_off_and_said_in_vlan_srcmac) {
  for (const auto policy :
       {HashPolicy::layer2, HashPolicy::layer23, HashPolicy::layer34, HashPolicy::encap23, HashPolicy::encap34}) {
    const std::uint32_t untagged = hash(policy, {macs, "0800", ipv4_udp, ports});
    BOOST_TEST(hash(policy, {macs, "8100 2064", "0800", ipv4_udp, ports}) == untagged);
    BOOST_TEST(hash(policy, {macs, "88a8 2064", "0800", ipv4_udp, ports}) == untagged);
  }
  BOOST_TEST(hash(HashPolicy::vlan_srcmac, {macs, "8100 2064", "0800", ipv4_udp, ports}) == (0x020a22U ^ 0x2064U));
}

BOOST_AUTO_TEST_CASE(a_second_tag_makes_the_frame_one_that_is_not_ip) {
  for (const auto policy : {HashPolicy::layer23, HashPolicy::layer34, HashPolicy::encap34}) {
    BOOST_TEST(hash(policy, {macs, "88a8 0064", "8100 0065", "0800", ipv4_udp, ports}) == (0x33U ^ 0x8100U));
  }
  BOOST_TEST(hash(HashPolicy::layer34, {macs, "8100 00"}) == (0x33U ^ 0x8100U));
}

BOOST_AUTO_TEST_CASE(a_header_that_is_cut_off_or_impossible_leaves_layer_2) {
  const auto all = {HashPolicy::layer23, HashPolicy::layer34, HashPolicy::encap23, HashPolicy::encap34};
  for (const auto policy : all) {
    BOOST_TEST(hash(policy, {macs, "0800"}) == 0x0833U);
    BOOST_TEST(hash(policy, {macs, "0800", ipv4_udp.substr(0, 42)}) == 0x0833U);
    BOOST_TEST(hash(policy, {macs, "0800 44", ipv4_udp.substr(2), ports}) == 0x0833U);
    BOOST_TEST(hash(policy, {macs, "86dd 60000000 0008 11 40 00"}) == (0x33U ^ 0x86ddU));
  }
}

BOOST_AUTO_TEST_CASE(only_fragments_have_no_ports) {
  const auto with_flags = [](HashPolicy policy, std::string_view flags, std::string_view protocol) {
    return hash(policy,
                {macs, "0800 45000024 0001", flags, "40", protocol, "0000 0a010203 0a040506", "08000000 00070001"});
  };
  for (const auto policy : {HashPolicy::layer34, HashPolicy::encap34}) {
    for (const std::string_view protocol : {"11", "01"}) {
      const std::uint32_t whole = with_flags(policy, "0000", protocol);
      const std::uint32_t portless = with_flags(policy, "0000", "fd");
      BOOST_TEST(whole != portless);
      BOOST_TEST(with_flags(policy, "4000", protocol) == whole);
      BOOST_TEST(with_flags(policy, "2000", protocol) == portless);
      BOOST_TEST(with_flags(policy, "0001", protocol) == portless);
      BOOST_TEST(with_flags(policy, "1000", protocol) == portless);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_protocol_with_ports_gives_them) {
  const auto with_protocol = [](std::string_view protocol) {
    return hash(HashPolicy::layer34,
                {macs, "0800 45000020 00010000 40", protocol, "0000 0a010203 0a040506", ports, "00000000"});
  };
  const std::uint32_t udp = with_protocol("11");
  for (const std::string_view protocol : {"06", "21", "84", "88"}) BOOST_TEST(with_protocol(protocol) == udp);
  for (const std::string_view protocol : {"02", "29", "59", "fd"}) BOOST_TEST(with_protocol(protocol) != udp);
}

BOOST_AUTO_TEST_CASE(icmp_messages_with_an_identifier_are_told_apart_by_it) {
  const auto message = [](std::string_view type, std::string_view id) {
    return hash(HashPolicy::layer34,
                {macs, "0800 4500001c 00010000 40010000 0a010203 0a040506", type, "00 0000", id, "0001"});
  };
  for (const std::string_view type : {"00", "08", "0d", "0e", "80", "81"})
    BOOST_TEST(message(type, "0001") != message(type, "0300"));
  for (const std::string_view type : {"09", "0a", "11", "12"})
    BOOST_TEST(message(type, "0001") == message(type, "0300"));
}

BOOST_AUTO_TEST_CASE(an_icmp_identifier_of_0_counts_as_1) {
  const auto echo = [](std::string_view id) {
    return hash(HashPolicy::layer34,
                {macs, "0800 4500001c 00010000 40010000 0a010203 0a040506", "0800 0000", id, "0001"});
  };
  BOOST_TEST(echo("0000") == echo("0001"));
  BOOST_TEST(echo("0000") != echo("0002"));
}

BOOST_AUTO_TEST_CASE(an_icmp_error_goes_the_way_of_the_packet_it_quotes) {
  const std::uint32_t quoted = hash(HashPolicy::layer34, {macs, "0800", ipv4_udp, ports});
  const std::string_view outer = "0800 4500003c 00010000 40010000 c0a80001 c0a80002";
  for (const std::string_view error : {"0303", "0500", "0b00", "0c00"})
    BOOST_TEST(hash(HashPolicy::layer34, {macs, outer, error, "0000 00000000", ipv4_udp, ports}) == quoted);
  BOOST_TEST(hash(HashPolicy::layer34, {macs, outer, "1100", "0000 00000000", ipv4_udp, ports}) != quoted);
  BOOST_TEST(hash(HashPolicy::encap34, {macs, outer, "0303", "0000 00000000", ipv4_udp, ports}) != quoted);

  const std::string_view udp6 = "60000000 0008 11 40";
  const std::uint32_t quoted6 = hash(HashPolicy::layer34, {macs, "86dd", udp6, v6_addresses, ports});
  const std::string_view outer6 =
      "86dd 60000000 0038 3a 40 fe800000000000000000000000000001 fe800000000000000000000000000002";
  for (const std::string_view error : {"0104", "0200", "0300", "0402"})
    BOOST_TEST(hash(HashPolicy::layer34, {macs, outer6, error, "0000 00000000", udp6, v6_addresses, ports}) == quoted6);
}

BOOST_AUTO_TEST_CASE(spi_is_what_ipsec_has_for_ports) {
  const std::string_view esp = "0800 45000020 00010000 40320000 0a010203 0a040506";
  const std::string_view ah = "0800 45000020 00010000 40330000 0a010203 0a040506";
  const std::uint32_t udp = hash(HashPolicy::layer34, {macs, "0800", ipv4_udp, ports});
  BOOST_TEST(hash(HashPolicy::layer34, {macs, esp, ports}) == udp);
  BOOST_TEST(hash(HashPolicy::layer34, {macs, ah, "06040000", ports}) == udp);
  BOOST_TEST(hash(HashPolicy::layer34, {macs, ah, ports}) != udp);
}

BOOST_AUTO_TEST_CASE(encap_policies_hash_the_innermost_packet) {
  const std::uint32_t plain = hash(HashPolicy::encap34, {macs, "0800", ipv4_udp, ports});
  const std::string_view ipip = "0800 45000034 00010000 40040000 c0a80102 c0a80304";
  const std::string_view gre = "0800 45000034 00010000 402f0000 c0a80102 c0a80304";
  const std::string_view gre6 = "86dd 60000000 0028 2f 40";
  const auto inner = [&](std::initializer_list<std::string_view> outer) {
    FrameBytes frame = frame_of(outer);
    for (const std::string_view piece : {ipv4_udp, ports}) {
      const FrameBytes more = frame_of({"0000000000000000000000000000", piece});
      frame.insert(frame.end(), more.begin() + 14, more.end());
    }
    return transmit_hash(HashPolicy::encap34, frame);
  };
  BOOST_TEST(inner({macs, ipip}) == plain);
  BOOST_TEST(inner({macs, ipip, ipv4_udp_2.substr(0, 18), "40040000 c0a80102 c0a80304"}) == plain);
  BOOST_TEST(inner({macs, gre, "0000 0800"}) == plain);
  BOOST_TEST(inner({macs, gre, "b000 0800 00000000 00000007 00000001"}) == plain);
  BOOST_TEST(inner({macs, gre, "2000 6558 00000007", "0a0b0c0d0e0f 0a0b0c0d0e0e 0800"}) == plain);
  BOOST_TEST(inner({macs, gre, "0000 6558", "0a0b0c0d0e0f 0a0b0c0d0e0e 8100 0001 0800"}) == plain);
  BOOST_TEST(inner({macs, gre6, v6_addresses, "0000 0800"}) == plain);
  BOOST_TEST(inner({macs, "86dd 60000000 0028 3c 40", v6_addresses, "04000000 00000000"}) == plain);
  BOOST_TEST(inner({macs, gre, "4000 0800"}) != plain);
  BOOST_TEST(inner({macs, gre, "0001 0800"}) != plain);
  BOOST_TEST(inner({macs, "0800 45000034 00012000 40040000 c0a80102 c0a80304"}) != plain);
  BOOST_TEST(inner({macs, "86dd 60000000 0028 2c 40", v6_addresses, "04000001 00000000"}) != plain);
  for (const std::string_view cut_off :
       {"00", "8000 0800 0000", "2000 0800 0000", "1000 0800", "0000 6558 0a0b0c0d0e0f"})
    BOOST_TEST(hash(HashPolicy::encap34, {macs, gre, cut_off}) == 0x0833U);
}

BOOST_AUTO_TEST_CASE(encap_policies_pass_extension_headers_and_stop_at_fragments) {
  const std::uint32_t plain = hash(HashPolicy::encap34, {macs, "86dd 60000000 0008 11 40", v6_addresses, ports});
  const std::string_view none = "0000000000000000";
  BOOST_TEST(hash(HashPolicy::encap34, {macs, "86dd 60000000 0020 00 40", v6_addresses, "2b00000000000000",
                                        "3c01000000000000", none, "1100000000000000", ports}) == plain);
  BOOST_TEST(hash(HashPolicy::layer34, {macs, "86dd 60000000 0010 00 40", v6_addresses, "1100000000000000", ports}) !=
             plain);
  const std::uint32_t portless =
      hash(HashPolicy::encap34, {macs, "86dd 60000000 0008 11 40", v6_addresses, "00000000"});
  BOOST_TEST(hash(HashPolicy::encap34, {macs, "86dd 60000000 0010 2c 40", v6_addresses, "1100000100000000", ports}) ==
             portless);
  BOOST_TEST(hash(HashPolicy::encap34, {macs, "86dd 60000000 0008 2c 40", v6_addresses, "3c00000100000000"}) ==
             portless);
  BOOST_TEST(hash(HashPolicy::encap34, {macs, "86dd 60000000 0002 00 40", v6_addresses, "11"}) == (0x33U ^ 0x86ddU));
}

BOOST_AUTO_TEST_CASE(encapsulation_without_end_is_read_to_a_limit) {
  FrameBytes frame = frame_of({macs, "0800"});
  const FrameBytes ipip = bytes_from_hex("450005dc000100004004000001020304c0a80304");
  for (int i = 0; i < 70; ++i) frame.insert(frame.end(), ipip.begin(), ipip.end());
  const std::uint32_t deep = transmit_hash(HashPolicy::encap34, frame);
  frame[14 + 60 * 20 + 12] = 0x99;
  BOOST_TEST(transmit_hash(HashPolicy::encap34, frame) == deep);
  frame[14 + 14 * 20 + 12] = 0x99;
  BOOST_TEST(transmit_hash(HashPolicy::encap34, frame) != deep);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(transmit_buckets)

BOOST_AUTO_TEST_CASE(mode_5_uses_the_low_byte_of_the_hash) {
  BOOST_TEST(bucket(BucketKey::transmit_hash, {macs, "0800", ipv4_udp, ports}).value() == 0x33);
  BOOST_TEST(bucket(BucketKey::transmit_hash, {macs, "0800", ipv4_udp, ports}, HashPolicy::layer23).value() == 0x3c);
  BOOST_TEST(bucket(BucketKey::transmit_hash, {macs, "86dd 60000000 0008 11 40", v6_addresses, ports}).value() ==
             (0x33 ^ 0xdd));
}

BOOST_AUTO_TEST_CASE(mode_6_uses_the_bytes_of_the_destination_address) {
  BOOST_TEST(bucket(BucketKey::destination_ip, {macs, "0800", ipv4_udp, ports}).value() == (10 ^ 4 ^ 5 ^ 6));
  BOOST_TEST(bucket(BucketKey::destination_ip, {macs, "8100 0064 0800", ipv4_udp, ports}).value() == (10 ^ 4 ^ 5 ^ 6));
  BOOST_TEST(bucket(BucketKey::destination_ip, {macs, "86dd 60000000 0008 11 40", v6_addresses, ports}).value() ==
             (0x20 ^ 0x01 ^ 0x0d ^ 0xb8 ^ 0x10 ^ 0x20 ^ 0x03));
}

BOOST_AUTO_TEST_CASE(what_is_not_unicast_ip_has_no_bucket) {
  for (const BucketKey key : {BucketKey::transmit_hash, BucketKey::destination_ip}) {
    BOOST_TEST(!bucket(key, {"333300000016 020000000a22 86dd 60000000 0008 11 40", v6_addresses, ports}));
    BOOST_TEST(!bucket(key, {"ffffffffffff 020000000a22 0800", ipv4_udp, ports}));
    BOOST_TEST(!bucket(key, {macs, "0806 0001 0800 06 04 0001"}));
    BOOST_TEST(!bucket(key, {macs, "88b5", ipv4_udp, ports}));
    BOOST_TEST(!bucket(key, {macs, "0800", ipv4_udp.substr(0, 42)}));
    BOOST_TEST(!bucket(key, {macs, "86dd 60000000 0008 11 40 00"}));
  }
}

BOOST_AUTO_TEST_CASE(ipv4_multicast_has_a_bucket_in_mode_6_only) {
  const std::string_view header = "01005e040506 020000000a22 0800";
  BOOST_TEST(!bucket(BucketKey::transmit_hash, {header, ipv4_udp, ports}));
  BOOST_TEST(bucket(BucketKey::destination_ip, {header, ipv4_udp, ports}).value() == (10 ^ 4 ^ 5 ^ 6));
}

BOOST_AUTO_TEST_CASE(neighbour_discovery_has_no_bucket_but_other_icmpv6_has) {
  const std::string_view header = "86dd 60000000 0018 3a ff";
  for (const BucketKey key : {BucketKey::transmit_hash, BucketKey::destination_ip}) {
    BOOST_TEST(!bucket(key, {macs, header, v6_addresses, "87000000 00000000"}));
    BOOST_TEST(!bucket(key, {macs, header, v6_addresses, "88000000 00000000"}));
    BOOST_TEST(!bucket(key, {macs, header, v6_addresses, "80"}));
    BOOST_TEST(bucket(key, {macs, header, v6_addresses, "80000000 00010001"}).has_value());
  }
}

BOOST_AUTO_TEST_CASE(igmp_broadcast_and_address_probes_have_no_bucket_in_mode_6) {
  const std::string_view igmp = "0800 45000020 00010000 40020000 0a010203 0a040506 16000000";
  const std::string_view limited = "0800 45000020 00010000 40110000 0a010203 ffffffff 12345678";
  const std::string_view unspecified = "00000000 00000000 00000000 00000000";
  const std::string_view some = "20010db8 00000000 00000000 00000001";
  BOOST_TEST(!bucket(BucketKey::destination_ip, {macs, igmp}));
  BOOST_TEST(!bucket(BucketKey::destination_ip, {macs, limited}));
  BOOST_TEST(!bucket(BucketKey::destination_ip, {macs, "86dd 60000000 0008 11 40", unspecified, some, ports}));
  BOOST_TEST(bucket(BucketKey::transmit_hash, {macs, igmp}).has_value());
  BOOST_TEST(bucket(BucketKey::transmit_hash, {macs, limited}).has_value());
  BOOST_TEST(
      bucket(BucketKey::transmit_hash, {macs, "86dd 60000000 0008 11 40", unspecified, some, ports}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

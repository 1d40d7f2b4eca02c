#include "hal/wire/ip_address.hpp"

#include <arpa/inet.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <random>
#include <string>

using bondbox::IpAddress;
using bondbox::IpPrefix;

namespace {

/// The C library as the oracle: the address, or nothing.
std::optional<IpAddress> by_the_c_library(const std::string& text) {
  std::array<std::uint8_t, 16> octets{};
  if (inet_pton(AF_INET, text.c_str(), octets.data()) == 1)
    return IpAddress::from_bytes(bondbox::wire::Bytes(octets).first(4));
  if (inet_pton(AF_INET6, text.c_str(), octets.data()) == 1) return IpAddress::from_bytes(octets);
  return std::nullopt;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(wire_ip_address)

BOOST_AUTO_TEST_CASE(texts_of_rfc_5952_come_out) {
  const std::pair<const char*, const char*> pairs[] = {
      {"192.168.10.52", "192.168.10.52"},
      {"0.0.0.0", "0.0.0.0"},
      {"::", "::"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"FE80::A", "fe80::a"},
      {"2001:0db8::0001", "2001:db8::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one zero group stays
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest run
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of two equal ones
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"1:2:3:4:5:6::", "1:2:3:4:5:6::"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
  };
  for (const auto& [in, out] : pairs) {
    const std::optional<IpAddress> address = IpAddress::parse(in);
    BOOST_REQUIRE_MESSAGE(address.has_value(), in);
    BOOST_TEST(address->text() == out);
  }
}

BOOST_AUTO_TEST_CASE(what_the_c_library_refuses_is_refused) {
  for (const char* text : {"",
                           "1.2.3",
                           "1.2.3.4.5",
                           "1.2.3.256",
                           "01.2.3.4",
                           "1.2.3.4 ",
                           " 1.2.3.4",
                           "1..3.4",
                           "1.2.3.",
                           "+1.2.3.4",
                           "1.2.3.1000",
                           ":",
                           ":::",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "12345::",
                           "g::",
                           ":1::",
                           "1::2:",
                           "1:2:3:4:5:6:7::8",
                           "::1.2.3",
                           "1.2.3.4::",
                           "::1.2.3.4:5",
                           "fe80::1%eth0",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::-1"}) {
    BOOST_TEST(!by_the_c_library(text).has_value(), "the oracle accepts: " << text);
    BOOST_TEST(!IpAddress::parse(text).has_value(), "accepted: " << text);
  }
}

BOOST_AUTO_TEST_CASE(random_texts_are_read_as_the_c_library_reads_them) {
  std::mt19937 random(5);
  const std::string letters = "0123aF::::..";
  std::size_t accepted = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text(2 + random() % 12, ':');
    for (char& c : text) c = letters[random() % letters.size()];
    const std::optional<IpAddress> expected = by_the_c_library(text);
    accepted += expected ? 1 : 0;
    BOOST_REQUIRE_MESSAGE(IpAddress::parse(text) == expected, text);
  }
  BOOST_TEST(accepted > 100U);
}

BOOST_AUTO_TEST_CASE(random_addresses_survive_text_and_parsing) {
  std::mt19937 random(6);
  for (int round = 0; round < 5'000; ++round) {
    std::array<std::uint8_t, 16> octets{};
    for (std::size_t i = 0; i < 16; ++i) octets[i] = static_cast<std::uint8_t>(random() % 3 == 0 ? random() : 0);
    for (const std::size_t size : {4U, 16U}) {
      const IpAddress address = IpAddress::from_bytes(bondbox::wire::Bytes(octets).first(size));
      BOOST_REQUIRE_MESSAGE(IpAddress::parse(address.text()) == address, address.text());
      BOOST_REQUIRE_MESSAGE(by_the_c_library(address.text()) == address, address.text());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_prefix_needs_a_length_its_family_allows) {
  const std::optional<IpPrefix> prefix = IpPrefix::parse("192.168.10.52/24");
  BOOST_REQUIRE(prefix.has_value());
  BOOST_TEST(prefix->length == 24);
  BOOST_TEST(prefix->text() == "192.168.10.52/24");
  BOOST_TEST(IpPrefix::parse("fe80::1/128").value().text() == "fe80::1/128");
  BOOST_TEST(IpPrefix::parse("0.0.0.0/0").has_value());
  for (const char* text : {"1.2.3.4", "1.2.3.4/", "1.2.3.4/33", "fe80::1/129", "1.2.3.4/024", "1.2.3.4/-1", "/24",
                           "1.2.3.4/24 ", "1.2.3.4/24/1"}) {
    BOOST_TEST(!IpPrefix::parse(text).has_value(), "accepted: " << text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

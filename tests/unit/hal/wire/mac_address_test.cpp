#include "hal/wire/mac_address.hpp"

#include <boost/test/unit_test.hpp>

using bondbox::MacAddress;

BOOST_AUTO_TEST_SUITE(wire_mac_address)

BOOST_AUTO_TEST_CASE(text_and_parsing_are_inverse) {
  const MacAddress mac{{0x02, 0x00, 0xab, 0xCD, 0x0a, 0xff}};
  BOOST_TEST(mac.text() == "02:00:ab:cd:0a:ff");
  BOOST_TEST((MacAddress::parse(mac.text()) == mac));
}

BOOST_AUTO_TEST_CASE(single_digits_capitals_and_dashes_are_accepted) {
  const MacAddress expected{{0x02, 0x00, 0x00, 0x00, 0x0a, 0x01}};
  BOOST_TEST((MacAddress::parse("2:0:0:0:A:1") == expected));
  BOOST_TEST((MacAddress::parse("02-00-00-00-0a-01") == expected));
}

BOOST_AUTO_TEST_CASE(anything_else_is_refused) {
  for (const char* text : {"", "02", "02:00:00:00:0a", "02:00:00:00:0a:01:02", "02:00:00:00:0a:", ":00:00:00:00:0a:01",
                           "02:00:00:00:0a:001", "02:00:00:00:0a:0g", "02:00-00:00-0a:01", "02.00.00.00.0a.01",
                           "020000000a01", " 02:00:00:00:0a:01", "02:00:00:00:0a:01 ", "02:00::00:0a:01"}) {
    BOOST_TEST(!MacAddress::parse(text).has_value(), "accepted: " << text);
  }
}

BOOST_AUTO_TEST_CASE(kinds_of_addresses_are_told_apart) {
  const MacAddress station{{0x02, 0, 0, 0, 0, 1}};
  const MacAddress group{{0x01, 0, 0x5e, 0, 0, 1}};
  const MacAddress slow{{0x01, 0x80, 0xc2, 0, 0, 0x02}};
  const MacAddress beyond{{0x01, 0x80, 0xc2, 0, 0, 0x10}};
  BOOST_TEST(station.is_station());
  BOOST_TEST(!group.is_station());
  BOOST_TEST(!MacAddress{}.is_station());
  BOOST_TEST(!bondbox::broadcast_mac.is_station());
  BOOST_TEST(bondbox::broadcast_mac.is_broadcast());
  BOOST_TEST(!group.is_broadcast());
  BOOST_TEST(slow.is_link_local());
  BOOST_TEST(!beyond.is_link_local());
}

BOOST_AUTO_TEST_SUITE_END()

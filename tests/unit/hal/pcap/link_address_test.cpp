#include "hal/pcap/link_address.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

using bondbox::MacAddress;
namespace pcapio = bondbox::pcapio;

namespace {

constexpr MacAddress expected{{2, 0, 0, 0, 0x0a, 1}};
// family 17, protocol 0, interface 3, hardware type 1, packet type 0, length 6, the address in a field of 8
const std::vector<std::uint8_t> linux_address{17, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 6, 2, 0, 0, 0, 0x0a, 1, 0, 0};
// length 20, family 18, index 2, type 6, name of 3, address of 6, selector of 0, "em0", the address
const std::vector<std::uint8_t> bsd_address{20, 18, 2, 0, 6, 3, 6, 0, 'e', 'm', '0', 2, 0, 0, 0, 0x0a, 1, 0, 0, 0};

template <class Read>
void refuses_every_truncation(const std::vector<std::uint8_t>& whole, std::size_t needed, Read read) {
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    BOOST_TEST(read(cut).has_value() == (length >= needed), "length " << length);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pcap_link_address)

BOOST_AUTO_TEST_CASE(both_layouts_are_read) {
  BOOST_TEST((pcapio::mac_in_sockaddr_ll(linux_address) == expected));
  BOOST_TEST((pcapio::mac_in_sockaddr_dl(bsd_address) == expected));
}

BOOST_AUTO_TEST_CASE(truncated_addresses_are_refused_at_every_length) {
  refuses_every_truncation(linux_address, 18, pcapio::mac_in_sockaddr_ll);
  refuses_every_truncation(bsd_address, 17, pcapio::mac_in_sockaddr_dl);
}

BOOST_AUTO_TEST_CASE(addresses_of_other_lengths_are_refused) {
  auto loopback = linux_address;
  loopback[11] = 0;
  BOOST_TEST(!pcapio::mac_in_sockaddr_ll(loopback).has_value());
  auto infiniband = bsd_address;
  infiniband[6] = 20;
  BOOST_TEST(!pcapio::mac_in_sockaddr_dl(infiniband).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

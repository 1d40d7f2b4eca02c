// The reports by which the kernel driver (Linux 6.1.176, mode 1, resend_igmp) made the host's groups known again after
// active_slave was written: IGMP versions 3, 2 and 1, on the bond itself and on a VLAN interface. A row is version,
// VLAN, MAC and address of the interface, group, and the frame as the far end received it, its tag taken off.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "hal/packet.hpp"
#include "hal/wire/igmp.hpp"
#include "tests/support/recorded_rows.hpp"

namespace bondbox::test {

BOOST_AUTO_TEST_SUITE(igmp_reports)

BOOST_AUTO_TEST_CASE(each_report_is_byte_for_byte_the_one_that_the_kernel_driver_sent) {
  const auto rows = read_recorded_rows("igmp_reports.csv");
  BOOST_REQUIRE(rows.size() == 12u);
  for (const auto& row : rows) {
    BOOST_REQUIRE(row.size() == 6u);
    const VlanId vlan{static_cast<std::uint16_t>(std::stoul(row[1]))};
    const auto recorded = bytes_from_hex(row[5]);
    PacketBatch expected(1);
    BOOST_REQUIRE(expected.prepare().assign(recorded));
    expected.commit();
    if (vlan.tagged()) BOOST_REQUIRE(expected[0].insert_vlan(0x8100, vlan.value));

    const auto built =
        wire::build_igmp_report(MacAddress::parse(row[2]).value(), IpAddress::parse(row[3]).value(),
                                IpAddress::parse(row[4]).value(), static_cast<std::uint8_t>(std::stoul(row[0])), vlan);
    const wire::Bytes frame = std::as_const(expected[0]).frame();
    BOOST_TEST(
        std::vector<std::uint8_t>(built.begin(), built.end()) == std::vector<std::uint8_t>(frame.begin(), frame.end()),
        boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

// Mode 0 with ports that go down and come back, as recorded on the kernel driver (Linux 6.1.176): on which of four
// ports each of 16 frames left, and then an IGMP frame. The counter goes on from row to row of a packets_per_slave.
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>

#include "hal/wire/igmp.hpp"
#include "tests/support/recorded_rows.hpp"
#include "tests/support/sim_bench.hpp"

namespace bondbox::test {
namespace {

constexpr const char* cards[] = {"e0", "e1", "e2", "e3"};

struct FourPorts : SimBench {
  explicit FourPorts(std::uint16_t packets_per_slave) : SimBench({"e0", "e1", "e2", "e3"}) {
    BondConfig config = SimBench::config({"e0", "e1", "e2", "e3"});
    config.options.mode = Mode::balance_rr;
    config.options.packets_per_slave = packets_per_slave;
    config.options.resend_igmp = 0;
    add(config);
    run_for(500);
  }
  /// "2", or "-" for none.
  std::string port_of(const Frame& frame) {
    for (const char* card : cards) world.clear_sent(card);
    host_sends(frame);
    std::string ports;
    for (const char* card : cards)
      if (!world.sent(card).empty()) ports += card[1];
    return ports.empty() ? "-" : ports;
  }
};

Frame igmp_report(const MacAddress& source) {
  const auto frame = wire::build_igmp_report(source, IpAddress::parse("192.0.2.1").value(),
                                             IpAddress::parse("239.1.2.3").value(), 3, {});
  return {frame.begin(), frame.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rr_ports_down)

BOOST_AUTO_TEST_CASE(each_frame_leaves_on_the_port_that_the_kernel_chose) {
  std::unique_ptr<FourPorts> bench;
  std::string setting;
  std::size_t count = 0;
  for (const auto& row : read_recorded_rows("rr_ports_down.csv")) {
    BOOST_REQUIRE_EQUAL(row.size(), 4U);
    if (row[0] == "packets_per_slave") continue;
    ++count;
    if (row[0] != setting) {
      setting = row[0];
      bench = std::make_unique<FourPorts>(static_cast<std::uint16_t>(std::stoi(setting)));
    }
    if (row[1] != "none") {
      bench->link(row[1].substr(0, 2).c_str(), row[1].substr(3) == "up");
      bench->run_for(500);
    }
    std::string ports;
    for (std::uint32_t i = 0; i < 16; ++i)
      ports += (i == 0 ? "" : " ") + bench->port_of(data_frame(station_mac(1), bench->host().mac(), i));
    BOOST_TEST(ports == row[2], row[0] << " " << row[1]);
    BOOST_TEST(bench->port_of(igmp_report(bench->host().mac())) == row[3], row[0] << " " << row[1] << ", IGMP");
  }
  BOOST_TEST(count == 18U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

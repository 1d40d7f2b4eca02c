// More peers than a table of mode 6 has places: what is kept is bounded, who lost a place is counted.
#include <boost/test/unit_test.hpp>
#include <numeric>

#include "hal/wire/arp.hpp"
#include "hal/wire/nd.hpp"
#include "tests/support/allocation_counter.hpp"
#include "tests/support/sim_bench.hpp"

namespace bondbox::test {
namespace {

constexpr std::uint32_t clients = 65'536;
constexpr std::uint64_t places = 256;  ///< of each family

struct ManyClients : SimBench {
  ManyClients() : SimBench({"e0", "e1"}) {
    BondConfig config = SimBench::config({"e0", "e1"});
    config.options.mode = Mode::balance_alb;
    config.addresses = {IpPrefix::parse("10.0.0.1/8").value(), IpPrefix::parse("fd00::1/64").value()};
    add(config);
    run_to(1'000);
  }

  static MacAddress mac_of(std::uint32_t number) {
    return {{0x02, 0x01, 0, static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8),
             static_cast<std::uint8_t>(number)}};
  }
  /// The host answers a client, so that the bond may tell it which port to send to.
  void answer_v4(std::uint32_t number) {
    const IpAddress client{IpAddress::Family::v4,
                           {10, 1, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)}};
    const auto frame = wire::build_arp({wire::ArpOperation::reply, host().mac(),
                                        IpAddress{IpAddress::Family::v4, {10, 0, 0, 1}}, mac_of(number), client},
                                       mac_of(number), {});
    BOOST_TEST_REQUIRE(host().inject(frame));
    settle();
  }
  std::uint64_t known() {
    const auto& counts = status().balance->clients;
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(many_clients)

BOOST_AUTO_TEST_CASE(of_64_k_clients_as_many_are_kept_as_there_are_places_and_the_rest_is_counted) {
  ManyClients bench;
  for (std::uint32_t i = 0; i < clients; ++i) {
    bench.answer_v4(i);
    if (i % 1024 == 0) bench.run_for(1);
  }
  BOOST_TEST(bench.known() == places);
  BOOST_TEST(bench.status().balance->clients_replaced == clients - places);
  // The bond goes on: a port fails, and every client that is known hears of the other one.
  bench.link("e0", false);
  bench.run_for(3'000);
  BOOST_TEST(bench.known() == places);
  BOOST_TEST(bench.status().balance->clients[1] == places);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

#include "tests/support/alb_bench.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

namespace bondbox::test {

AlbBench::AlbBench(std::initializer_list<const char*> cards, BondConfig config) : SimBench(cards) {
  BOOST_REQUIRE(world.add_switch("sw").ok());
  for (const char* card : cards) BOOST_REQUIRE(world.connect(card, "sw").ok());
  config.options.mode = Mode::balance_alb;
  add(config);
  run_to(1'000);
}

void AlbBench::ask_all() {
  for (std::uint8_t client = 0; client < client_count; ++client) ask(client);
}

std::uint64_t AlbBench::send_all() {
  reached = 0;
  for (std::uint8_t client = 0; client < client_count; ++client)
    BOOST_REQUIRE_EQUAL(world.send(name_of(client), data_frame(believed[client], mac_of(client))), 0);
  settle();
  answer();
  return reached;
}

std::ptrdiff_t AlbBench::believers(const MacAddress& mac) const {
  return std::count(believed.begin(), believed.end(), mac);
}

void AlbBench::pass(std::int64_t span_ms) {
  run_for(span_ms);
  answer();
  listen();
}

void check_both_ports_receive(AlbBench& bench) {
  bench.ask_all();
  BOOST_TEST(bench.believers(card_mac(0)) == 2);
  BOOST_TEST(bench.believers(card_mac(1)) == 2);
  const std::uint64_t before[] = {bench.port("e0").counters.rx_frames, bench.port("e1").counters.rx_frames};
  BOOST_TEST(bench.send_all() == AlbBench::client_count);
  BOOST_TEST(bench.port("e0").counters.rx_frames - before[0] >= 2U);
  BOOST_TEST(bench.port("e1").counters.rx_frames - before[1] >= 2U);
  const BondStatus status = bench.status();
  BOOST_TEST(status.balance->clients[0] == 2U);
  BOOST_TEST(status.balance->clients[1] == 2U);
}

void check_a_pulled_cable(AlbBench& bench, const std::string& pulled) {
  const char* const other = pulled == "e0" ? "e1" : "e0";
  bench.ask_all();
  bench.pass(5'000);
  bench.link(pulled.c_str(), false);
  // Before anybody was told anything: the other port hears for both addresses.
  BOOST_TEST(bench.send_all() == AlbBench::client_count, pulled << " pulled");
  bench.pass(3'000);
  const MacAddress alive = bench.host().mac();
  BOOST_TEST(bench.believers(alive) == AlbBench::client_count, pulled << " pulled");
  BOOST_TEST(bench.send_all() == AlbBench::client_count);
  bench.pass(12'000);
  BOOST_TEST(!bench.card(other).promiscuous);
  bench.link(pulled.c_str(), true);
  BOOST_TEST(bench.send_all() == AlbBench::client_count);
  bench.pass(5'000);
  BOOST_TEST(bench.believers(alive) == 2, pulled << " back");
  BOOST_TEST(bench.send_all() == AlbBench::client_count);
}

}  // namespace bondbox::test

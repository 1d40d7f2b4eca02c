// Mode 6 with IPv6: stations on a learning switch send to the port that an advertisement told them of, through a pulled
// cable and back.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <string>

#include "hal/wire/ethernet.hpp"
#include "hal/wire/nd.hpp"
#include "tests/support/alb_bench.hpp"
#include "tests/support/allocation_counter.hpp"
#include "tests/support/na_frames.hpp"

namespace {

using namespace bondbox;
using test::AlbBench;
using test::AllocationCounter;
using test::card_mac;
using test::data_frame;
using test::Frame;
using test::NaFrame;
using test::SimBench;

constexpr std::uint8_t client_count = AlbBench::client_count;
const IpAddress host_ip = IpAddress::parse("2001:db8::1").value();

Frame frame_of(const wire::SmallFrame& small) {
  return {small.begin(), small.end()};
}

std::optional<wire::NeighbourSolicitationView> solicitation_of(const Frame& frame) {
  const auto view = wire::EthernetView::parse(frame);
  if (!view || view->ethertype() != wire::ethertype::ipv6) return std::nullopt;
  const auto packet = wire::Ipv6View::parse(view->payload());
  if (!packet) return std::nullopt;
  return wire::NeighbourSolicitationView::parse(*packet);
}

/// The bond is 2001:db8::1, the stations are 2001:db8::10 and on. A station believes what an advertisement that
/// overrides says (RFC 4861 7.2.5), and a solicitation to it (7.2.3).
struct Alb6 : AlbBench {
  explicit Alb6(bool nd_balance = true) : AlbBench({"e0", "e1", "s0", "s1", "s2", "s3"}, config_of(nd_balance)) {}

  static BondConfig config_of(bool nd_balance) {
    BondConfig config = SimBench::config({"e0", "e1"});
    config.options.nd_balance = nd_balance;
    config.addresses = {IpPrefix::parse("2001:db8::1/64").value()};
    return config;
  }
  static IpAddress ip_of(std::uint8_t client) {
    IpAddress address = host_ip;
    address.octets[15] = static_cast<std::uint8_t>(0x10 + client);
    return address;
  }

  void listen() override {
    for (std::uint8_t client = 0; client < client_count; ++client) {
      for (const Frame& frame : world.take_received(name_of(client).c_str())) {
        const auto na = test::read_na(frame);
        if (na && na->target == host_ip && na->link && (na->flags & test::na_override) != 0) {
          BOOST_TEST(na->checksum_right);
          believed[client] = *na->link;
          ++told[client];
        }
        const auto asked = solicitation_of(frame);
        if (!asked || asked->target() != ip_of(client) || asked->source() != host_ip) continue;
        believed[client] = asked->source_link_address().value();
        NaFrame answer;
        answer.to_mac = believed[client];
        answer.from_mac = mac_of(client);
        answer.from = answer.target = ip_of(client);
        answer.to = host_ip;
        answer.link = mac_of(client);
        BOOST_REQUIRE_EQUAL(world.send(name_of(client), write_na(answer)), 0);
        settle();
      }
    }
  }
  void answer() override {
    for (const Frame& frame : host().take_delivered()) {
      if (test::data_number(frame) >= 0) ++reached;
      const auto asked = solicitation_of(frame);
      if (!asked || asked->target() != host_ip) continue;
      NaFrame na;
      na.to_mac = asked->source_link_address().value();
      na.from_mac = host().mac();
      na.from = na.target = host_ip;
      na.to = asked->source();
      na.link = host().mac();
      BOOST_REQUIRE(host_sends(write_na(na)));
    }
  }
  void ask(std::uint8_t client) override {
    const auto frame = wire::build_neighbour_solicitation(mac_of(client), ip_of(client), host_ip, {});
    BOOST_REQUIRE_EQUAL(world.send(name_of(client), frame_of(frame)), 0);
    settle();
    answer();
    listen();
  }

  std::array<int, client_count> told{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(balance_alb_ipv6)

BOOST_AUTO_TEST_CASE(clients_are_told_of_both_ports_in_turn_and_both_receive) {
  Alb6 bench;
  test::check_both_ports_receive(bench);
}

BOOST_AUTO_TEST_CASE(no_client_loses_the_host_when_a_cable_is_pulled_and_both_ports_are_used_again_after_it) {
  for (const char* pulled : {"e0", "e1"}) {
    Alb6 bench;
    test::check_a_pulled_cable(bench, pulled);
  }
}

BOOST_AUTO_TEST_CASE(clients_of_a_released_port_move_and_get_it_back) {
  Alb6 bench;
  bench.ask_all();
  bench.pass(5'000);
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.release("e1"); }).ok());
  bench.pass(3'000);
  BOOST_TEST(bench.believers(card_mac(0)) == client_count);
  BOOST_TEST(bench.send_all() == client_count);
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.enslave("e1"); }).ok());
  bench.pass(5'000);
  BOOST_TEST(bench.believers(card_mac(1)) == 2);
  BOOST_TEST(bench.send_all() == client_count);
}

BOOST_AUTO_TEST_CASE(a_client_that_the_host_asks_is_told_its_port_again) {
  Alb6 bench;
  bench.ask_all();
  bench.pass(5'000);
  const auto client = static_cast<std::uint8_t>(std::find(bench.believed.begin(), bench.believed.end(), card_mac(1)) -
                                                bench.believed.begin());
  const std::array<int, client_count> before = bench.told;
  const auto frame = wire::build_neighbour_solicitation(bench.host().mac(), host_ip, Alb6::ip_of(client), {});
  BOOST_REQUIRE(bench.host_sends(frame_of(frame)));
  bench.listen();
  BOOST_TEST((bench.believed[client] == card_mac(0)));
  bench.pass(2'100);
  BOOST_TEST((bench.believed[client] == card_mac(1)));
  for (std::uint8_t other = 0; other < client_count; ++other)
    BOOST_TEST(bench.told[other] - before[other] == (other == client ? 2 : 0));
}

BOOST_AUTO_TEST_CASE(without_nd_balance_all_send_to_the_active_port) {
  Alb6 bench(false);
  bench.ask_all();
  BOOST_TEST(bench.believers(card_mac(0)) == client_count);
  BOOST_TEST(bench.status().balance->clients[1] == 0U);
}

BOOST_AUTO_TEST_CASE(turning_nd_balance_off_brings_all_to_the_active_port_and_on_again_spreads_who_asks) {
  Alb6 bench;
  bench.ask_all();
  bench.pass(5'000);
  const std::array<int, client_count> before = bench.told;
  BOOST_REQUIRE(bench.set("nd_balance", "0").ok());
  bench.pass(100);
  BOOST_TEST(bench.believers(card_mac(0)) == client_count);
  bench.pass(10'000);
  for (std::uint8_t client = 0; client < client_count; ++client) BOOST_TEST(bench.told[client] - before[client] <= 2);
  bench.ask_all();
  BOOST_TEST(bench.believers(card_mac(0)) == client_count);
  BOOST_TEST(bench.status().balance->clients[1] == 0U);
  BOOST_REQUIRE(bench.set("nd_balance", "1").ok());
  bench.ask_all();
  BOOST_TEST(bench.believers(card_mac(1)) == 2);
}

BOOST_AUTO_TEST_CASE(what_is_left_alone_leaves_on_the_active_port_as_the_host_wrote_it) {
  Alb6 bench;
  NaFrame na;
  na.to_mac = Alb6::mac_of(0);
  na.from_mac = bench.host().mac();
  na.from = na.target = host_ip;
  na.to = Alb6::ip_of(0);
  std::vector<Frame> written{write_na(na)};  // an answer to a unicast probe
  na.link = bench.host().mac();
  na.flags = test::na_override;
  written.push_back(write_na(na));
  na.to_mac = MacAddress{{0x33, 0x33, 0, 0, 0, 1}};
  na.to = IpAddress::parse("ff02::1").value();
  written.push_back(write_na(na));
  Frame longer = write_na(na);
  longer.resize(200);
  written.push_back(longer);
  std::vector<Frame> left;
  bench.world.set_tap([&](const std::string& card, bool outgoing, Tick, wire::Bytes bytes) {
    if (outgoing && card[0] == 'e' && test::read_na({bytes.begin(), bytes.end()})) {
      BOOST_TEST(card == "e0");
      left.emplace_back(bytes.begin(), bytes.end());
    }
  });
  for (const Frame& frame : written) BOOST_REQUIRE(bench.host_sends(frame));
  bench.run_for(5);
  BOOST_TEST((left == written));
  BOOST_TEST(bench.status().balance->clients[0] + bench.status().balance->clients[1] == 0U);
}

BOOST_AUTO_TEST_CASE(balancing_neighbours_through_a_failover_allocates_nothing) {
  Alb6 bench;
  NaFrame na;
  na.from_mac = bench.host().mac();
  na.from = na.target = host_ip;
  na.link = bench.host().mac();
  std::vector<Frame> answers;
  for (std::uint8_t client = 0; client < client_count; ++client) {
    na.to_mac = Alb6::mac_of(client);
    na.to = Alb6::ip_of(client);
    answers.push_back(write_na(na));
  }
  const auto busy = [&](std::int64_t span_ms) {
    for (std::int64_t end = bench.now() + span_ms; bench.now() < end;) {
      bench.run_for(50);
      for (const Frame& answer : answers) bench.host().inject(answer);
      bench.settle();
    }
  };
  // Once before it is counted: what the simulated switch learns by each port.
  const auto fail_over_and_back = [&] {
    busy(1'000);
    bench.link("e0", false);
    busy(3'000);
    bench.link("e0", true);
    busy(5'000);
  };
  fail_over_and_back();
  const AllocationCounter counter;
  fail_over_and_back();
  const std::uint64_t made = counter.count();
  BOOST_TEST(made == 0U);
  BOOST_TEST(bench.status().balance->clients[1] == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

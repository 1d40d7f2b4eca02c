// What was recorded on the kernel driver (Linux 6.1.176) of frames sent through bonds of three ports in modes 0, 1, 3,
// 5 and 6, repeated here by the forwarder. The plans of modes 0, 1 and 3 are their policies' own; the others are what
// policies/plan.hpp says of those modes.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/forwarder.hpp"
#include "policies/modes.hpp"
#include "policies/transmit_hash.hpp"
#include "tests/support/fake_nic.hpp"
#include "tests/support/recorded_rows.hpp"

namespace bondbox::test {
namespace {

constexpr std::size_t port_count = 3;
constexpr std::size_t recorded_rows = 144;
constexpr std::size_t rows_of_a_mode = 18;  ///< 14 of UDP, then 4 of IGMP
constexpr MacAddress bond_mac{{0x02, 0, 0, 0, 0x0a, 0}};

struct Row {
  std::string kind;
  std::string ports;  ///< "0", or "0+1+2"
  std::vector<std::uint8_t> frame;
};

/// The rows of one mode ("rr", "ab") and setting ("pps=2"; "pps=None" where there is none), in the order of sending.
std::vector<Row> rows_of(std::string_view mode, std::string_view setting) {
  std::vector<Row> found;
  for (const auto& row : read_recorded_rows("tx_vectors.csv")) {
    BOOST_REQUIRE(row.size() == 6);
    BOOST_REQUIRE(row[2] == "3");
    if (row[0] == mode && row[1] == setting) found.push_back({row[3], row[4], bytes_from_hex(row[5])});
  }
  BOOST_REQUIRE(found.size() == rows_of_a_mode);
  return found;
}

constexpr MacAddress port_mac(std::size_t port) {
  return {{0x02, 0, 0, 0, 0x0a, static_cast<std::uint8_t>(port)}};
}

class ThreePorts {
 public:
  ForwardingPlan plan;

  ThreePorts() {
    plan.carrier = true;
    for (std::uint8_t i = 0; i < port_count; ++i) plan.transmit.usable.push_back(PortId{i});
  }

  void skip(const std::vector<std::uint8_t>& frame, std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) send(frame);
  }

  /// On which ports the frame left, written as in the table; every copy is what was sent.
  std::string send(const std::vector<std::uint8_t>& frame) {
    NicTable table{};
    for (std::size_t i = 0; i < port_count; ++i) {
      nics_[i].sent.clear();
      table[i] = &nics_[i];
    }
    batch_.clear();
    BOOST_REQUIRE(batch_.prepare().assign(frame));
    batch_.commit();
    forwarder_.host_to_ports(batch_, plan, table);
    std::string ports;
    for (std::size_t i = 0; i < port_count; ++i) {
      if (nics_[i].sent.size() == 0) continue;
      BOOST_TEST(nics_[i].sent.size() == 1U);
      BOOST_TEST(std::ranges::equal(nics_[i].sent[0], frame));
      ports += (ports.empty() ? "" : "+") + std::to_string(i);
    }
    return ports;
  }

 private:
  std::array<FakeNic, port_count> nics_{FakeNic("e0", port_mac(0)), FakeNic("e1", port_mac(1)),
                                        FakeNic("e2", port_mac(2))};
  Forwarder forwarder_;
  PacketBatch batch_{1};
};

void check(ThreePorts& bond, std::string_view mode, std::string_view setting) {
  std::size_t number = 0;
  for (const Row& row : rows_of(mode, setting)) {
    BOOST_TEST(bond.send(row.frame) == row.ports,
               std::string(mode) + " " + std::string(setting) + " " + row.kind + ", row " + std::to_string(number));
    ++number;
  }
}

/// The plan of the mode's policy for three ports that are up.
ForwardingPlan plan_of(Mode mode, std::uint16_t packets_per_slave = 1) {
  BondOptions options;
  options.mode = mode;
  options.packets_per_slave = packets_per_slave;
  BondFacts facts{.options = options, .bond_mac = bond_mac, .bond_up = true, .ports = {}};
  constexpr std::array<std::string_view, port_count> names{"e0", "e1", "e2"};
  AnyPolicy any = make_policy(mode);
  return std::visit(
      [&](auto& policy) {
        for (std::uint8_t i = 0; i < port_count; ++i) {
          facts.ports.push_back({.id = PortId{i},
                                 .name = names[i],
                                 .link = LinkState::up,
                                 .back_left = {},
                                 .speed_mbps = 10'000,
                                 .duplex = Duplex::full,
                                 .mac = bond_mac,
                                 .permanent_mac = port_mac(i),
                                 .options = {}});
          ActionList actions;
          policy.handle(PortAdded{PortId{i}}, facts, Tick{}, actions);
        }
        return policy.plan(facts);
      },
      any);
}

void check_round_robin(std::string_view setting, std::uint16_t packets_per_slave, std::size_t sent_before) {
  ThreePorts bond;
  bond.plan = plan_of(Mode::balance_rr, packets_per_slave);
  bond.skip(rows_of("rr", setting).front().frame, sent_before);
  check(bond, "rr", setting);
}

/// A bond with rebalance=kernel whose policy is asked, as Bond does it, for buckets that have no port.
template <class Balancing>
void check_balancing(std::string_view mode) {
  BondOptions options;
  options.rebalance = Rebalance::kernel;
  BondFacts facts{.options = options, .bond_mac = bond_mac, .bond_up = true, .ports = {}};
  constexpr std::array<std::string_view, port_count> names{"e0", "e1", "e2"};
  Balancing policy;
  ActionList actions;
  for (std::uint8_t i = 0; i < port_count; ++i) {
    PortFacts port;
    port.id = PortId{i};
    port.name = names[i];
    port.link = LinkState::up;
    port.speed_mbps = 10'000;
    port.mac = port.permanent_mac = port_mac(i);
    facts.ports.push_back(port);
    actions.clear();
    policy.handle(PortAdded{PortId{i}}, facts, Tick{}, actions);
  }
  std::size_t number = 0;
  ThreePorts bond;
  for (const Row& row : rows_of(mode, "pps=None")) {
    bond.plan = policy.plan(facts);
    const std::optional<std::uint8_t> bucket =
        transmit_bucket(bond.plan.transmit.bucket_key, bond.plan.transmit.hash_policy, row.frame);
    if (bucket && bond.plan.transmit.bucket_port[*bucket] == no_port) {
      policy.handle(BucketsWanted{{&*bucket, 1}}, facts, Tick{}, actions);
      bond.plan = policy.plan(facts);
    }
    BOOST_TEST(bond.send(row.frame) == row.ports, std::string(mode) + " row " + std::to_string(number++));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tx_vectors)

BOOST_AUTO_TEST_CASE(all_recorded_rows_are_there) {
  BOOST_TEST(read_recorded_rows("tx_vectors.csv").size() == recorded_rows);
}

// The second and the third recording begin with the driver's counter further on, as it is after other frames were sent;
// by how much follows from their first rows.
BOOST_AUTO_TEST_CASE(round_robin_sends_each_frame_where_the_kernel_did) {
  check_round_robin("pps=1", 1, 0);
  check_round_robin("pps=2", 2, 2);
  check_round_robin("pps=3", 3, 1);
}

BOOST_AUTO_TEST_CASE(round_robin_by_chance_uses_every_port_and_keeps_igmp_on_the_first) {
  ThreePorts bond;
  bond.plan = plan_of(Mode::balance_rr, 0);
  std::array<bool, port_count> used{};
  for (const Row& row : rows_of("rr", "pps=0")) {
    const std::string port = bond.send(row.frame);
    BOOST_REQUIRE((port == "0" || port == "1" || port == "2"));
    if (row.kind == "igmp") BOOST_TEST(port == row.ports);
    used[static_cast<std::size_t>(port[0] - '0')] = true;
  }
  BOOST_TEST(std::count(used.begin(), used.end(), true) == static_cast<std::ptrdiff_t>(port_count));
}

BOOST_AUTO_TEST_CASE(active_backup_sends_each_frame_where_the_kernel_did) {
  ThreePorts bond;
  bond.plan = plan_of(Mode::active_backup);
  check(bond, "ab", "pps=None");
}

BOOST_AUTO_TEST_CASE(broadcast_sends_each_frame_where_the_kernel_did) {
  ThreePorts bond;
  bond.plan = plan_of(Mode::broadcast);
  check(bond, "bcast", "pps=None");
}

BOOST_AUTO_TEST_CASE(balance_tlb_sends_each_frame_where_the_kernel_did) {
  check_balancing<BalanceTlb>("tlb");
}

BOOST_AUTO_TEST_CASE(balance_alb_sends_each_frame_where_the_kernel_did) {
  check_balancing<BalanceAlb>("alb");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

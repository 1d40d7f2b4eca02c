#include "policies/neighbour_balancer.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "policies/balance_alb.hpp"
#include "tests/support/na_frames.hpp"
#include "tests/unit/policies/paper_facts.hpp"

namespace {

using namespace bondbox;
using test::NaFrame;
using test::paper_mac;

IpAddress ip6(const std::string& text) {
  return IpAddress::parse(text).value();
}
constexpr MacAddress client_mac(std::uint8_t number) {
  return {{0x02, 0, 0, 0, 0x0b, number}};
}
const IpAddress host_ip = ip6("2001:db8::1");

/// A table beside a bond of three ports on paper whose active port is eth0. The host has 2001:db8::1, 2001:db8::2 and,
/// as a router, fe80::1.
struct Table {
  Table() : paper(3) {
    for (const char* text : {"2001:db8::1", "2001:db8::2", "fe80::1"}) {
      HostAddress own;
      own.address = ip6(text);
      own.mac = paper_mac(0);
      own.router = text[0] == 'f';
      addresses.push_back(own);
    }
    note();
  }
  void note() {
    paper.facts.addresses = addresses;
    macs.note(paper);
  }

  /// What the host answers to a client's question.
  NaFrame answer(std::uint8_t client, const IpAddress& target = host_ip) const {
    NaFrame na;
    na.to_mac = client_mac(client);
    na.from_mac = paper_mac(0);
    na.from = na.target = target;
    na.to = ip6("2001:db8::1" + std::string(client < 10 ? "0" : "") + std::to_string(client));
    na.link = paper_mac(0);
    return na;
  }
  /// "eth1", or "none" where it is left alone.
  std::string sent(const NaFrame& na) { return sent(write_na(na)); }
  std::string sent(const std::vector<std::uint8_t>& frame) {
    return name_of(paper, table.sent(*wire::EthernetView::parse(frame), paper, PortId{0}));
  }
  /// A client's answer to the host.
  void hear(std::uint8_t client, const IpAddress& to = host_ip) {
    NaFrame na;
    na.to_mac = paper_mac(0);
    na.from_mac = client_mac(client);
    na.from = na.target = answer(client).to;
    na.to = to;
    na.link = client_mac(client);
    hear(na);
  }
  void hear(const NaFrame& na) {
    const auto frame = write_na(na);
    table.received(*wire::EthernetView::parse(frame), paper, macs);
  }
  /// What is said within so many tenths of a second.
  struct Said {
    PortId port;
    NaFrame na;
  };
  std::vector<Said> pass(int ticks) {
    std::vector<Said> said;
    for (int i = 0; i < ticks; ++i) {
      table.tick(paper);
      do take(said);
      while (table.waiting());
    }
    return said;
  }
  void take(std::vector<Said>& said) {
    ActionList actions;
    table.speak(paper, macs, actions);
    BOOST_TEST(actions.size() + 16U <= ActionList::capacity());
    for (const Action& action : actions) {
      const auto& send = std::get<SendFrame>(action);
      const auto na = test::read_na({send.bytes.begin(), send.bytes.end()});
      BOOST_REQUIRE(na.has_value());
      BOOST_TEST(na->checksum_right);
      BOOST_TEST((na->link == macs.of(send.port) && na->from_mac == macs.of(send.port)));
      said.push_back({send.port, *na});
    }
  }
  void lose(std::size_t port) {
    paper[port].link = LinkState::down;
    table.port_lost(PortId{static_cast<std::uint8_t>(port)}, paper);
  }
  std::uint32_t clients(std::size_t port) const {
    std::array<std::uint32_t, max_ports> counts{};
    table.add_clients(counts);
    return counts[port];
  }

  test::PaperFacts paper;
  std::vector<HostAddress> addresses;
  PortMacs macs;
  NeighbourBalancer table;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(neighbour_balancer, Table)

BOOST_AUTO_TEST_CASE(clients_are_assigned_the_ports_in_turn_and_keep_theirs) {
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST(sent(answer(1)) == "eth0");
    BOOST_TEST(sent(answer(2)) == "eth1");
    BOOST_TEST(sent(answer(3)) == "eth2");
    BOOST_TEST(sent(answer(4)) == "eth0");
  }
  BOOST_TEST(clients(0) == 2U);
  BOOST_TEST(clients(1) == 1U);
  BOOST_TEST(pass(50).empty());
}

BOOST_AUTO_TEST_CASE(only_the_fastest_ports_that_can_send_have_a_turn) {
  paper[1].speed_mbps = paper[2].speed_mbps = 10'000;
  paper[2].link = LinkState::down;
  BOOST_TEST(sent(answer(1)) == "eth1");
  BOOST_TEST(sent(answer(2)) == "eth1");
}

BOOST_AUTO_TEST_CASE(a_station_has_one_port_for_an_address_of_the_host_whatever_its_own) {
  BOOST_TEST(sent(answer(1)) == "eth0");
  BOOST_TEST(sent(answer(2)) == "eth1");
  NaFrame na = answer(1);
  na.to = ip6("2001:db8::77");
  BOOST_TEST(sent(na) == "eth0");
  BOOST_TEST(clients(0) == 1U);
  // Another address of the host is another entry of its cache.
  BOOST_TEST(sent(answer(1, ip6("2001:db8::2"))) == "eth2");
}

BOOST_AUTO_TEST_CASE(link_local_and_global_addresses_that_end_alike_do_not_meet) {
  NaFrame link = answer(1, ip6("fe80::1"));
  link.to = ip6("fe80::101");
  BOOST_TEST(sent(answer(1)) == "eth0");
  BOOST_TEST(sent(link) == "eth1");
  BOOST_TEST(sent(answer(1)) == "eth0");
  BOOST_TEST(table.replaced() == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_no_answer_to_one_station_is_left_alone) {
  const auto left_alone = [this](const char* what, void (*change)(NaFrame&)) {
    NaFrame na = answer(1);
    change(na);
    BOOST_CHECK_MESSAGE(sent(na) == "none", what);
  };
  left_alone("unsolicited", [](NaFrame& na) { na.flags = test::na_override; });
  left_alone("not overriding", [](NaFrame& na) { na.flags = test::na_solicited; });
  left_alone("answer to an address probe", [](NaFrame& na) {
    na.to = ip6("ff02::1");
    na.to_mac = MacAddress{{0x33, 0x33, 0, 0, 0, 1}};
    na.flags = test::na_override;
  });
  left_alone("to a group's MAC", [](NaFrame& na) { na.to_mac = MacAddress{{0x33, 0x33, 0, 0, 0, 1}}; });
  left_alone("to nobody", [](NaFrame& na) { na.to = ip6("::"); });
  left_alone("without the option", [](NaFrame& na) { na.link.reset(); });
  left_alone("a guest's option", [](NaFrame& na) { na.link = client_mac(99); });
  left_alone("a guest's frame", [](NaFrame& na) { na.from_mac = client_mac(99); });
  left_alone("a guest's address", [](NaFrame& na) { na.target = ip6("2001:db8::99"); });
  left_alone("on a VLAN without that address", [](NaFrame& na) { na.vlan = VlanId{7}; });
  std::vector<std::uint8_t> frame = write_na(answer(1));
  frame.back() ^= 1;
  BOOST_TEST(sent(frame) == "none");
  frame = write_na(answer(1));
  for (std::size_t size = wire::ethernet_header_size; size < frame.size(); ++size)
    BOOST_TEST(sent({frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)}) == "none");
  BOOST_TEST(clients(0) == 0U);
  BOOST_TEST(sent(answer(1)) == "eth0");
}

BOOST_AUTO_TEST_CASE(an_address_that_a_bridge_holds_is_left_alone) {
  addresses[0].on_bridge = true;
  note();
  BOOST_TEST(sent(answer(1)) == "none");
  BOOST_TEST(sent(answer(1, ip6("2001:db8::2"))) == "eth0");
}

BOOST_AUTO_TEST_CASE(clients_of_a_lost_port_are_told_in_four_rounds_of_two) {
  for (std::uint8_t client = 1; client <= 3; ++client) (void)sent(answer(client));
  lose(1);
  const auto first = pass(1);
  BOOST_REQUIRE(first.size() == 2U);
  for (const Said& said : first) {
    BOOST_TEST(said.port.index != 1);
    BOOST_TEST((said.na.to_mac == client_mac(2)));
    BOOST_TEST((said.na.to == answer(2).to));
    BOOST_TEST((said.na.from == host_ip && said.na.target == host_ip));
    BOOST_TEST(said.na.flags == test::na_override);
  }
  BOOST_TEST(pass(20).empty());
  BOOST_TEST(pass(100).size() == 6U);
}

BOOST_AUTO_TEST_CASE(a_router_says_that_it_is_one_and_tags_are_kept) {
  addresses[2].vlan = VlanId{7};
  note();
  NaFrame na = answer(1, ip6("fe80::1"));
  na.vlan = VlanId{7};
  BOOST_TEST(sent(na) == "eth0");
  lose(0);
  const auto said = pass(1);
  BOOST_REQUIRE(said.size() == 2U);
  BOOST_TEST(said[0].na.flags == (test::na_router | test::na_override));
  BOOST_TEST(said[0].na.vlan.value == 7);
}

BOOST_AUTO_TEST_CASE(with_no_port_left_nothing_is_said_until_one_is_back) {
  (void)sent(answer(1));
  for (const std::size_t port : {0, 1, 2}) lose(port);
  BOOST_TEST(pass(100).empty());
  BOOST_TEST(sent(answer(1)) == "none");
  paper[2].link = LinkState::up;
  table.order_spread();
  const auto said = pass(100);
  BOOST_REQUIRE(!said.empty());
  BOOST_TEST(said[0].port.index == 2);
}

BOOST_AUTO_TEST_CASE(a_port_that_is_back_gets_clients_again) {
  for (std::uint8_t client = 1; client <= 3; ++client) (void)sent(answer(client));
  lose(1);
  (void)pass(100);
  paper[1].link = LinkState::up;
  table.order_spread();
  BOOST_TEST(!pass(1).empty());
  for (const std::size_t port : {0, 1, 2}) BOOST_TEST(clients(port) == 1U);
}

BOOST_AUTO_TEST_CASE(clients_of_a_port_whose_address_moved_are_told_the_new_one) {
  for (std::uint8_t client = 1; client <= 3; ++client) (void)sent(answer(client));
  paper[2].mac = paper_mac(9);
  note();
  table.address_moved(PortId{2});
  const auto said = pass(1);
  BOOST_REQUIRE(said.size() == 2U);
  BOOST_TEST((said[0].na.link == paper_mac(9) && said[0].na.to_mac == client_mac(3)));
}

BOOST_AUTO_TEST_CASE(a_client_that_answers_the_host_is_told_again_and_no_other) {
  for (std::uint8_t client = 1; client <= 3; ++client) (void)sent(answer(client));
  hear(1);  // its port carries the bond's address: it believes the right one
  BOOST_TEST(pass(50).empty());
  hear(2, ip6("2001:db8::2"));  // asked under an address that it knows nothing else of
  BOOST_TEST(pass(50).empty());
  hear(2);
  const auto said = pass(50);
  BOOST_REQUIRE(said.size() == 2U);
  BOOST_TEST((said[0].na.to_mac == client_mac(2) && said[0].na.link == paper_mac(1)));
}

BOOST_AUTO_TEST_CASE(answers_that_keep_coming_do_not_put_the_rounds_off) {
  for (std::uint8_t client = 1; client <= 2; ++client) (void)sent(answer(client));
  std::size_t said = 0;
  for (int tick = 0; tick < 210; ++tick) {
    hear(2);
    said += pass(1).size();
  }
  BOOST_TEST(said == 20U);
}

BOOST_AUTO_TEST_CASE(a_client_with_another_mac_is_told_there) {
  for (std::uint8_t client = 1; client <= 2; ++client) (void)sent(answer(client));
  NaFrame na;
  na.to_mac = paper_mac(0);
  na.from_mac = client_mac(50);
  na.from = na.target = answer(2).to;
  na.to = host_ip;
  na.link = client_mac(50);
  hear(na);
  const auto said = pass(1);
  BOOST_REQUIRE(said.size() == 2U);
  BOOST_TEST((said[0].na.to_mac == client_mac(50)));
}

BOOST_AUTO_TEST_CASE(an_address_that_is_anothers_now_is_not_spoken_for) {
  (void)sent(answer(1));
  NaFrame taken;
  taken.to_mac = MacAddress{{0x33, 0x33, 0, 0, 0, 1}};
  taken.from_mac = client_mac(70);
  taken.from = taken.target = host_ip;
  taken.to = ip6("ff02::1");
  taken.flags = test::na_override;
  taken.link = client_mac(70);
  hear(taken);
  lose(0);
  BOOST_TEST(pass(100).empty());
}

BOOST_AUTO_TEST_CASE(an_address_that_the_host_gave_up_is_not_spoken_for) {
  (void)sent(answer(1));
  addresses.erase(addresses.begin());
  note();
  lose(0);
  BOOST_TEST(pass(100).empty());
  BOOST_TEST(clients(1) == 0U);
}

BOOST_AUTO_TEST_CASE(what_a_switch_brings_back_changes_nothing) {
  (void)sent(answer(1));
  NaFrame ours = answer(1);
  ours.link = ours.from_mac = paper_mac(1);
  hear(ours);
  BOOST_TEST(clients(0) == 1U);
  BOOST_TEST(pass(50).empty());
}

BOOST_AUTO_TEST_CASE(who_is_replaced_goes_to_the_active_port_and_is_counted) {
  (void)sent(answer(1));
  BOOST_TEST(sent(answer(2)) == "eth1");
  NaFrame other = answer(60);
  other.to = ip6("2001:db8:1::103");  // 1 ^ 3 is 2: the bytes have the same XOR as 2001:db8::102
  BOOST_TEST(sent(other) == "eth2");
  BOOST_TEST(table.replaced() == 1U);
  BOOST_TEST(clients(1) == 0U);
  std::vector<Said> said;
  take(said);
  BOOST_REQUIRE(said.size() == 2U);
  BOOST_TEST((said[0].port.index == 0 && said[0].na.to_mac == client_mac(2)));
  BOOST_TEST(!table.waiting());
}

BOOST_AUTO_TEST_CASE(dismissed_clients_are_told_the_active_ports_address_once_and_forgotten) {
  for (std::uint8_t client = 1; client <= 3; ++client) (void)sent(answer(client));
  table.dismiss(PortId{0}, paper);
  std::vector<Said> said;
  take(said);
  BOOST_REQUIRE(said.size() == 4U);
  for (const Said& one : said) BOOST_TEST((one.na.link == paper_mac(0) && one.na.to_mac != client_mac(1)));
  BOOST_TEST(!table.waiting());
  BOOST_TEST(clients(0) == 0U);
  BOOST_TEST(pass(50).empty());
}

BOOST_AUTO_TEST_CASE(a_full_table_is_told_in_steps_and_in_full) {
  for (unsigned client = 0; client < 256; ++client) {
    NaFrame na = answer(1);
    na.to_mac = MacAddress{{0x02, 0, 0, 0, 0x0c, static_cast<std::uint8_t>(client)}};
    na.to = ip6("2001:db8::");
    na.to.octets[15] = static_cast<std::uint8_t>(client);
    BOOST_TEST(sent(na) != "none");
  }
  BOOST_TEST(table.replaced() == 0U);
  const std::uint32_t moved = clients(1);
  BOOST_TEST(moved >= 85U);
  lose(1);
  BOOST_TEST(pass(1).size() == 2U * moved);
}

BOOST_AUTO_TEST_CASE(an_answer_is_rewritten_with_the_ports_address_and_a_right_checksum) {
  for (const VlanId vlan : {VlanId{}, VlanId{7}}) {
    addresses[0].vlan = vlan;
    note();
    BalanceAlb policy;
    ActionList actions;
    for (std::uint8_t port = 0; port < 3; ++port) policy.handle(PortAdded{PortId{port}}, paper, Tick{0}, actions);
    for (std::uint8_t client = 1; client <= 3; ++client) {
      NaFrame na = answer(client);
      na.vlan = vlan;
      na.flags |= test::na_router;
      const auto frame = write_na(na);
      actions.clear();
      policy.handle(FramePunted{{}, frame}, paper, Tick{1}, actions);
      BOOST_REQUIRE(actions.size() >= 1U);
      const auto& send = std::get<SendFrame>(actions[0]);
      const auto out = test::read_na({send.bytes.begin(), send.bytes.end()});
      BOOST_REQUIRE(out.has_value());
      BOOST_TEST(out->checksum_right);
      BOOST_TEST((out->link == paper_mac(send.port.index) && out->from_mac == paper_mac(send.port.index)));
      BOOST_TEST((out->to_mac == na.to_mac && out->to == na.to && out->from == na.from && out->target == na.target));
      BOOST_TEST(out->flags == na.flags);
      BOOST_TEST(out->vlan.value == vlan.value);
      BOOST_TEST(send.bytes.size() == frame.size());
    }
    BOOST_TEST(policy.balance(paper).clients[1] == 1U);
  }
}

BOOST_AUTO_TEST_SUITE_END()

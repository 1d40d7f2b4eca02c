// The old words, said by the real tools: ifup and ifdown of Debian's ifupdown and of busybox.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <ostream>
#include <string>

#include "tests/lab/support/old_host.hpp"

namespace bondbox::lab {

std::ostream& operator<<(std::ostream& stream, IfTools tools) {
  return stream << (tools == IfTools::debian ? "debian" : "busybox");
}

namespace {

namespace ut = boost::unit_test;
using Clock = std::chrono::steady_clock;

constexpr IfTools both[] = {IfTools::debian, IfTools::busybox};

/// As guides have it since the days of ifenslave.
constexpr const char* old_stanza = R"(auto bond0
iface bond0 inet static
    address 192.168.10.52
    netmask 255.255.255.0
    gateway 192.168.10.254
    post-up ifenslave bond0 eth0 eth1
    pre-down ifenslave -d bond0 eth0 eth1
)";

constexpr const char* option_stanza = R"(auto bond0
iface bond0 inet static
    address 192.168.10.52
    netmask 255.255.255.0
    gateway 192.168.10.254
    bond-slaves eth0 eth1
    bond-mode active-backup
    bond-miimon 50
    bond-updelay 100
    bond-primary eth1 eth0
    bond-xmit-hash-policy layer3+4
    bond-num-grat-arp 3
)";

bool released(const std::string& events) {
  return contains(events, "Releasing");
}

/// What a restart of the network costs somebody who pings bond0 a hundred times a second.
void restart_costs_little(const House& house, OldHost& host) {
  BOOST_REQUIRE(reaches(house.town, House::box_v4));
  const std::string index = host.must("cat /sys/class/net/bond0/ifindex");
  Ping ping(house.town, House::box_v4);
  host.must("sleep 0.5");
  const Clock::time_point before = Clock::now();
  host.must("ifdown -a && ifup -a");
  const long restart_ms =
      static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - before).count());
  host.must("sleep 0.5");
  const Ping::Report report = ping.stop();
  // No more than while the tools were at work: bond0 is without its address then, whoever makes it. What it does not
  // cost is a port's link, LACP, or a moment after it.
  BOOST_TEST((report.sent - report.received) * 10 <= restart_ms + 50, report.text);
  BOOST_TEST(host.must("cat /sys/class/net/bond0/ifindex") == index);
  const std::string events = host.must("bondbox events bond0");
  BOOST_TEST(!released(events), events);
  BOOST_TEST(contains(events, "stays"), events);
  BOOST_TEST(host.option("slaves") == "eth0 eth1");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_old_words, *needs_old_tools)

BOOST_DATA_TEST_CASE(a_stanza_that_enslaves_after_it_is_up_comes_up_and_goes_down, ut::data::make(both), tools) {
  const House house;
  OldHost host(house, tools, old_stanza);
  host.write_etc("modprobe.d/bonding.conf", "options bonding miimon=50 mode=1\n");
  host.must("ifup bond0");
  BOOST_TEST(host.option("slaves") == "eth0 eth1");
  BOOST_TEST(host.option("mode") == "active-backup 1");
  BOOST_TEST(reaches(house.town, House::box_v4));
  BOOST_TEST(contains(host.must("ip route"), "default via 192.168.10.254 dev bond0"));

  host.must("ifdown bond0");
  BOOST_TEST(!contains(host.must("ip addr show bond0"), "192.168.10.52"));
  // They leave when nobody wants them again for a while.
  BOOST_TEST(wait_until([&] { return host.option("slaves").empty(); }, 15'000));
  BOOST_TEST(!contains(host.must("ip link show eth0"), "NOARP"));

  host.must("ifup bond0");
  BOOST_TEST(host.option("slaves") == "eth0 eth1");
  BOOST_TEST(reaches(house.town, House::box_v4));
}

BOOST_DATA_TEST_CASE(a_bond_that_was_started_without_ports_is_what_a_loaded_module_was, ut::data::make(both), tools) {
  const House house;
  OldHost host(house, tools, old_stanza);
  host.must("bondbox run --background bond0 mode=balance-xor miimon=50");
  host.must("ifup -a");
  BOOST_TEST(host.option("mode") == "balance-xor 2");
  BOOST_TEST(host.option("miimon") == "50");
  BOOST_TEST(host.option("slaves") == "eth0 eth1");
}

BOOST_DATA_TEST_CASE(the_options_of_a_stanza_reach_the_bond, ut::data::make(both), tools) {
  const House house;
  OldHost host(house, tools, option_stanza);
  host.write_etc("default/bondbox", "BONDBOX_LINGER_MS=300\n");
  host.must("ifup bond0");
  BOOST_TEST(host.option("slaves") == "eth0 eth1");
  BOOST_TEST(host.option("mode") == "active-backup 1");
  BOOST_TEST(host.option("miimon") == "50");
  BOOST_TEST(host.option("updelay") == "100");
  BOOST_TEST(host.option("primary") == "eth1");
  BOOST_TEST(host.option("xmit_hash_policy") == "layer3+4 1");
  BOOST_TEST(host.option("num_grat_arp") == "3");
  BOOST_TEST(reaches(house.town, House::box_v4));
  host.must("ifdown bond0");
  BOOST_TEST(wait_until([&] { return !host.run("ip link show bond0").ok(); }, 10'000));
  BOOST_TEST(wait_until([&] { return !contains(host.must("ip link show eth0"), "NOARP"); }, 10'000));
}

BOOST_DATA_TEST_CASE(a_changed_stanza_changes_what_differs, ut::data::make(both), tools) {
  const House house;
  OldHost host(house, tools, option_stanza);
  host.must("ifup bond0");
  host.write_etc("network/interfaces", R"(iface bond0 inet manual
    bond-slaves eth0
    bond-mode 1
    bond-miimon 200
)");
  host.must("ifdown bond0; ifup bond0");
  BOOST_TEST(host.option("slaves") == "eth0");
  BOOST_TEST(host.option("miimon") == "200");
  BOOST_TEST(host.option("primary") == "");
  BOOST_TEST(!contains(host.must("ip link show eth1"), "NOARP"));
}

BOOST_DATA_TEST_CASE(a_port_that_names_its_master_joins_it, ut::data::make(both), tools) {
  const House house;
  OldHost host(house, tools, R"(auto bond0 eth0 eth1
iface bond0 inet static
    address 192.168.10.52
    netmask 255.255.255.0
    bond-slaves none
    bond-mode active-backup
    bond-miimon 50
iface eth0 inet manual
    bond-master bond0
iface eth1 inet manual
    bond-master bond0
)");
  host.must("ifup -a");
  BOOST_TEST(host.option("slaves") == "eth0 eth1");
  BOOST_TEST(reaches(house.town, House::box_v4));
}

BOOST_DATA_TEST_CASE(options_that_cannot_be_are_told_and_the_interface_stays_down, ut::data::make(both), tools) {
  const House house;
  OldHost host(house, tools, R"(iface bond0 inet manual
    bond-slaves eth0 eth1
    bond-mode active-backup
    bond-lacp-rate fast
)");
  const CommandResult result = host.run("ifup bond0");
  BOOST_TEST(contains(result.output, "lacp_rate is not supported in mode active-backup"), result.output);
  BOOST_TEST(contains(result.output, "bondbox: bond0: cannot be brought up"), result.output);
  BOOST_TEST(!host.run("bondbox get bond0 mode").ok());
}

BOOST_DATA_TEST_CASE(a_restart_of_the_network_releases_nothing_by_the_old_stanza, ut::data::make(both), tools) {
  const House house;
  OldHost host(house, tools, old_stanza);
  host.must("bondbox run --background bond0 mode=1 miimon=100");
  host.must("ifup -a");
  restart_costs_little(house, host);
}

BOOST_DATA_TEST_CASE(a_restart_of_the_network_releases_nothing_by_options, ut::data::make(both), tools) {
  const House house;
  OldHost host(house, tools, option_stanza);
  host.must("ifup -a");
  restart_costs_little(house, host);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

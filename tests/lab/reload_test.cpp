// The whole program on real NICs: a changed file is applied as one transaction, while traffic flows.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

/// Everything that a reload could have changed: the kernel's text, the options, the host's addresses and the ports.
std::string all_of(const House& house, const Daemon& daemon) {
  return daemon.proc_file() + daemon.ask("get bond0 num_grat_arp").out + daemon.ask("get bond0 primary_reselect").out +
         house.box.must("ip -br link 2> /dev/null; ip -br addr show dev bond0; ip route show");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_reload)

BOOST_AUTO_TEST_CASE(each_difference_is_applied_and_printed_and_the_rest_is_not_touched) {
  const House house;
  house.lay(2);
  Daemon daemon(house.box, house.config());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  TcpStream stream(house.box, house.town, House::town_v4);
  BOOST_TEST(stream.goes_on());
  const Answer same = daemon.ask("reload");
  BOOST_TEST(same.status == 0);
  BOOST_TEST(same.out == "nothing changed\n", same.out);

  std::string text = read_text(house.config_path());
  text = replaced(text, "miimon = 20", "miimon = 40\nupdelay = 80\nnum_grat_arp = 3");
  text = replaced(text, "\"eth1\"", "\"eth1\", \"eth2\"");
  text = replaced(text, "\"192.168.10.52/24\"", "\"192.168.10.52/24\", \"192.168.10.53/24\"");
  write_text(house.config_path(), text);
  const Answer changed = daemon.ask("reload");
  BOOST_TEST(changed.status == 0, changed.err);
  for (const char* line : {"bond0: miimon 20 -> 40\n", "bond0: updelay 0 -> 80\n", "bond0: num_grat_arp 1 -> 3\n",
                           "bond0: + port eth2\n", "bond0: + address 192.168.10.53/24\n"})
    BOOST_TEST(contains(changed.out, line), changed.out);
  BOOST_TEST(std::count(changed.out.begin(), changed.out.end(), '\n') == 5, changed.out);
  BOOST_TEST(daemon.ask("get bond0 slaves").out == "eth0 eth1 eth2\n");
  BOOST_TEST(reaches(house.town, "192.168.10.53"));
  BOOST_TEST(stream.goes_on());
  BOOST_TEST(stream.finish());
  BOOST_TEST(daemon.status("/bonds/0/ports/0/link_failures") == "0");
  BOOST_TEST(daemon.ask("reload").out == "nothing changed\n");
}

BOOST_AUTO_TEST_CASE(a_wrong_file_is_refused_with_its_lines_and_changes_nothing) {
  const House house;
  Daemon daemon(house.box, house.config());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const std::string before = all_of(house, daemon);
  (void)house.config("num_grat_arp = 5\nupdelay = \"soon\"\n");
  const Answer refused = daemon.ask("reload");
  BOOST_TEST(refused.status == 1);
  BOOST_TEST(refused.out.empty(), refused.out);
  BOOST_TEST(contains(refused.err, house.config_path() + ":8:"), refused.err);
  BOOST_TEST(contains(refused.err, "nothing was changed"), refused.err);
  BOOST_TEST((all_of(house, daemon) == before));
  BOOST_REQUIRE(run_command("rm " + house.config_path()).ok());
  const Answer gone = daemon.ask("reload");
  BOOST_TEST(gone.status == 1);
  BOOST_TEST(contains(gone.err, house.config_path()), gone.err);
  BOOST_TEST((all_of(house, daemon) == before));
  BOOST_TEST(reaches(house.box, House::town_v4));
}

BOOST_AUTO_TEST_CASE(when_the_machine_refuses_a_step_the_steps_before_it_are_taken_back) {
  const House house;
  Daemon daemon(house.box, house.config());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  TcpStream stream(house.box, house.town, House::town_v4);
  BOOST_TEST(stream.goes_on());
  const std::string before = all_of(house, daemon);
  std::string text = read_text(house.config_path());
  // The file is right in itself; only the machine knows that lo cannot be a port.
  text = replaced(text, "miimon = 20", "miimon = 40\nnum_grat_arp = 7");
  text = replaced(text, "\"eth1\"", "\"eth1\", \"lo\"");
  write_text(house.config_path(), text);
  const Answer refused = daemon.ask("reload");
  BOOST_TEST(refused.status == 1);
  BOOST_TEST(refused.out.empty(), refused.out);
  BOOST_TEST(contains(refused.err, "bond0: + port lo: EINVAL: lo is a loopback interface"), refused.err);
  BOOST_TEST(contains(refused.err, "everything is as it was"), refused.err);
  const std::string after = all_of(house, daemon);
  BOOST_TEST((after == before), "before:\n" << before << "after:\n" << after);
  BOOST_TEST(stream.goes_on());
  BOOST_TEST(stream.finish());
}

BOOST_AUTO_TEST_CASE(a_default_route_outlives_every_change_of_addresses) {
  const House house;
  house.town.must("ip addr add 192.168.20.254/24 dev switch; ip addr add 192.168.20.100/24 dev switch");
  Daemon daemon(house.box, house.config("gateway = \"192.168.10.254\"\n"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const auto moves_to = [&](const std::string& address, const std::string& gateway) {
    (void)house.config("gateway = \"" + gateway + "\"\n");
    write_text(house.config_path(), replaced(read_text(house.config_path()), "192.168.10.52/24", address));
    const Answer answer = daemon.ask("reload");
    BOOST_TEST(answer.status == 0, answer.err);
    const std::string addresses = house.box.must("ip -br -4 addr show dev bond0");
    BOOST_TEST(contains(addresses, " " + address + " "), addresses);
    BOOST_TEST(std::count(addresses.begin(), addresses.end(), '/') == 1, addresses);
    const std::string routes = house.box.must("ip route show default");
    BOOST_TEST(contains(routes, "default via " + gateway + " dev bond0"), routes);
    BOOST_TEST(std::count(routes.begin(), routes.end(), '\n') == 1, routes);
    BOOST_TEST(reaches(house.box, gateway));
  };
  moves_to("192.168.10.60/24", "192.168.10.254");
  moves_to("192.168.20.52/24", "192.168.20.254");
  moves_to("192.168.20.52/25", "192.168.20.100");
  // The kernel drops the route with the interface; bondbox brings it back.
  house.box.must("ip link set bond0 down; sleep 0.3; ip link set bond0 up");
  BOOST_TEST(wait_until(
      [&] { return contains(house.box.must("ip route show default"), "default via 192.168.20.100 dev bond0"); },
      5'000));
  moves_to("192.168.20.52/24", "192.168.20.254");
  house.box.must("ip route del default");
  house.town.must("ip addr del 192.168.20.100/24 dev switch; ip neigh flush all");
  moves_to("192.168.20.100/24", "192.168.20.254");
  // The appliance and its gateway change places.
  house.town.must("ip addr del 192.168.20.254/24 dev switch; ip addr add 192.168.20.100/24 dev switch");
  house.town.must("ip neigh flush all");
  house.box.must("ip neigh flush all");
  moves_to("192.168.20.254/24", "192.168.20.100");
}

BOOST_AUTO_TEST_CASE(what_the_host_has_outlives_an_option_for_which_the_bond_goes_down) {
  const House house;
  Daemon daemon(house.box, house.config("gateway = \"192.168.10.254\"\n"));
  BOOST_REQUIRE(reaches(house.box, House::town_v6));
  const auto of_host = [&] {
    return house.box.must("ip -br addr show dev bond0 | tr ' ' '\\n' | grep -v fe80; ip route show default");
  };
  const std::string before = of_host();
  (void)house.config("gateway = \"192.168.10.254\"\nad_select = \"bandwidth\"\n");
  const Answer changed = daemon.ask("reload");
  BOOST_TEST(changed.out == "bond0: ad_select stable -> bandwidth\n", changed.out << changed.err);
  BOOST_TEST(wait_until([&] { return of_host() == before; }, 5'000), "before:\n" << before << "after:\n" << of_host());
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(reaches(house.box, House::town_v6));
}

BOOST_AUTO_TEST_CASE(ports_that_had_to_leave_come_back_in_their_order_and_the_active_one_is_active) {
  const House house;
  Daemon daemon(house.box, house.config("primary_reselect = \"failure\"\n"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  BOOST_REQUIRE(daemon.ask("activate bond0 eth1").status == 0);
  const std::string text = read_text(house.config_path());
  write_text(house.config_path(),
             replaced(text, "\"eth0\", \"eth1\"", "\"eth1\", \"lo\"") + "active_slave = \"eth1\"\n");
  write_text(house.config_path(), replaced(read_text(house.config_path()), "primary = \"eth0\"\n", ""));
  const Answer refused = daemon.ask("reload");
  BOOST_TEST(contains(refused.err, "bond0: + port lo: EINVAL"), refused.err);
  BOOST_TEST(contains(refused.err, "; everything is as it was\n"), refused.err);
  BOOST_TEST(daemon.ask("get bond0 slaves").out == "eth0 eth1\n");
  BOOST_TEST(daemon.active() == "eth1");
  write_text(house.config_path(), text);
  BOOST_TEST(daemon.ask("reload").out == "nothing changed\n");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_taken_back_is_named) {
  const House house;
  Daemon daemon(house.box, house.config());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  // While it is the bond's, somebody gives it to a bridge too; the bond cannot take it a second time.
  house.box.must("ip link add br7 type bridge; ip link set eth1 master br7");
  write_text(house.config_path(), replaced(read_text(house.config_path()), "\"eth1\"", "\"lo\""));
  const Answer refused = daemon.ask("reload");
  BOOST_TEST(refused.status == 1);
  BOOST_TEST(contains(refused.err, "bond0: + port lo: EINVAL"), refused.err);
  BOOST_TEST(!contains(refused.err, "everything is as it was\n"), refused.err);
  BOOST_TEST(contains(refused.err, "not everything is as it was:\n  bond0: + port eth1: EBUSY: "), refused.err);
  BOOST_TEST(daemon.ask("get bond0 slaves").out == "eth0\n");
}

BOOST_AUTO_TEST_CASE(sighup_reloads_and_the_log_tells_what_changed) {
  const House house;
  Daemon daemon(house.box, house.config());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  (void)house.config("num_grat_arp = 4\n");
  ::kill(daemon.pid(), SIGHUP);
  BOOST_TEST(wait_until([&] { return daemon.ask("get bond0 num_grat_arp").out == "4\n"; }, 5'000));
  BOOST_TEST(contains(daemon.log(), "bond0: num_grat_arp 1 -> 4\n"), daemon.log());
  (void)house.config("num_grat_arp = many\n");
  ::kill(daemon.pid(), SIGHUP);
  BOOST_TEST(wait_until([&] { return contains(daemon.log(), "nothing was changed"); }, 5'000), daemon.log());
  BOOST_TEST(daemon.ask("get bond0 num_grat_arp").out == "4\n");
  BOOST_TEST(reaches(house.box, House::town_v4));
}

BOOST_AUTO_TEST_CASE(bonds_come_and_go_with_the_file_and_the_others_do_not_notice) {
  const House house;
  house.lay(2);
  const std::string eth2 = house.portrait("eth2");
  Daemon daemon(house.box, house.config());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  TcpStream stream(house.box, house.town, House::town_v4);
  const std::string one = read_text(house.config_path());
  house.town.must("ip addr add 192.168.20.254/24 dev switch");
  write_text(house.config_path(),
             one + "[bond.extra]\nports = [\"eth2\"]\nmiimon = 20\naddress = [\"192.168.20.52/24\"]\n");
  const Answer more = daemon.ask("reload");
  BOOST_TEST(more.out == "+ bond extra\n", more.out << more.err);
  BOOST_TEST(reaches(house.box, "192.168.20.254"));
  BOOST_TEST(contains(daemon.proc_file("extra"), "Currently Active Slave: eth2\n"));
  BOOST_TEST(stream.goes_on());
  write_text(house.config_path(), one);
  const Answer fewer = daemon.ask("reload");
  BOOST_TEST(fewer.out == "- bond extra\n", fewer.out << fewer.err);
  BOOST_TEST(!house.box.run("ip link show extra").ok());
  BOOST_TEST(daemon.proc_file("extra").empty());
  BOOST_TEST(wait_until([&] { return house.portrait("eth2") == eth2; }, 5'000));
  BOOST_TEST(stream.goes_on());
  BOOST_TEST(stream.finish());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

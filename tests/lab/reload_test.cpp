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

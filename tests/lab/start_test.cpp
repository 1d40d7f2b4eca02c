// The whole program on real NICs: how it starts, and what it says when it cannot.
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

namespace ut = boost::unit_test;

bool is_one_sentence(const std::string& text) {
  return text.starts_with("bondbox: ") && std::count(text.begin(), text.end(), '\n') == 1 && text.ends_with('\n');
}

/// Runs it where it must be refused, and says whether it was, with nothing on stdout and the ports as they were.
Answer refused(const House& house, const std::string& arguments, const std::string& before = {}) {
  const std::string ports = house.portraits();
  const Answer answer = run_program(house.box, arguments, "timeout 5 " + before);
  BOOST_TEST(answer.out.empty(), answer.out);
  BOOST_TEST(house.comes_to_show(ports), house.difference(ports));
  return answer;
}

boost::test_tools::assertion_result user_namespaces_exist(ut::test_unit_id) {
  const CommandResult tried = run_command("unshare -Urn true && unshare -Urn sh -c ': < /dev/net/tun'");
  boost::test_tools::assertion_result result(tried.ok());
  result.message() << "no user namespace with /dev/net/tun to be had here: " << tried.output;
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_start)

BOOST_AUTO_TEST_CASE(a_wrong_file_is_refused_with_line_and_column_and_nothing_is_touched) {
  const House house;
  const ScratchDirectory run;
  (void)house.config("primery = \"eth0\"\nmiimon_ms = 3\n");
  const Answer answer = refused(house, "run --run-dir " + run.path() + " -c " + house.config_path());
  BOOST_TEST(answer.status == 1);
  BOOST_TEST(contains(answer.err, house.config_path() + ":7:1: "), answer.err);
  BOOST_TEST(contains(answer.err, "unknown option \"primery\" in [bond.bond0]; did you mean \"primary\"?"), answer.err);
  BOOST_TEST(contains(answer.err, house.config_path() + ":8:1: "), answer.err);
  BOOST_TEST(!house.box.run("ip link show bond0").ok());

  const Answer missing = refused(house, "run --run-dir " + run.path() + " -c /nowhere/bondbox.toml");
  BOOST_TEST(missing.status == 1);
  BOOST_TEST(is_one_sentence(missing.err), missing.err);
  BOOST_TEST(contains(missing.err, "/nowhere/bondbox.toml"), missing.err);
}

BOOST_AUTO_TEST_CASE(wrong_words_are_refused_with_what_is_expected) {
  const House house;
  for (const char* words : {"bond0 eth0 mode=active-bakup", "bond0 eth0 miimon=often", "bond0 eth0 max_bonds=2",
                            "bond0 eth0 miimon=0", "-c a bond0", "bond0 eth0 eth0", "--fast"}) {
    const ScratchDirectory run;
    const Answer answer = refused(house, "run --run-dir " + run.path() + " " + words);
    BOOST_TEST(answer.status == 2, words << ": " << answer.status << " " << answer.err);
    BOOST_TEST(!answer.err.empty(), words);
  }
}

BOOST_AUTO_TEST_CASE(a_second_one_with_the_same_run_directory_is_refused_and_the_first_goes_on) {
  const House house;
  Daemon daemon(house.box, std::string(House::words) + " offload=off");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const std::string ports = house.portraits();
  const Answer second = refused(house, "run --run-dir " + daemon.run_dir() + " bond1 eth0 eth1 miimon=20");
  BOOST_TEST(second.status == 1);
  BOOST_TEST(is_one_sentence(second.err), second.err);
  BOOST_TEST(contains(second.err, "another bondbox is running with " + daemon.run_dir()), second.err);
  BOOST_TEST(house.comes_to_show(ports), house.difference(ports));
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.active() == "eth0");
}

BOOST_AUTO_TEST_CASE(a_second_one_elsewhere_cannot_take_the_firsts_ports) {
  const House house;
  const Daemon daemon(house.box, std::string(House::words) + " offload=off");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const ScratchDirectory run;
  const Answer second = refused(house, "run --run-dir " + run.path() + " bond9 eth0 eth1 miimon=20");
  BOOST_TEST(second.status == 1);
  BOOST_TEST(contains(second.err, "eth0 is a port of another bondbox that is running"), second.err);
  BOOST_TEST(reaches(house.box, House::town_v4));
}

BOOST_AUTO_TEST_CASE(a_second_one_elsewhere_cannot_take_the_bonds_name) {
  const House house;
  const Daemon daemon(house.box, std::string(House::words) + " offload=off");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const ScratchDirectory run;
  const Answer second = refused(house, "run --run-dir " + run.path() + " bond0 eth2 miimon=20");
  BOOST_TEST(second.status == 1);
  BOOST_TEST(contains(second.err, "bond0: there is an interface named bond0 already"), second.err);
  BOOST_TEST(reaches(house.box, House::town_v4));
}

BOOST_AUTO_TEST_CASE(without_the_rights_one_sentence_says_which) {
  const House house;
  const std::string nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups";
  const std::string unable = "setpriv --bounding-set=-net_admin,-net_raw";
  for (const std::string& before : {nobody, unable}) {
    const ScratchDirectory run;
    BOOST_REQUIRE(before == unable || ::chown(run.path().c_str(), 65534, 65534) == 0);
    const std::string words = "run --run-dir " + run.path() + " bond0 eth0 eth1 miimon=20";
    const Answer answer = refused(house, words, before);
    BOOST_TEST(answer.status == 1, answer.err);
    BOOST_TEST(contains(answer.err, "run as root or with CAP_NET_"), before << ": " << answer.err);
    const std::string complaint = answer.err.substr(answer.err.rfind("bondbox: "));
    BOOST_TEST(is_one_sentence(complaint), answer.err);
  }
}

BOOST_AUTO_TEST_CASE(ports_that_cannot_be_ports_are_refused_by_name_and_the_others_given_back) {
  const House house;
  house.box.must("ip link add br9 type bridge; ip link add d0 type veth peer name d1; ip link set d0 master br9");
  for (const auto& [port, reason] : {std::pair{"lo", "lo is a loopback interface"}, {"d0", "already a port of br9"}}) {
    const ScratchDirectory run;
    const Answer answer =
        refused(house, "run --run-dir " + run.path() + " bond0 eth0 " + port + " miimon=20 fail_over_mac=1");
    BOOST_TEST(answer.status == 1);
    BOOST_TEST(contains(answer.err, reason), answer.err);
    BOOST_TEST(!house.box.run("ip link show bond0").ok());
  }
}

BOOST_AUTO_TEST_CASE(several_bonds_live_in_one_process_each_with_its_own_ports) {
  const House house;
  house.lay(2);
  house.lay(3);
  write_text(house.config_path(),
             "[bond.bond0]\nports = [\"eth0\", \"eth1\"]\nmiimon = 20\nprimary = \"eth0\"\n"
             "address = [\"192.168.10.52/24\"]\n"
             "[bond.backup]\nports = [\"eth2\", \"eth3\"]\nmiimon = 20\nprimary = \"eth2\"\n"
             "address = [\"192.168.20.52/24\"]\n");
  house.town.must("ip addr add 192.168.20.254/24 dev switch");
  Daemon daemon(house.box, "-c " + house.config_path());
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(reaches(house.box, "192.168.20.254"));
  house.pull(2);
  BOOST_TEST(wait_until([&] { return daemon.ask("get backup active_slave").out == "eth3\n"; }, 5'000));
  BOOST_TEST(daemon.ask("get bond0 active_slave").out == "eth0\n");
  BOOST_TEST(reaches(house.box, "192.168.20.254"));
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(contains(daemon.proc_file("backup"), "Currently Active Slave: eth3\n"));
  BOOST_TEST(contains(daemon.proc_file("bond0"), "Currently Active Slave: eth0\n"));
  BOOST_TEST(!contains(daemon.events("bond0"), "eth2"));
  const Answer nowhere = daemon.ask("status bond7");
  BOOST_TEST(nowhere.status == 1);
  BOOST_TEST(nowhere.err == "bondbox: there is no bond \"bond7\" here; there is: bond0, backup\n", nowhere.err);
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(!house.box.run("ip link show backup").ok());
}

BOOST_AUTO_TEST_CASE(the_module_words_of_every_guide_make_the_bond_that_the_file_makes) {
  const House house;
  const Daemon by_words(house.box, "bond0 eth0 eth1 mode=1 miimon=20 updelay=200 primary=eth1 num_grat_arp=2");
  for (const auto& [option, value] : {std::pair{"mode", "active-backup 1\n"},
                                      {"miimon", "20\n"},
                                      {"updelay", "200\n"},
                                      {"primary", "eth1\n"},
                                      {"num_unsol_na", "2\n"},
                                      {"slaves", "eth0 eth1\n"}})
    BOOST_TEST(by_words.ask(std::string("get bond0 ") + option).out == value, option);
  BOOST_TEST(by_words.comes_to("eth1"));
  const Answer reload = by_words.ask("reload");
  BOOST_TEST(reload.status == 1);
  BOOST_TEST(contains(reload.err, "there is no configuration file to reload"), reload.err);
}

// $1: the program; $2: a directory; the rest: the words of `run`. Prints the active port after the cable is pulled.
constexpr const char* user_namespace_script = R"(set -e
program=$1 directory=$2
shift 2
ip link set lo up
unshare -n sh -c 'echo ready > "$1"; sleep 30' far "$directory/far" &
far=$!
for i in $(seq 50); do [ -s "$directory/far" ] && break; sleep 0.1; done
for n in 0 1; do ip link add eth$n type veth peer name port$n netns $far; done
nsenter -t $far -n sh -c '
  ip link add switch type bridge forward_delay 0; ip link set switch up; ip addr add 192.168.10.254/24 dev switch
  for n in 0 1; do ip link set port$n master switch up; done'
"$program" run --run-dir "$directory/run" "$@" &
daemon=$!
reach() {
  for i in $(seq 30); do ping -n -c 1 -W 1 192.168.10.254 > /dev/null 2>&1 && return; sleep 0.2; done
  false
}
reach
nsenter -t $far -n ip link set port0 down
reach
"$program" --run-dir "$directory/run" get bond0 active_slave
kill $daemon
wait $daemon
)";

BOOST_AUTO_TEST_CASE(the_same_program_runs_in_a_user_namespace, *ut::precondition(user_namespaces_exist)) {
  const ScratchDirectory run;
  write_text(run.path() + "/script", user_namespace_script);
  const CommandResult result =
      run_command("unshare -Urn sh " + run.path() + "/script " + program() + " " + run.path() + " " + House::words, 60);
  BOOST_TEST(result.ok(), result.output);
  BOOST_TEST(contains(result.output, "\neth1\n"), result.output);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

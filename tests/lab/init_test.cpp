// `bondbox init` as process 1 of a PID namespace: before another init, alone, and with everything wrong that a person
// can get wrong.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <string>

#include "tests/lab/support/machine.hpp"

namespace bondbox::lab {

namespace {

constexpr const char* two_cables = R"([bond.bond0]
mode = "active-backup"
ports = ["eth0", "eth1"]
primary = "eth0"
miimon = 20
address = ["192.168.10.52/24"]
gateway = "192.168.10.254"
)";

std::string pid_of_daemon(const Machine& machine) {
  const CommandResult found = machine.run("pgrep -f 'bondbox run'");
  return found.output.substr(0, found.output.find('\n'));
}

/// What ends at this moment is a zombie until it is waited for; one that stays is not.
bool is_free_of_zombies(const Machine& machine) {
  return wait_until([&] { return !contains(machine.run("ps -e -o stat=").output, "Z"); }, 3'000);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_init)

BOOST_AUTO_TEST_CASE(the_next_init_finds_the_bond_up_no_zombie_and_both_as_its_children) {
  const House house;
  const std::string before = house.portraits();
  const ScratchDirectory shared;
  const std::string next = shared.path() + "/next";
  write_text(next, "#!/bin/sh\necho first $$ $1 $PPID > " + shared.path() + "/seen\nip -o link show bond0 >> " +
                       shared.path() + "/seen\nip route >> " + shared.path() + "/seen\nwhile :; do sleep 0.1; done\n");
  Machine machine(house, two_cables, "-- /bin/sh " + next + " word");
  BOOST_TEST(wait_until([&] { return contains(read_text(shared.path() + "/seen"), "default via"); }, 15'000),
             machine.log());
  const std::string seen = read_text(shared.path() + "/seen");
  BOOST_TEST(contains(seen, "first 1 word 0\n"), seen);
  BOOST_TEST(contains(seen, "LOWER_UP"), seen);
  BOOST_TEST(contains(machine.log(), "bondbox: init: the bonds have carrier after "), machine.log());
  BOOST_TEST(machine.comes_to_log("<30>bondbox: bond0: carrier on\n"), machine.log());
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(is_free_of_zombies(machine), machine.processes());
  const CommandResult keeper = machine.run("pgrep -P 1 -f '^[^ ]*bondbox init'");
  BOOST_TEST(keeper.ok(), machine.processes());
  BOOST_TEST(machine.run("pgrep -c -x bondbox").output == "2\n", machine.processes());
  // A dead daemon is brought back, though the init that started all this is another program by now.
  BOOST_TEST(machine.run("kill -9 " + pid_of_daemon(machine)).ok());
  BOOST_TEST(machine.comes_to_log("the daemon was killed by signal 9 (Killed); it is started again in 200 ms"));
  BOOST_TEST(machine.comes_up());
  // As the next init ends a machine: SIGTERM to everybody.
  BOOST_TEST(machine.run("kill -TERM " + keeper.output).ok());
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
  BOOST_TEST(wait_until([&] { return !machine.run("pgrep -x bondbox").ok(); }, 5'000), machine.processes());
}

BOOST_AUTO_TEST_CASE(alone_it_bonds_takes_in_orphans_and_powers_off_when_told_with_the_ports_given_back) {
  const House house;
  const std::string before = house.portraits();
  Machine machine(house, two_cables, "");
  BOOST_TEST(machine.comes_up(), machine.log());
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(machine.run("(sleep 0.1 &) ; sleep 0.3").ok());
  BOOST_TEST(is_free_of_zombies(machine), machine.processes());
  house.pull(0);
  BOOST_TEST(wait_until([&] { return machine.ask("get bond0 active_slave").out == "eth1\n"; }, 5'000));
  house.put_back(0);
  BOOST_TEST(wait_until([&] { return machine.ask("get bond0 active_slave").out == "eth0\n"; }, 5'000));
  machine.signal(SIGUSR2);
  BOOST_TEST(machine.end() == 128 + SIGINT, machine.log());
  BOOST_TEST(contains(machine.log(), "<29>bondbox: init: power off: the ports are given back first\n"), machine.log());
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
}

BOOST_AUTO_TEST_CASE(an_upgrade_leaves_process_1_a_child_that_stands_for_the_daemon) {
  const House house;
  const std::string before = house.portraits();
  Machine machine(house, two_cables, "");
  BOOST_TEST(machine.comes_up(), machine.log());
  const std::string old = pid_of_daemon(machine);
  const std::string upgrade = program() + " --run-dir " + machine.run_dir() + " upgrade 2>&1";
  const CommandResult upgraded = machine.run(upgrade);
  BOOST_TEST(upgraded.ok(), upgraded.output);
  BOOST_TEST(machine.comes_to_log("in the place of process " + old + ";"), machine.log());
  BOOST_TEST(machine.run("pgrep -c -f 'bondbox run'").output == "2\n", machine.processes());
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(is_free_of_zombies(machine), machine.processes());
  // Whatever becomes of the new one, process 1 hears of it.
  const std::string both = machine.run("pgrep -f 'bondbox run'").output;
  const std::string fresh = machine.run("cat " + machine.run_dir() + "/pid").output;
  BOOST_TEST(contains(both, fresh), both);
  BOOST_TEST(machine.run("kill -9 " + fresh).ok());
  BOOST_TEST(machine.comes_to_log("the daemon ended with exit status 1; it is started again in 200 ms"), machine.log());
  BOOST_TEST(machine.comes_up());
  BOOST_TEST(machine.run(upgrade).ok());
  machine.signal(SIGUSR2);
  BOOST_TEST(machine.end() == 128 + SIGINT, machine.log());
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
}

BOOST_AUTO_TEST_CASE(sigterm_and_ctrl_alt_del_restart_the_machine_though_a_program_does_not_want_to_end) {
  for (const int number : {SIGTERM, SIGINT}) {
    const House house;
    Machine machine(house, two_cables, "", "trap '' TERM HUP; sleep 1000 & trap - TERM HUP");
    BOOST_TEST(machine.comes_up(), machine.log());
    machine.signal(number);
    BOOST_TEST(machine.end() == 128 + SIGHUP, machine.log());
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_configuration_is_told_with_its_place_and_read_again_until_it_is_right) {
  const House house;
  Machine machine(house, "[bond.bond0]\nmode = \"active-backup\"\nports = [\"eth0\"]\nmimon = 5\n", "splash --waits 3");
  BOOST_TEST(
      machine.comes_to_log("bondbox.toml:4:1: unknown option \"mimon\" in [bond.bond0]; did you mean \"miimon\"?"),
      machine.log());
  for (const char* sentence : {"<27>bondbox: init: unexpected \"splash\"\n", "unknown option \"--waits\"",
                               "unexpected \"3\"", "is read again until it is right"})
    BOOST_TEST(contains(machine.log(), sentence), sentence);
  BOOST_TEST(machine.is_running());
  machine.configure(two_cables);
  machine.signal(SIGHUP);
  BOOST_TEST(machine.comes_up(), machine.log());
  // The next SIGHUP is the daemon's, which applies what changed.
  machine.configure("[bond.bond0]\nmode = \"active-backup\"\nports = [\"eth1\"]\n");
  machine.signal(SIGHUP);
  BOOST_TEST(wait_until([&] { return machine.ask("get bond0 slaves").out == "eth1\n"; }, 5'000), machine.log());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_had_is_said_and_process_1_lives_on) {
  const House house;
  Machine machine(house, two_cables, "--modules /nonexistent -- /nonexistent/init");
  BOOST_TEST(machine.comes_to_log("bondbox: init: cannot start /nonexistent/init: No such file or directory\n"),
             machine.log());
  BOOST_TEST(contains(machine.log(), "init: cannot read modules from /nonexistent: No such file or directory\n"));
  BOOST_TEST(machine.comes_up(), machine.log());
  BOOST_TEST(machine.is_running());
  BOOST_TEST(machine.run("pgrep -c -f 'bondbox run'").output == "1\n", machine.processes());
}

BOOST_AUTO_TEST_CASE(without_a_cable_the_next_init_starts_when_the_wait_is_over) {
  const House house;
  house.pull(0);
  house.pull(1);
  Machine machine(house, two_cables, "--wait 400ms -- /bin/sh -c 'echo next runs; sleep 1000'");
  BOOST_TEST(machine.comes_to_log("<28>bondbox: init: bond0 has no carrier after 40"), machine.log());
  BOOST_TEST(wait_until([&] { return contains(machine.console(), "next runs\n"); }, 5'000));
  house.put_back(1);
  BOOST_TEST(wait_until([&] { return machine.ask("get bond0 active_slave").out == "eth1\n"; }, 5'000), machine.log());
}

BOOST_AUTO_TEST_CASE(a_program_in_the_foreground_it_is_where_another_init_is_the_first) {
  const House house;
  const Answer wrong = run_program(house.box, "init --waits 3");
  BOOST_TEST(wrong.status == 2);
  BOOST_TEST(contains(wrong.err, "unknown option \"--waits\""), wrong.err);
  // Not process 1: the program that comes after has the bond, and whoever asked for it has the program's exit status.
  const ScratchDirectory scratch;
  write_text(scratch.path() + "/kmsg", "");
  // The keeper is a child of what became this shell.
  write_text(scratch.path() + "/next",
             "cat /sys/class/net/bond0/carrier\nkill $(pgrep -P $$ -x bondbox)\nwait\nexit 7\n");
  const Answer answer = run_program(
      house.box, "init " + house.config() + " --run-dir " + scratch.path() + "/run -- sh " + scratch.path() + "/next",
      "mount --bind " + scratch.path() + "/kmsg /dev/kmsg && exec");
  BOOST_TEST(answer.status == 7, answer.err);
  BOOST_TEST(answer.out == "1\n", answer.out + answer.err);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

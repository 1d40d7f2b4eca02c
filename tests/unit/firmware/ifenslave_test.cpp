#include "firmware/ifenslave.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <vector>

#include "firmware/command_executor.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using ifenslave::Ending;
using ifenslave::Form;
using test::SimBench;
using Words = std::vector<std::string>;

/// A program with bond0 (e0), and e1, e2 beside it; the machine has the simulated interfaces.
struct OldMachine : SimBench {
  OldMachine() : SimBench({"e0", "e1", "e2"}) {
    add({"e0"});
    run_for(300);
  }

  CommandExecutor executor{scheduler, [] { return WallClock{}; }, {}};
  std::vector<Words> asked;
  bool bond_is_up = true;
  std::string going_down;

  Ending call(const Words& words, Form form = Form::classic) {
    ifenslave::Machine machine;
    machine.ask = [this](std::span<const std::string> question) {
      asked.emplace_back(question.begin(), question.end());
      return executor.execute(question);
    };
    machine.describe = [](std::string_view name) -> std::optional<std::string> {
      if (name == "e9") return std::nullopt;
      return name.empty() ? "all of them\n" : std::string(name) + " alone\n";
    };
    machine.is_up = [this](std::string_view name) -> std::optional<bool> {
      if (name == "e9") return std::nullopt;
      return name != "bond0" || bond_is_up;
    };
    machine.going_down = going_down;
    machine.linger_ms = 2'000;
    return ifenslave::run(words, form, machine);
  }
  std::string ports() { return executor.execute(Words{"get", "bond0", "slaves"}).text; }
  std::string active() { return executor.execute(Words{"get", "bond0", "active_slave"}).text; }
};

void check(const Ending& ending, int exit_status, std::string_view said) {
  BOOST_TEST(ending.exit_status == exit_status);
  BOOST_TEST((ending.out + ending.err).find(said) != std::string::npos, ending.out + ending.err);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ifenslave_applet)

BOOST_AUTO_TEST_CASE(ports_are_enslaved_activated_and_detached) {
  for (const Form form : {Form::classic, Form::busybox}) {
    OldMachine machine;
    BOOST_TEST(machine.call({"bond0", "e1", "e2"}, form).exit_status == 0);
    BOOST_TEST(machine.ports() == "e0 e1 e2\n");
    machine.run_for(300);
    BOOST_TEST(machine.call({"-c", "bond0", "e2"}, form).exit_status == 0);
    BOOST_TEST(machine.active() == "e2\n");
    const Ending detached = machine.call({"-d", "bond0", "e0", "e1"}, form);
    BOOST_TEST(detached.exit_status == 0);
    BOOST_TEST(detached.out + detached.err == "");
    BOOST_TEST(machine.ports() == "e2\n");
    BOOST_TEST(machine.call({"-f", "bond0", "e0"}, form).exit_status == 0);
    BOOST_TEST(machine.ports() == "e2 e0\n");
  }
}

BOOST_AUTO_TEST_CASE(options_stand_anywhere_long_or_shortened) {
  OldMachine machine;
  BOOST_TEST(machine.call({"bond0", "e1", "--force"}).exit_status == 0);
  BOOST_TEST(machine.call({"bond0", "--det", "e1"}).exit_status == 0);
  BOOST_TEST(machine.ports() == "e0\n");
  check(machine.call({"--ver", "bond0"}), 2, "Usage: ifenslave");  // verbose or version
  check(machine.call({"-v", "bond0", "--", "e1"}), 0, "slave e1: done");
}

BOOST_AUTO_TEST_CASE(the_c_programs_exit_statuses) {
  OldMachine machine;
  for (const Words& words : {Words{"-h"}, Words{"-u"}, Words{"--help"}, Words{"-hv"}})
    check(machine.call(words), 0, "Usage: ifenslave [-f] <master-if>");
  check(machine.call({"-V"}), 0, "v1.1.0");
  check(machine.call({"-a"}), 0, "all of them");
  check(machine.call({"e1"}), 0, "e1 alone");
  for (const Words& words :
       {Words{}, Words{"-c", "-d", "bond0", "e0"}, Words{"-fd", "bond0", "e0"}, Words{"-x"}, Words{"-?"},
        Words{"--nonsense"}, Words{"-d", "bond0"}, Words{"-c", "bond0"}, Words{"-v"}, Words{"-a", "bond0"}}) {
    const Ending ending = machine.call(words);
    BOOST_TEST(ending.exit_status == 2);
    BOOST_TEST(ending.err.starts_with("Usage: ifenslave [-f] <master-if>"), ending.err);
  }
  check(machine.call({"bond7", "e1"}), 1,
        "Illegal operation; the specified interface 'bond7' is not a master. Aborting\nbondbox: there is no bond");
  machine.bond_is_up = false;
  check(machine.call({"bond0", "e1"}), 1, "Illegal operation; the specified master interface 'bond0' is not up.\n");
}

BOOST_AUTO_TEST_CASE(a_port_that_fails_is_told_and_the_others_are_done) {
  OldMachine machine;
  const Ending mixed = machine.call({"bond0", "e9", "e0", "e1"});
  check(mixed, 1, "Slave 'e9': Error: get settings failed: No such device. Skipping\n");
  check(mixed, 1,
        "Illegal operation: The specified slave interface 'e0' is already a slave\n"
        "Master 'bond0', Slave 'e0': Error: Enslave failed\n");
  BOOST_TEST(machine.ports() == "e0 e1\n");
  const Ending detached = machine.call({"-d", "bond0", "e2", "e0", "e9"});
  check(detached, 19,
        "Illegal operation: The specified slave interface 'e2' is not a slave\n"
        "Master 'bond0', Slave 'e2': Error: Release failed\n");
  BOOST_TEST(machine.ports() == "e1\n");
  check(machine.call({"-c", "bond0", "e2"}), 1, "Error: Change active failed");
}

BOOST_AUTO_TEST_CASE(the_busybox_applets_exit_statuses_and_words) {
  OldMachine machine;
  const auto busybox = [&](const Words& words) { return machine.call(words, Form::busybox); };
  check(busybox({}), 0, "all of them");
  check(busybox({"e0"}), 0, "e0 alone");
  for (const Words& words : {Words{"-cd", "bond0", "e0"}, Words{"-d", "-f", "bond0", "e0"}, Words{"-x"},
                             Words{"-d", "bond0"}, Words{"-c", "bond0"}, Words{"--detach", "bond0", "e0"}}) {
    check(busybox(words), 1, "Usage: ifenslave [-cdf] MASTER_IFACE SLAVE_IFACE...");
  }
  check(busybox({"bond7", "e1"}), 1, "ifenslave: bond7 is not a master\n");
  check(busybox({"-d", "bond0", "e1"}), 1, "ifenslave: e1 is not a slave\nifenslave: can't release e1 from bond0\n");
  check(busybox({"bond0", "e0"}), 1, "ifenslave: e0 is already a slave\nifenslave: can't enslave e0 to bond0\n");
  check(busybox({"-c", "bond0", "e1"}), 1, "ifenslave: master bond0, slave e1: can't change active\n");
  check(busybox({"bond0", "e9"}), 255, "ifenslave: skipping e9: can't get settings: No such device\n");
  machine.bond_is_up = false;
  check(busybox({"bond0", "e1"}), 1, "ifenslave: bond0 is not up\n");
}

BOOST_AUTO_TEST_CASE(within_an_ifdown_ports_stay_until_the_ifup_that_follows_or_leave_a_little_later) {
  OldMachine machine;
  BOOST_TEST(machine.call({"bond0", "e1"}).exit_status == 0);
  machine.going_down = "bond0";
  BOOST_TEST(machine.call({"-d", "bond0", "e0", "e1"}).exit_status == 0);
  BOOST_TEST(machine.asked.back() == (Words{"release", "--after", "2000", "bond0", "e1"}));
  BOOST_TEST(machine.ports() == "e0 e1\n");
  machine.run_for(1'000);
  machine.going_down.clear();
  BOOST_TEST(machine.call({"bond0", "e0"}).exit_status == 0);  // taken back
  check(machine.call({"bond0", "e0"}), 1, "is already a slave");
  machine.run_for(1'500);
  BOOST_TEST(machine.ports() == "e0\n");
  // An ifdown of something else is none of ours.
  machine.going_down = "eth7";
  BOOST_TEST(machine.call({"-d", "bond0", "e0"}).exit_status == 0);
  BOOST_TEST(machine.ports() == "");
}

BOOST_AUTO_TEST_SUITE_END()

// `bondbox console` at a pseudo terminal, before a bondbox with real NICs; and as what a machine without a shell has.
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>
#include <string>

#include "tests/lab/support/machine.hpp"
#include "tests/lab/support/pty.hpp"

namespace bondbox::lab {

namespace {

constexpr const char* prompt = "bondbox> ";

/// The program at a line, waiting for what is typed.
class AtLine {
 public:
  AtLine(const House& house, const std::string& run_dir, const std::string& words)
      : process_(house.box.start("exec " + program() + " console --run-dir " + run_dir + " " + words, log())) {}

  const Process& process() const { return process_; }
  Process& process() { return process_; }
  std::string log() const { return scratch_.path() + "/log"; }
  /// Of its own memory, in kB.
  long resident_kb() const {
    const std::string status = read_text("/proc/" + std::to_string(process_.pid()) + "/status");
    const std::size_t at = status.find("VmRSS:");
    return at == std::string::npos ? 0 : std::atol(status.c_str() + at + 6);
  }

 private:
  ScratchDirectory scratch_;
  Process process_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_console)

BOOST_AUTO_TEST_CASE(a_status_that_is_watched_is_sent_anew_only_where_it_differs_and_leaves_a_usable_terminal) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  Pty line;
  Process watching = house.box.start("exec " + program() + " status bond0 --watch --run-dir " + daemon.run_dir() +
                                     " < " + line.device() + " > " + line.device());
  const std::string first = line.reads_until("lost: no port");
  BOOST_TEST(contains(first, "\x1b[2J\x1b[1Hbond0: active-backup, up, active port eth0\x1b[K"), first);
  house.pull(0);
  // Over the line of then; the heading below it is as it was, unless all of it is sent anew.
  const std::string later = line.reads_until("DEGRADED: eth0 has had no link");
  BOOST_TEST(contains(later, "\x1b[1Hbond0: active-backup, up, active port eth1\x1b[K"), later);
  BOOST_TEST(!contains(later, "\x1b[2J"), later);
  BOOST_TEST(!contains(first + later, "\x1b[?25l"), "the cursor is hidden, and nobody would bring it back");
  watching.stop(SIGINT);
  // A terminal is not what a file is.
  const std::string file = house.scratch.path() + "/watched";
  Process writing =
      house.box.start("exec " + program() + " status bond0 --watch --run-dir " + daemon.run_dir() + " > " + file);
  BOOST_TEST(wait_until([&] { return contains(read_text(file), "lost: no port"); }, 5'000));
  writing.stop(SIGINT);
  BOOST_TEST(!contains(read_text(file), "\x1b"));
}

BOOST_AUTO_TEST_CASE(a_person_at_a_serial_line_sees_the_bond_and_moves_it) {
  const House house;
  const Daemon daemon(house.box, House::words);
  Pty line;
  AtLine console(house, daemon.run_dir(), line.device());
  BOOST_TEST(contains(line.reads_until(prompt), "help lists the commands\r\n"));
  line.type("status\r");
  const std::string status = line.reads_until(std::string("\r\n") + prompt);
  BOOST_TEST(contains(status, "\r\nbond0: active-backup, up, active port eth0\r\n"), status);
  line.type("activaxe\x7f\x7fte bond0 eth1\r\n");
  (void)line.reads_until(std::string("\r\n") + prompt);
  BOOST_TEST(daemon.comes_to("eth1"));
  line.type(
      "\x1b[A\x7f"
      "0\r");
  BOOST_TEST(daemon.comes_to("eth0"));
  (void)line.reads_until(std::string("\r\n") + prompt);
  line.type("follow\r");
  (void)line.reads_until("any key ends it\r\n");
  house.pull(0);
  BOOST_TEST(contains(line.reads_until("making interface the new active one"), "(slave eth1)"));
  line.type("q");
  (void)line.reads_until(prompt);
  line.type("explain bond0 eth0\n");
  BOOST_TEST(contains(line.reads_until(std::string("\r\n") + prompt), "eth0"));
  BOOST_TEST(console.process().is_running());
  BOOST_TEST(console.process().stop(SIGTERM) == 0);
}

BOOST_AUTO_TEST_CASE(a_line_that_hangs_up_is_opened_again_under_its_name) {
  const House house;
  const Daemon daemon(house.box, House::words);
  const ScratchDirectory scratch;
  const std::string device = scratch.path() + "/ttyS1";
  AtLine console(house, daemon.run_dir(), device);  // before there is such a device
  BOOST_TEST(wait_until([&] { return contains(read_text(console.log()), "cannot be used: No such file"); }, 5'000));
  Pty first;
  BOOST_REQUIRE(::symlink(first.device().c_str(), device.c_str()) == 0);
  BOOST_TEST(contains(first.reads_until(prompt), "help lists"));
  first.type("stat");
  (void)first.reads_until("stat");
  Pty second;
  BOOST_REQUIRE(::unlink(device.c_str()) == 0);
  BOOST_REQUIRE(::symlink(second.device().c_str(), device.c_str()) == 0);
  first.hang_up();
  BOOST_TEST(contains(second.reads_until(prompt), "help lists"));
  second.type("get bond0 mode\r");
  BOOST_TEST(contains(second.reads_until("active-backup 1\r\n"), "\r\nactive-backup 1\r\n"));
  BOOST_TEST(contains(read_text(console.log()), "it was hung up; it is tried again until it can"));
}

BOOST_AUTO_TEST_CASE(floods_and_noise_cost_no_memory_and_the_next_person_is_served) {
  const House house;
  const Daemon daemon(house.box, House::words);
  Pty line;
  AtLine console(house, daemon.run_dir(), line.device());
  (void)line.reads_until(prompt);
  line.type("status\r");
  (void)line.reads_until(std::string("\r\n") + prompt);
  const long before_kb = console.resident_kb();
  // Nobody reads: what is sent then is taken all the same, and thrown away.
  BOOST_TEST(line.flood("status\rhelp\r", 20'000) >= 20'000U);
  BOOST_TEST(contains(line.reads_until("bytes came while nobody read"), "bytes came while nobody read"));
  std::string noise;
  for (unsigned i = 0; i < 4'096; ++i) noise += static_cast<char>(i * 2'654'435'761U >> 11);
  BOOST_TEST(console.process().is_running());
  // With somebody who reads all of it comes through.
  for (int i = 0; i < 50; ++i) {
    line.type(noise);
    while (!line.read_some().empty()) {
    }
  }
  BOOST_TEST(console.resident_kb() < before_kb + 1'000,
             before_kb << " kB before, " << console.resident_kb() << " after");
  BOOST_TEST(console.process().is_running());
  BOOST_TEST(daemon.ask("get bond0 active_slave").out == "eth0\n");
  // The noise may have brought ten seconds of ignoring, and left a page open or a line half typed.
  BOOST_TEST(wait_until(
      [&] {
        line.type("\x03q\x03get bond0 mode\r");
        return contains(line.reads_until("active-backup 1\r\n"), "\r\nactive-backup 1\r\n");
      },
      20'000));
}

BOOST_AUTO_TEST_CASE(a_script_may_speak_to_it_through_a_pipe) {
  const House house;
  const Daemon daemon(house.box, House::words);
  const std::string console = "| " + program() + " console --run-dir " + daemon.run_dir();
  const CommandResult good = house.box.run("printf 'get bond0 mode\\nget bond0 active_slave' " + console);
  BOOST_TEST(good.status == 0);
  BOOST_TEST(good.output == "active-backup 1\neth0\n");
  const CommandResult bad = house.box.run("echo 'activate bond0 eth7' " + console);
  BOOST_TEST(bad.status == 1);
  BOOST_TEST(contains(bad.output, "eth7"), bad.output);
}

BOOST_AUTO_TEST_CASE(a_machine_without_a_shell_has_it_on_its_console_and_is_powered_off_from_there) {
  const House house;
  Pty line;
  // What is no program stands where the shell is.
  Machine machine(house, "[bond.bond0]\nmode = \"active-backup\"\nports = [\"eth0\", \"eth1\"]\nmiimon = 20\n",
                  "--console " + line.device(), "mount --bind /etc/hostname $(readlink -f /bin/sh)");
  BOOST_TEST(contains(line.reads_until(prompt), "help lists"), machine.log());
  BOOST_TEST(machine.comes_up(), machine.log());
  line.type("get bond0 mode\r");
  BOOST_TEST(contains(line.reads_until("active-backup 1\r\n"), "\r\nactive-backup 1\r\n"));
  line.type("exit\r");  // it is there again at once
  BOOST_TEST(contains(line.reads_until("help lists"), "help lists"));
  (void)line.reads_until(prompt);
  line.type("poweroff\r");
  const std::string farewell = line.reads_until("told to poweroff\r\n");
  BOOST_TEST(machine.end() == 128 + SIGINT, farewell << machine.log());
}

BOOST_AUTO_TEST_CASE(a_machine_with_a_shell_has_that_with_job_control) {
  const House house;
  Pty line;
  Machine machine(house, "nonsense", "--console " + line.device());
  line.type("tty; echo pid $$ $PPID; sleep 1000\n");
  BOOST_TEST(contains(line.reads_until(" 1\r\n"), line.device()));
  ::usleep(300'000);
  line.type("\x03");
  line.type("echo still $?\n");
  BOOST_TEST(contains(line.reads_until("still 130\r\n"), "still 130\r\n"));
  line.type("kill -USR1 1\n");
  BOOST_TEST(machine.end() == 128 + SIGINT, machine.log());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

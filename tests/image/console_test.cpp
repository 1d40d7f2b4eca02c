// bondbox's own console on a second serial line, and what is left to somebody at the console when the first process
// cannot read its configuration.
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/image/support/machine.hpp"
#include "tests/image/support/needs_board.hpp"
#include "tests/lab/support/daemon.hpp"

namespace bondbox::image {
namespace {

constexpr std::size_t second_line = 1;

void wait_for_answer(Machine& machine, const std::string& command, const std::string& text) {
  std::string answer;
  for (int tries = 0; tries < 120 && !lab::contains(answer, text); ++tries) {
    if (tries != 0) ::usleep(500'000);
    answer = machine.ask(command, second_line);
  }
  BOOST_TEST(lab::contains(answer, text), command << ": " << answer);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(image_console, *needs_board("qemu-x86_64"))

BOOST_AUTO_TEST_CASE(a_second_serial_line_asks_and_commands_bondbox_without_a_shell) {
  Machine machine("qemu-x86_64", "inittab");
  machine.wait_for_console(second_line);
  wait_for_answer(machine, "status", "active port eth0");
  // Both have link.
  wait_for_answer(machine, "explain bond0 eth1", "does not carry traffic: it stands by");
  BOOST_TEST(machine.ask("activate bond0 eth1", second_line) == "");
  wait_for_answer(machine, "status", "active port eth1");
  BOOST_TEST(
      lab::contains(machine.ask("events bond0", second_line), "(slave eth1): making interface the new active one"));
  BOOST_TEST(lab::contains(machine.ask("help", second_line), "explain"));
  machine.type("\x01\xff\xfe\x80\xc3\x28\r", second_line);
  machine.wait_for("of the line are no text", 0, second_line);
  wait_for_answer(machine, "get bond0 miimon", "100");
}

BOOST_AUTO_TEST_CASE(the_first_process_tells_what_is_wrong_with_its_configuration_and_keeps_the_console) {
  Machine machine("qemu-x86_64", "alone", "bondbox.config=/etc/forgotten.toml");
  machine.wait_for_console(0);
  machine.wait_for("/etc/forgotten.toml");
  BOOST_TEST(lab::contains(machine.ask("status", 0), "no bondbox is running"));
  machine.tell_monitor("sendkey ctrl-alt-delete");
  BOOST_TEST((machine.wait_for_end() == 0), machine.shown());
  BOOST_TEST(!lab::contains(machine.shown(), "Kernel panic"), machine.shown());
}

BOOST_AUTO_TEST_CASE(the_next_init_starts_even_when_no_bond_can) {
  Machine machine("qemu-x86_64", "init", "bondbox.config=/etc/forgotten.toml bondbox.wait=1s");
  machine.wait_for_shell();
  BOOST_TEST(lab::contains(machine.shown(), "/etc/forgotten.toml"), machine.shown());
  machine.type("poweroff\r");
  BOOST_TEST((machine.wait_for_end() == 0), machine.shown());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::image

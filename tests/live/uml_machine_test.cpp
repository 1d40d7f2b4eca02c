// The machine itself: what the other live tests take for granted.
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "tests/lab/support/daemon.hpp"
#include "tests/live/support/uml_machine.hpp"

namespace bondbox::live {

BOOST_AUTO_TEST_SUITE(live_machine)

BOOST_AUTO_TEST_CASE(the_kernels_driver_makes_a_bond_in_it) {
  const UmlResult result = UmlMachine().run("ip link add bond0 type bond mode 1 && cat /proc/net/bonding/bond0");
  BOOST_REQUIRE_MESSAGE(result.ok(), result.text());
  BOOST_TEST(lab::contains(result.output, "Bonding Mode: fault-tolerance (active-backup)"), result.text());
}

BOOST_AUTO_TEST_CASE(it_tells_exit_status_output_and_files) {
  UmlMachine machine;
  const UmlResult result = machine.run("echo said; echo 'it'\\''s here' > " + machine.directory() + "/file; exit 7");
  BOOST_REQUIRE_MESSAGE(result.ended, result.text());
  BOOST_TEST(result.status == 7);
  BOOST_TEST(result.output == "said\n");
  BOOST_TEST(lab::read_text(machine.directory() + "/file") == "it's here\n");
}

BOOST_AUTO_TEST_CASE(one_that_is_late_is_killed_with_all_that_runs_in_it) {
  UmlMachine machine;
  machine.start("sleep 1000");
  const pid_t group = machine.pid();
  const UmlResult result = machine.wait(4);
  BOOST_TEST(!result.ended);
  BOOST_TEST(lab::wait_until([&] { return ::kill(-group, 0) != 0; }, 3'000));
}

BOOST_AUTO_TEST_CASE(two_run_side_by_side) {
  UmlMachine first;
  UmlMachine second;
  first.start("ip link add bond7 type bond && sleep 1 && ip link show bond7");
  second.start("sleep 1; ip link show bond7");
  const UmlResult with = first.wait();
  const UmlResult without = second.wait();
  BOOST_TEST(with.ok(), with.text());
  BOOST_TEST(without.ended, without.text());
  BOOST_TEST(without.status != 0, without.text());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::live

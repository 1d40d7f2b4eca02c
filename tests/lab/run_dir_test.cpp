// The run directory is where everybody looks for a running bondbox: removed or hidden by somebody, it comes back with
// all that was in it.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <string>

#include "tests/lab/support/lab_house.hpp"
#include "tests/lab/support/machine.hpp"

namespace bondbox::lab {

namespace {

constexpr int limit_ms = 10'000;

/// What a daemon's mount namespace shows.
struct Inside {
  const Daemon& daemon;

  CommandResult run(const std::string& command) const {
    return run_command("nsenter -m -n -t " + std::to_string(daemon.pid()) + " " + command);
  }
  CommandResult ask(const std::string& words) const {
    return run(program() + " --run-dir " + daemon.run_dir() + " " + words);
  }
  bool answers() const {
    return wait_until([&] { return ask("get bond0 miimon").output == "20\n"; }, limit_ms);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_run_dir)

BOOST_AUTO_TEST_CASE(a_run_directory_that_was_removed_comes_back_and_the_next_start_finds_its_notes) {
  const House house;
  const std::string before = house.portraits();
  Daemon daemon(house.box, House::words + std::string(" offload=off"));
  // In one go: the daemon writes while rm reads.
  const ScratchDirectory bin;
  BOOST_REQUIRE(run_command("mv " + daemon.run_dir() + " " + bin.path()).ok());
  BOOST_TEST(wait_until([&] { return daemon.ask("get bond0 miimon").out == "20\n"; }, limit_ms), daemon.log());
  BOOST_TEST(wait_until([&] { return contains(daemon.proc_file(), "Slave Interface: eth1\n"); }, limit_ms));
  BOOST_TEST(contains(daemon.log(), daemon.run_dir() + " was removed, or hidden by a mount; it is there again"));
  BOOST_TEST(read_text(daemon.path("pid")) == std::to_string(daemon.pid()) + "\n");
  BOOST_TEST(contains(run_program(house.box, "--run-dir " + daemon.run_dir() + " run bond1").err, "is running"));
  BOOST_TEST(reaches(house.box, House::town_v4));

  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  BOOST_TEST((house.portraits() != before));
  daemon.start();
  BOOST_TEST(contains(daemon.log(), "goes on where it stood"), daemon.log());
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
}

BOOST_AUTO_TEST_CASE(a_control_socket_that_was_removed_comes_back) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(run_command("rm " + daemon.path("control.sock")).ok());
  BOOST_TEST(wait_until([&] { return daemon.ask("get bond0 miimon").out == "20\n"; }, limit_ms), daemon.log());
}

BOOST_AUTO_TEST_CASE(a_file_system_over_it_hides_it_for_a_moment_and_so_does_its_end) {
  const House house;
  const Daemon daemon(house.box, House::words);
  const Inside inside{daemon};
  BOOST_REQUIRE(inside.run("mount -t tmpfs none " + daemon.run_dir()).ok());
  BOOST_TEST(inside.answers(), daemon.log());
  const std::string text = "cat " + daemon.path("net/bonding/bond0");
  BOOST_TEST(wait_until([&] { return contains(inside.run(text).output, "Slave Interface: eth1\n"); }, limit_ms));
  BOOST_TEST(contains(inside.run("ls " + daemon.path("state/ports")).output, "eth1@"));
  // What lay below is seen again, and is nobody's by now.
  BOOST_REQUIRE(inside.run("umount -l " + daemon.run_dir()).ok());
  BOOST_TEST(inside.answers(), daemon.log());
}

BOOST_AUTO_TEST_CASE(another_bondbox_that_took_the_place_meanwhile_keeps_it) {
  const House house;
  const House other;
  const Daemon daemon(house.box, House::words);
  const std::string mine = daemon.run_dir();
  // As one process, so that the first one's next look comes when the second one is there.
  BOOST_REQUIRE(run_command("kill -STOP " + std::to_string(daemon.pid()) + " && rm -r " + mine).ok());
  Process second =
      other.box.start("exec " + program() + " run --run-dir " + mine + " bond7 eth0 eth1 mode=1 miimon=20");
  const auto asked = [&] { return run_program(house.box, "--run-dir " + mine + " get bond7 miimon").out; };
  BOOST_TEST(wait_until([&] { return asked() == "20\n"; }, limit_ms));
  BOOST_REQUIRE(::kill(daemon.pid(), SIGCONT) == 0);
  BOOST_TEST(wait_until([&] { return contains(daemon.log(), "another bondbox is running with " + mine); }, limit_ms),
             daemon.log());
  BOOST_TEST(asked() == "20\n");
  BOOST_TEST(second.stop(SIGTERM) == 0);
  BOOST_TEST(wait_until([&] { return daemon.ask("get bond0 miimon").out == "20\n"; }, limit_ms), daemon.log());
}

BOOST_AUTO_TEST_CASE(a_next_init_that_mounts_over_run_loses_no_control_socket) {
  const House house;
  const ScratchDirectory shared;
  const std::string next = shared.path() + "/next";
  const std::string seen = shared.path() + "/seen";
  write_text(next, "#!/bin/sh\nmount -t tmpfs none $BONDBOX_RUN_DIR\nfor i in 1 2 3 4 5 6 7 8 9; do\n" + program() +
                       " get bond0 miimon > " + seen + " 2>&1 && break\nsleep 1\ndone\nwhile :; do sleep 0.1; done\n");
  const Machine machine(house, "[bond.bond0]\nports = [\"eth0\", \"eth1\"]\nmiimon = 20\n", "-- /bin/sh " + next,
                        "export BONDBOX_RUN_DIR=$(dirname $0)/run");
  BOOST_TEST(wait_until([&] { return read_text(seen) == "20\n"; }, 20'000), read_text(seen) << machine.log());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

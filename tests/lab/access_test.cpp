// Who may ask and tell a running bondbox what, and whose files it obeys.
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "firmware/control_client.hpp"
#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {
namespace {

constexpr unsigned readers = 4'242;
constexpr const char* as_reader = "setpriv --reuid=4241 --regid=4242 --clear-groups ";
constexpr const char* as_stranger = "setpriv --reuid=4241 --regid=4241 --clear-groups ";

/// A configuration whose readers are a group.
std::string readable(const House& house) {
  const std::string words = house.config();
  write_text(house.config_path(), "readers = \"4242\"\n" + read_text(house.config_path()));
  return words;
}

/// `bondbox WORDS` as somebody else; the run directory is one that everybody may enter.
Answer ask_as(const Daemon& daemon, const House& house, const std::string& who, const std::string& words) {
  (void)::chmod(daemon.run_dir().c_str(), 0755);
  return run_program(house.box, "--run-dir " + daemon.run_dir() + " " + words, who);
}

unsigned mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_access)

BOOST_AUTO_TEST_CASE(without_readers_the_control_socket_is_roots_alone) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_TEST(mode_of(daemon.path("control.sock")) == 0600u);
  BOOST_TEST(ask_as(daemon, house, as_reader, "status").status == 1);
}

BOOST_AUTO_TEST_CASE(readers_may_ask_and_not_change) {
  const House house;
  const Daemon daemon(house.box, readable(house));
  struct stat status {};
  BOOST_REQUIRE(::stat(daemon.path("control.sock").c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 07777) == 0660u);
  BOOST_TEST(status.st_gid == readers);
  BOOST_TEST(status.st_uid == 0u);
  for (const char* question : {"status", "status --format json", "get bond0 mode", "events", "explain bond0"}) {
    const Answer answer = ask_as(daemon, house, as_reader, question);
    BOOST_TEST(answer.status == 0, question << ": " << answer.err);
    BOOST_TEST(!answer.out.empty(), question);
  }
  const std::string active = daemon.active();
  for (const char* order : {"set bond0 miimon 50", "release bond0 eth0", "enslave bond0 eth9", "activate bond0 eth1",
                            "remove bond0", "reload", "add bond9", "drill bond0"}) {
    const Answer answer = ask_as(daemon, house, as_reader, order);
    BOOST_TEST(answer.status == 1, order);
    BOOST_TEST(contains(answer.err, "EPERM"), order << ": " << answer.err);
  }
  BOOST_TEST(daemon.status("/privileges/refused_commands") == "8");
  BOOST_TEST(daemon.active() == active);
  BOOST_TEST(daemon.status("/bonds/0/miimon_ms") != "50");
  BOOST_TEST(ask_as(daemon, house, as_stranger, "status").status == 1);
  BOOST_TEST(daemon.ask("set bond0 miimon 50").status == 0);
}

BOOST_AUTO_TEST_CASE(a_group_that_does_not_exist_is_named) {
  const House house;
  const std::string words = house.config();
  write_text(house.config_path(), "readers = \"nobody-at-all\"\n" + read_text(house.config_path()));
  const ScratchDirectory run;
  const Answer answer = run_program(house.box, "run --run-dir " + run.path() + " " + words, "timeout 10");
  BOOST_TEST(answer.status == 1);
  BOOST_TEST(contains(answer.err, "there is no group \"nobody-at-all\""), answer.err);
  // It may be another machine's.
  const Answer checked = run_program(house.box, "check " + words);
  BOOST_TEST(checked.status == 0);
  BOOST_TEST(contains(checked.err, "warning: readers: there is no group \"nobody-at-all\""), checked.err);
}

BOOST_AUTO_TEST_CASE(a_configuration_that_others_may_write_is_refused_with_what_to_type) {
  const House house;
  const std::string words = house.config();
  const std::string file = house.config_path();
  const ScratchDirectory run;
  const auto is_refused = [&](const std::string& remedy) {
    for (const std::string& command : {"run --run-dir " + run.path() + " " + words, "check " + words}) {
      const Answer answer = run_program(house.box, command, "timeout 10");
      BOOST_TEST(answer.status == 1, command);
      BOOST_TEST(contains(answer.err, "type: " + remedy), answer.err);
    }
  };
  BOOST_REQUIRE(::chmod(file.c_str(), 0646) == 0);
  is_refused("chmod go-w " + file);
  BOOST_REQUIRE(::chmod(file.c_str(), 0664) == 0 && ::chown(file.c_str(), 0, readers) == 0);
  is_refused("chmod go-w " + file);
  BOOST_REQUIRE(::chmod(file.c_str(), 0644) == 0 && ::chown(file.c_str(), 65534, 0) == 0);
  is_refused("chown root " + file);
  BOOST_REQUIRE(::chown(file.c_str(), 0, 0) == 0);
  BOOST_TEST(run_program(house.box, "check " + words).status == 0);
}

BOOST_AUTO_TEST_CASE(a_reload_does_not_obey_a_file_that_others_may_write) {
  const House house;
  const Daemon daemon(house.box, house.config());
  write_text(house.config_path(), read_text(house.config_path()) + "downdelay = 100\n");
  BOOST_REQUIRE(::chmod(house.config_path().c_str(), 0666) == 0);
  const Answer answer = daemon.ask("reload");
  BOOST_TEST(answer.status == 1);
  BOOST_TEST(contains(answer.err, "nothing was changed"), answer.err);
  BOOST_REQUIRE(::chmod(house.config_path().c_str(), 0600) == 0);
  BOOST_TEST(daemon.ask("reload").status == 0);
}

BOOST_AUTO_TEST_CASE(a_run_directory_that_others_may_write_is_refused) {
  const House house;
  const ScratchDirectory run;
  BOOST_REQUIRE(::chmod(run.path().c_str(), 0777) == 0);
  const Answer answer =
      run_program(house.box, "run --run-dir " + run.path() + " " + std::string(House::words), "timeout 10");
  BOOST_TEST(answer.status == 1);
  BOOST_TEST(contains(answer.err, "type: chmod go-w " + run.path()), answer.err);
}

BOOST_AUTO_TEST_CASE(with_everything_but_its_run_directory_read_only_it_lives_a_whole_life) {
  const House house;
  const ScratchDirectory run;
  const ScratchDirectory log;
  const std::string root =
      "mount --make-rprivate / && mount --bind " + run.path() + " " + run.path() + " && mount -o remount,bind,ro / && ";
  const std::string log_file = log.path() + "/log";
  // The test reaches into the same run directory: a bind mount is the same files.
  Process process = house.box.start("exec unshare -m sh -c '" + root + "exec " + program() + " run --run-dir " +
                                        run.path() + " " + House::words + "'",
                                    log_file);
  const auto ask = [&](const std::string& words) {
    return run_program(house.box, "--run-dir " + run.path() + " " + words);
  };
  BOOST_REQUIRE_MESSAGE(wait_until([&] { return ask("status").status == 0; }, 10'000), read_text(log_file));
  BOOST_TEST(reaches(house.box, House::town_v4));
  house.pull(0);
  BOOST_TEST(wait_until([&] { return contains(ask("status").out, "active port eth1"); }, 5'000));
  house.put_back(0);
  for (const char* order : {"set bond0 offload off", "set bond0 offload auto", "release bond0 eth1",
                            "enslave bond0 eth1", "add bond1", "remove bond1"})
    BOOST_TEST(ask(order).status == 0, order);
  BOOST_TEST(contains(read_text(run.path() + "/net/bonding/bond0"), "Slave Interface: eth1"));
  (void)process.stop(SIGTERM);
  const std::string said = read_text(log_file);
  for (const char* complaint : {"Read-only", "cannot write", "refused system call"})
    BOOST_TEST(!contains(said, complaint), said);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

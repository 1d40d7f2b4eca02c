// A machine that lacks something, or has no more of it: what can be done without it is done and the lack is told; else
// one sentence says what to do, and nothing has been touched. Rights: start_test.cpp and bpf_rights_test.cpp.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <string>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

namespace ut = boost::unit_test;

/// Words that run a program in a mount namespace of its own, after these commands.
std::string after(const std::string& commands) {
  return "unshare -m --propagation private sh -c '" + commands + "; exec \"$@\"' sh";
}

/// bondbox started by way of other words, with a run directory that may be its alone.
class OddDaemon {
 public:
  OddDaemon(const House& house, const std::string& before, std::string run_dir = {})
      : house_(house), run_dir_(run_dir.empty() ? scratch_.path() + "/run" : std::move(run_dir)) {
    process_ = house.box.start("exec " + before + " " + program() + " run --run-dir " + run_dir_ + " " + House::words,
                               scratch_.path() + "/log");
  }
  ~OddDaemon() {
    if (process_.pid() > 0) ::kill(process_.pid(), SIGTERM);
    (void)process_.wait(5'000);
  }

  /// In its own mount namespace.
  CommandResult inside(const std::string& command) const {
    return run_command("nsenter -t " + std::to_string(process_.pid()) + " -m sh -c '" + command + "'");
  }
  std::string ask(const std::string& command) const {
    return inside(program() + " --run-dir " + run_dir_ + " " + command).output;
  }
  bool comes_to(const std::string& active) const {
    return wait_until([&] { return ask("get bond0 active_slave") == active + "\n"; }, 8'000);
  }
  std::string log() const { return read_text(scratch_.path() + "/log"); }
  pid_t pid() const noexcept { return process_.pid(); }
  /// SIGTERM; whether it ends as it should.
  bool ends() {
    ::kill(process_.pid(), SIGTERM);
    return process_.wait(5'000) == 0;
  }
  /// It carries, and moves to the other cable and back.
  void must_work() const {
    BOOST_TEST(comes_to("eth0"), log());
    BOOST_TEST(reaches(house_.box, House::town_v4));
    house_.pull(0);
    BOOST_TEST(comes_to("eth1"));
    BOOST_TEST(reaches(house_.box, House::town_v4));
    house_.put_back(0);
    BOOST_TEST(comes_to("eth0"));
    BOOST_TEST(reaches(house_.box, House::town_v4));
  }

 private:
  const House& house_;
  ScratchDirectory scratch_;
  std::string run_dir_;
  Process process_;
};

boost::test_tools::assertion_result time_namespaces_exist(ut::test_unit_id) {
  boost::test_tools::assertion_result result(run_command("unshare -T --monotonic 1000 true").ok());
  result.message() << "no time namespace to be had here";
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_missing)

BOOST_AUTO_TEST_CASE(without_proc_and_sys_it_works_and_says_what_it_cannot_do) {
  const House house;
  const std::string before = house.portraits();
  OddDaemon daemon(house, after("mount -t tmpfs none /sys; mount -t tmpfs none /proc"));
  daemon.must_work();
  for (const char* port : {"eth0", "eth1"})
    BOOST_TEST(contains(daemon.log(), std::string(port) + ": IPv6 cannot be switched off"), daemon.log());
  BOOST_TEST(daemon.ends());
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
}

BOOST_AUTO_TEST_CASE(without_the_tap_device_one_sentence_says_how_to_get_it) {
  const House house;
  const std::string before = house.portraits();
  const ScratchDirectory run;
  const Answer answer = run_program(house.box, "run --run-dir " + run.path() + " " + House::words,
                                    "timeout 5 " + after("mount -t tmpfs none /dev/net"));
  BOOST_TEST(answer.status == 1);
  BOOST_TEST(contains(answer.err, "bond0: no TAP driver to make bond0 with: load it (modprobe tun)"), answer.err);
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
}

BOOST_AUTO_TEST_CASE(a_run_directory_that_is_read_only_is_named) {
  const House house;
  const std::string before = house.portraits();
  const ScratchDirectory run;
  const Answer answer = run_program(house.box, "run --run-dir " + run.path() + "/bondbox " + House::words,
                                    "timeout 5 " + after("mount -t tmpfs -o ro none " + run.path()));
  BOOST_TEST(answer.status == 1);
  BOOST_TEST(contains(answer.err, run.path() + "/bondbox: Read-only file system\n"), answer.err);
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
}

BOOST_AUTO_TEST_CASE(a_full_run_directory_costs_the_texts_until_there_is_room) {
  const House house;
  const ScratchDirectory place;
  const std::string before = house.portraits();
  OddDaemon daemon(house,
                   after("mount -t tmpfs -o size=16k none " + place.path() + "; mkdir " + place.path() +
                         "/run; cat /dev/zero > " + place.path() + "/much 2> /dev/null"),
                   place.path() + "/run");
  daemon.must_work();
  BOOST_TEST(contains(daemon.log(), "No space left on device"), daemon.log());
  const std::string text = place.path() + "/run/net/bonding/bond0";
  BOOST_TEST(!daemon.inside("cat " + text).ok());
  // No text is better than a part of one.
  BOOST_TEST(daemon.inside("mount -o remount,size=1m " + place.path() + "; rm " + place.path() + "/much").ok());
  BOOST_TEST(wait_until([&] { return contains(daemon.inside("cat " + text).output, "Currently Active Slave: eth0\n"); },
                        5'000),
             daemon.log());
  BOOST_TEST(daemon.ends());
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
}

BOOST_AUTO_TEST_CASE(a_limit_on_the_size_of_files_costs_the_texts) {
  const House house;
  OddDaemon daemon(house, "prlimit --fsize=0");
  daemon.must_work();
  BOOST_TEST(daemon.ends());
}

BOOST_AUTO_TEST_CASE(a_log_that_nobody_can_take_stops_nothing) {
  const House house;
  OddDaemon daemon(house, "sh -c 'exec \"$@\" > /dev/full 2>&1' sh");
  daemon.must_work();
  BOOST_TEST(daemon.ends());
}

BOOST_AUTO_TEST_CASE(closed_standard_descriptors_are_held_so_that_no_text_gets_into_a_socket) {
  const House house;
  OddDaemon daemon(house, "sh -c 'exec \"$@\" <&- >&- 2>&-' sh");
  daemon.must_work();
  for (const char* number : {"0", "1", "2"})
    BOOST_TEST(run_command("readlink /proc/" + std::to_string(daemon.pid()) + "/fd/" + number).output == "/dev/null\n");
  BOOST_TEST(daemon.ends());
}

BOOST_AUTO_TEST_CASE(too_few_descriptors_are_told_and_the_ports_given_back) {
  const House house;
  const std::string before = house.portraits();
  for (const int limit : {8, 17, 19, 22}) {
    const ScratchDirectory run;
    const std::string number = std::to_string(limit);
    const Answer answer = run_program(house.box, "run --run-dir " + run.path() + " " + House::words,
                                      "timeout 5 prlimit --nofile=" + number + ":" + number);
    BOOST_TEST(answer.status == 1, number << ": " << answer.err);
    const char* const expected =
        limit < 16 ? "it may have 8 files open, and needs 16 and some for each port: ulimit -n" : "Too many open files";
    BOOST_TEST(contains(answer.err, expected), number << ": " << answer.err);
    BOOST_TEST(!house.box.run("ip link show bond0").ok());
    BOOST_TEST(house.comes_to_show(before), house.difference(before));
  }
}

BOOST_AUTO_TEST_CASE(a_clock_that_has_run_for_decades_is_as_good_as_a_new_one,
                     *ut::precondition(time_namespaces_exist)) {
  const House house;
  OddDaemon daemon(house, "unshare -T --monotonic 1000000000");
  daemon.must_work();
  BOOST_TEST(daemon.ends());
}

BOOST_AUTO_TEST_CASE(too_little_memory_for_socket_filters_is_told_and_costs_a_running_bond_nothing) {
  const House house;
  const std::string file = "/proc/sys/net/core/optmem_max";
  const std::string before = house.box.run("cat " + file).output;
  // Where it is not the namespace's own, it is the whole machine's.
  if (!house.box.run("test -w " + file).ok() || run_command("cat " + file).output != before) return;
  const std::string kept = house.scratch.path() + "/optmem_max";
  write_text(kept, before);
  const std::string portraits = house.portraits();
  house.box.must("echo 256 > " + file);
  if (run_command("cat " + file).output != before) return (void)run_command("cp " + kept + " " + file);
  const Answer refused = run_program(house.box, "run --run-dir " + house.scratch.path() + "/run " + House::words);
  BOOST_TEST(refused.status != 0);
  BOOST_TEST(contains(refused.err, "net.core.optmem_max"), refused.err);
  BOOST_TEST(house.difference(portraits) == "");
  house.box.must("cp " + kept + " " + file);
  Daemon daemon(house.box, House::words);
  BOOST_TEST(reaches(house.box, House::town_v4));
  house.box.must("echo 256 > " + file);
  // A port that comes now is refused and awaited, the other one carries on.
  house.box.must("ip link del eth0");
  BOOST_TEST(daemon.comes_to("eth1"));
  house.lay(0);
  BOOST_TEST(wait_until([&] { return contains(daemon.events(), "net.core.optmem_max"); }, 5'000), daemon.events());
  BOOST_TEST(reaches(house.box, House::town_v4));
  house.box.must("cp " + kept + " " + file);
  BOOST_TEST(daemon.comes_to("eth0"), daemon.events());
  BOOST_TEST(reaches(house.box, House::town_v4));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

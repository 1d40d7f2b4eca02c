// Files of the running program on a disk that does not answer: a FIFO in a file's place, which is opened for writing
// only when somebody reads, stands for it. Nothing that forwards, fails over or answers waits for it.
#include <fcntl.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/bench/numbered_flow.hpp"
#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

std::size_t not_once(const bench::NumberedFlow& flow) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < flow.sent(); ++i) count += flow.packets()[i].copies == 1U ? 0 : 1;
  return count;
}

/// Whoever opens it for writing waits until it is drained.
class Obstacle {
 public:
  explicit Obstacle(std::string path) : path_(std::move(path)) {
    BOOST_REQUIRE(run_command("rm -f " + path_ + "; mkfifo " + path_).ok());
  }
  ~Obstacle() { drain(); }
  /// From here on what comes is taken, and read by nobody.
  void drain() {
    if (!reader_.valid()) reader_ = lnx::UniqueFd(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }

 private:
  std::string path_;
  lnx::UniqueFd reader_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_slow_disk)

BOOST_AUTO_TEST_CASE(a_disk_that_hangs_stops_no_frame_no_failover_and_no_answer) {
  const House house;
  Daemon daemon(house.box, std::string(House::words) + " offload=off");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  BOOST_REQUIRE(reaches(house.town, House::box_v4));
  const std::string before = daemon.proc_file();
  Obstacle hanging(daemon.path("net/bonding/bond0.new"));
  bench::NumberedFlow out(house.box, House::box_v4, house.town, House::town_v4, 7001, 20'000);
  bench::NumberedFlow in(house.town, House::town_v4, house.box, House::box_v4, 7002, 20'000);
  bench::FlowDriver driver({&out, &in}, 1'000);

  BOOST_TEST(daemon.ask("set bond0 resend_igmp 7").status == 0);
  BOOST_TEST(daemon.ask("activate bond0 eth1").status == 0);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(daemon.ask("activate bond0 eth0").status == 0);
  BOOST_TEST(daemon.comes_to("eth0"));
  BOOST_TEST(wait_until([&] { return contains(daemon.log(), "are written late, net/bonding/bond0 waits"); }, 10'000),
             daemon.log());
  BOOST_TEST(daemon.status("/files/waits_for") == "net/bonding/bond0");
  BOOST_TEST(std::stoll("0" + daemon.status("/files/lag_ms")) >= 2'000);
  BOOST_TEST(daemon.proc_file() == before);
  driver.stop();
  BOOST_TEST(out.sent() > 1'000U);
  BOOST_TEST(not_once(out) == 0U);
  BOOST_TEST(not_once(in) == 0U);

  house.pull(0);
  BOOST_TEST(daemon.comes_to("eth1"));
  hanging.drain();
  BOOST_TEST(wait_until([&] { return contains(daemon.log(), "are written in time again"); }, 5'000));
  BOOST_TEST(wait_until([&] { return daemon.status("/files/waits_for") == "null"; }, 5'000));
  // The FIFO has the file's name by now; with the next text there is a file again.
  BOOST_TEST(daemon.ask("set bond0 primary_reselect failure").status == 0);
  BOOST_REQUIRE(run_command("test -f " + daemon.path("net/bonding/bond0")).ok());
  BOOST_TEST(contains(daemon.proc_file(), "Currently Active Slave: eth1\n"), daemon.proc_file());
  house.put_back(0);
}

BOOST_AUTO_TEST_CASE(while_a_disk_hangs_nobody_takes_over_and_the_end_comes_all_the_same) {
  const House house;
  const std::string before = house.portraits();
  Daemon daemon(house.box, std::string(House::words) + " offload=off");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  Obstacle hanging(daemon.path("net/bonding/bond0.new"));
  BOOST_TEST(daemon.ask("activate bond0 eth1").status == 0);
  const Answer refused = run_program(house.box, "--run-dir " + daemon.run_dir() + " upgrade");
  BOOST_TEST(refused.status == 1);
  BOOST_TEST(daemon.is_running());
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(contains(refused.err, "cannot be written now; it goes on by itself"), refused.err);
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
}

BOOST_AUTO_TEST_CASE(what_was_set_and_acknowledged_survives_a_kill_that_follows_at_once) {
  const House house;
  Daemon daemon(house.box, std::string(House::words) + " offload=off");
  for (const char* const value : {"2", "3", "4", "5"}) {
    BOOST_TEST(daemon.ask(std::string("set bond0 resend_igmp ") + value).status == 0);
    BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
    daemon.start();
    BOOST_TEST(daemon.ask("get bond0 resend_igmp").out == std::string(value) + "\n");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

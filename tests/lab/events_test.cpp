// What happened outlives the process that saw it, and reaches who wants to hear of it.
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {
namespace {

constexpr const char* words = "bond0 eth0 eth1 miimon=20 offload=off";

/// An event as `events --format json` tells it.
struct Told {
  std::int64_t sequence = 0;
  std::int64_t wall_ms = 0;
  std::string what;  ///< port, text, cause and outage
};

std::vector<Told> history_of(const Daemon& daemon) {
  std::vector<Told> history;
  std::string lines = daemon.ask("events bond0 --format json").out;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size() - 1);
    const boost::json::object event = boost::json::parse(lines.substr(0, end)).as_object();
    history.push_back(
        {event.at("sequence").as_int64(), event.at("wall_time_ms").as_int64(),
         boost::json::serialize(boost::json::array{event.at("bond"), event.at("port"), event.at("kind"),
                                                   event.at("text"), event.at("cause"), event.at("outage_ms_max")})});
    lines.erase(0, end + 1);
  }
  return history;
}

/// What was told before is told again, and new things come behind it.
void check_goes_on(const std::vector<Told>& before, const std::vector<Told>& now) {
  BOOST_REQUIRE(now.size() > before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    BOOST_TEST(now[i].sequence == before[i].sequence);
    BOOST_TEST(now[i].what == before[i].what);
    // Both clocks are read in whole milliseconds by each process.
    BOOST_TEST(std::abs(now[i].wall_ms - before[i].wall_ms) <= 5, now[i].what);
  }
  for (std::size_t i = 1; i < now.size(); ++i) {
    BOOST_TEST(now[i].sequence > now[i - 1].sequence);
    BOOST_TEST(now[i].wall_ms >= now[i - 1].wall_ms - 5);
  }
}

void fail_over(const House& house, const Daemon& daemon) {
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  house.put_back(0);
  BOOST_REQUIRE(daemon.ask("set bond0 active_slave eth0").status == 0 || daemon.comes_to("eth0") ||
                wait_until([&] { return daemon.ask("set bond0 active_slave eth0").status == 0; }, 5'000));
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// A mount namespace whose /dev is its own, for a log daemon's socket; bondbox runs in it, and busybox syslogd may.
class Logging {
 public:
  explicit Logging(const House& house) : house_(house), syslogd_(of_package("/bin/busybox")) {
    write_text(path("bondbox.toml"),
               "log = \"syslog\"\n[bond.bond0]\nports = [\"eth0\", \"eth1\"]\nmiimon = 20\noffload = \"off\"\n");
    write_text(path("start"), "mount --make-rprivate /\nmkdir -p " + path("dev/net") + "\nmount -t tmpfs none " +
                                  path("dev") + "\nmkdir -p " + path("dev/net") + " " + path("dev/shm") +
                                  "\nfor node in null zero random urandom net/tun; do touch " + path("dev") +
                                  "/$node; mount --bind /dev/$node " + path("dev") + "/$node; done\nmount --rbind " +
                                  path("dev") + " /dev\nexec " + program() + " run -c " + path("bondbox.toml") +
                                  " --run-dir " + path("run") + "\n");
    bondbox_ = house.box.start("exec unshare --mount sh -e " + path("start"), path("console"));
  }

  bool is_possible() const { return !syslogd_.empty(); }
  Process start_syslogd() const {
    return house_.box.start("exec nsenter -t " + std::to_string(bondbox_.pid()) + " -m " + syslogd_ +
                            " syslogd -n -O " + path("messages"));
  }
  Answer ask(const std::string& command) const {
    return run_program(house_.box, "--run-dir " + path("run") + " " + command);
  }
  bool comes_up() const {
    return wait_until([this] { return ask("get bond0 active_slave").out.starts_with("eth"); }, 10'000);
  }
  std::string messages() const { return read_text(path("messages")); }
  bool comes_to_messages(const std::string& text) const {
    return wait_until([&] { return contains(messages(), text); }, 10'000);
  }
  std::string path(const std::string& name) const { return scratch_.path() + "/" + name; }
  Process& bondbox() { return bondbox_; }

 private:
  const House& house_;
  std::string syslogd_;
  ScratchDirectory scratch_;
  Process bondbox_;
};

struct HasSyslogd {
  boost::test_tools::assertion_result operator()(boost::unit_test::test_unit_id) const {
    boost::test_tools::assertion_result here(!of_package("/bin/busybox").empty());
    here.message() << "there is no busybox, installed or in build/deps/unpacked";
    return here;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_events)

BOOST_AUTO_TEST_CASE(the_history_goes_on_after_an_end_a_kill_and_a_takeover) {
  const House house;
  Daemon daemon(house.box, words);
  fail_over(house, daemon);
  std::vector<Told> before = history_of(daemon);
  bool has_outage = false;
  for (const Told& told : before) has_outage = has_outage || contains(told.what, "eth0 has no link");
  BOOST_TEST(has_outage);

  BOOST_TEST(daemon.stop() == 0);
  daemon.start();
  check_goes_on(before, history_of(daemon));
  BOOST_TEST(contains(daemon.events(), "making interface the new active one; eth0 has no link (traffic interrupted"),
             daemon.events());

  fail_over(house, daemon);
  before = history_of(daemon);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // what changed is kept within a tenth of a second
  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  daemon.start();
  check_goes_on(before, history_of(daemon));

  before = history_of(daemon);
  const std::string log = daemon.path("next.log");
  Process next =
      house.box.start("exec " + program() + " run --takeover --run-dir " + daemon.run_dir() + " " + words, log);
  const std::string told = std::to_string(next.pid()) + "\n";
  BOOST_REQUIRE(wait_until([&] { return read_text(daemon.path("pid")) == told; }, 10'000));
  check_goes_on(before, history_of(daemon));
}

BOOST_AUTO_TEST_CASE(who_follows_sees_each_event_once_over_a_restart) {
  const House house;
  Daemon daemon(house.box, words);
  const ScratchDirectory scratch;
  const std::string heard = scratch.path() + "/heard";
  const Process follower =
      house.box.start("exec " + program() + " --run-dir " + daemon.run_dir() + " events bond0 --follow", heard);
  BOOST_REQUIRE(wait_until([&] { return contains(read_text(heard), "carrier on"); }, 5'000));
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(wait_until([&] { return contains(read_text(heard), "waiting for the next one"); }, 5'000));
  daemon.start();
  fail_over(house, daemon);
  BOOST_TEST(wait_until([&] { return contains(read_text(heard), "; active_slave was written"); }, 5'000),
             read_text(heard));
  std::string all = read_text(heard);
  BOOST_TEST(count_of(all, "is being created") == 2U, all);
  BOOST_TEST(count_of(all, "; eth0 has no link") == 1U, all);
  BOOST_TEST(follower.is_running());
}

BOOST_AUTO_TEST_CASE(busybox_syslogd_gets_the_kernels_sentences_whatever_happens_to_it,
                     *boost::unit_test::precondition(HasSyslogd())) {
  const House house;
  Logging logging(house);
  house.box.must("echo 5 > /proc/sys/net/unix/max_dgram_qlen");
  // Nobody listens yet; what is said waits.
  BOOST_REQUIRE(logging.comes_up());
  BOOST_TEST(logging.messages() == "");
  Process syslogd = logging.start_syslogd();
  BOOST_TEST(logging.comes_to_messages("daemon.info bondbox[" + std::to_string(logging.bondbox().pid()) +
                                       "]: bond0: (slave eth0): making interface the new active one"),
             logging.messages());
  house.pull(0);
  BOOST_TEST(logging.comes_to_messages("bond0: (slave eth0): link status definitely down, disabling slave"),
             logging.messages());
  house.put_back(0);
  BOOST_TEST(logging.comes_to_messages("bond0: (slave eth0): link status definitely up"), logging.messages());

  // It hangs: nobody waits for it, and what did not fit is counted.
  ::kill(syslogd.pid(), SIGSTOP);
  const auto status = [&] { return logging.ask("status --format json").out; };
  std::string wrong;
  for (int i = 0; i < 400; ++i) wrong += "key_that_is_none_" + std::to_string(i) + " = 1\n";
  write_text(logging.path("bondbox.toml"), wrong);
  const auto overflows = [&] {
    for (int i = 0; i < 20; ++i) ::kill(logging.bondbox().pid(), SIGHUP);
    return !contains(status(), "\"lines_lost\":0}");
  };
  BOOST_TEST(wait_until(overflows, 10'000));
  BOOST_TEST(contains(status(), "\"log\":{\"to\":\"syslog\",\"lines_lost\":"), status());
  ::kill(syslogd.pid(), SIGCONT);
  BOOST_TEST(logging.comes_to_messages("lines were lost here: nobody took them"));

  // It is killed, and another one comes.
  syslogd.stop(SIGKILL);
  house.pull(0);
  BOOST_TEST(wait_until([&] { return logging.ask("get bond0 active_slave").out == "eth1\n"; }, 5'000));
  const std::size_t before = count_of(logging.messages(), "definitely down");
  syslogd = logging.start_syslogd();
  BOOST_TEST(wait_until([&] { return count_of(logging.messages(), "definitely down") == before + 1; }, 10'000),
             logging.messages());
  BOOST_TEST(contains(status(), "\"refused_calls\":0"));
  logging.bondbox().stop(SIGTERM);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

// busy_poll_us on the whole program: set while it runs, it keeps the loop from sleeping between frames that come soon
// after one another, and only then.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {
namespace {

constexpr int frames = 300;

/// How often the program has gone to sleep: each wait that did not return at once.
long sleeps(const Daemon& daemon) {
  const std::string text = read_text("/proc/" + std::to_string(daemon.pid()) + "/status");
  constexpr std::string_view key = "\nvoluntary_ctxt_switches:";
  const std::size_t at = text.find(key);
  BOOST_REQUIRE(at != std::string::npos);
  return std::stol(text.substr(at + key.size()));
}

void pause_ms(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

/// Datagrams to the town, one at a time with a pause between them, and how often the program slept meanwhile.
long sleeps_while_frames_come(const House& house, const Daemon& daemon) {
  const Namespace::Stay inside(house.box);
  const lnx::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(9);
  BOOST_REQUIRE(::inet_pton(AF_INET, House::town_v4, &there.sin_addr) == 1);
  const long before = sleeps(daemon);
  for (int i = 0; i < frames; ++i) {
    (void)::sendto(fd.get(), "frame", 5, 0, reinterpret_cast<const sockaddr*>(&there), sizeof there);
    pause_ms(1);
  }
  return sleeps(daemon) - before;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_busy_poll)

BOOST_AUTO_TEST_CASE(it_is_set_while_traffic_flows_and_keeps_the_loop_awake_only_then) {
  const House house;
  const Daemon daemon(house.box, std::string(House::words) + " offload=off");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.ask("get bond0 busy_poll_us").out == "0\n");
  BOOST_TEST(daemon.status("/bonds/0/busy_poll_us") == "0");
  BOOST_TEST(!contains(daemon.ask("status bond0").out, "polling"));
  BOOST_TEST(sleeps_while_frames_come(house, daemon) > frames / 2);

  BOOST_TEST(daemon.ask("set bond0 busy_poll_us 10000").status == 0);
  BOOST_TEST(daemon.ask("get bond0 busy_poll_us").out == "10000\n");
  BOOST_TEST(daemon.status("/bonds/0/busy_poll_us") == "10000");
  BOOST_TEST(contains(daemon.ask("status bond0").out, "polling: for up to 10000 us before it sleeps"));
  BOOST_TEST(sleeps_while_frames_come(house, daemon) < frames / 2);
  // Links are looked at each 20 ms; in between nothing comes for longer than it polls.
  const long before = sleeps(daemon);
  pause_ms(400);
  BOOST_TEST(sleeps(daemon) - before > 5);

  BOOST_TEST(daemon.ask("set bond0 busy_poll_us 0").status == 0);
  BOOST_TEST(sleeps_while_frames_come(house, daemon) > frames / 2);
  TcpStream out(house.box, house.town, House::town_v4);
  BOOST_TEST(daemon.ask("set bond0 busy_poll_us 500").status == 0);
  BOOST_TEST(out.goes_on());
  BOOST_TEST(out.finish());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

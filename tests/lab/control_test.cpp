// The whole program on real NICs: whoever speaks to the control socket, and however, the bond goes on.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "tests/lab/support/lab_house.hpp"
#include "tests/lab/support/raw_client.hpp"

namespace bondbox::lab {

BOOST_AUTO_TEST_SUITE(lab_control)

BOOST_AUTO_TEST_CASE(the_socket_is_for_its_owner_alone) {
  const House house;
  const Daemon daemon(house.box, House::words);
  struct stat found {};
  BOOST_REQUIRE(::stat(daemon.path("control.sock").c_str(), &found) == 0);
  BOOST_TEST(S_ISSOCK(found.st_mode));
  BOOST_TEST((found.st_mode & 07777) == 0600U);
  BOOST_REQUIRE(::chmod(daemon.run_dir().c_str(), 0755) == 0);
  const CommandResult other = run_command("setpriv --reuid=65534 --regid=65534 --clear-groups " + program() +
                                          " --run-dir " + daemon.run_dir() + " status");
  BOOST_TEST(other.status == 1);
  BOOST_TEST(contains(other.output, "bondbox: you may not talk to bondbox: "), other.output);
  BOOST_TEST(!contains(other.output, "starting still"), other.output);
}

BOOST_AUTO_TEST_CASE(garbage_is_answered_or_cut_off_and_disturbs_nobody) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  Ping ping(house.town, House::box_v4);
  std::string noise(64 * 1024, '\0');
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>((i * 2'654'435'761U) >> 13);
  for (const std::string& bytes : {std::string(), std::string("\0", 1), std::string("status"), std::string(5'000, 'x'),
                                   std::string("\0\0\0\0", 4), noise}) {
    const lnx::UniqueFd client = client_of(daemon);
    BOOST_REQUIRE(client.valid());
    say(client, bytes);
    (void)::shutdown(client.get(), SHUT_WR);
    BOOST_TEST(daemon.ask("status").status == 0);
  }
  const lnx::UniqueFd half = client_of(daemon);
  say(half, "stat");
  BOOST_TEST(daemon.ask("get bond0 active_slave").out == "eth0\n");
  BOOST_TEST(daemon.is_running());
  const Ping::Report report = ping.stop();
  BOOST_TEST(report.received > 0);
  // Nothing was pulled: the bond had no reason to lose any but the one in flight when ping ended.
  BOOST_TEST(report.received >= report.sent - 1, report.text);
}

BOOST_AUTO_TEST_CASE(what_nobody_waits_for_any_more_is_not_done) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(::kill(daemon.pid(), SIGSTOP) == 0);
  {
    const lnx::UniqueFd client = client_of(daemon);
    BOOST_REQUIRE(client.valid());
    say(client, std::string("set\0bond0\0miimon\0"
                            "50\0",
                            20));
    (void)::shutdown(client.get(), SHUT_WR);
  }
  BOOST_REQUIRE(::kill(daemon.pid(), SIGCONT) == 0);
  BOOST_TEST(wait_until([&] { return daemon.status("/control/cut_off") == "1"; }, 5'000));
  BOOST_TEST(daemon.ask("get bond0 miimon").out == "20\n");
}

BOOST_AUTO_TEST_CASE(clients_that_never_ask_or_never_read_hold_up_neither_traffic_nor_each_other_for_long) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  Ping ping(house.town, House::box_v4);
  // More than are served at a time say nothing; some ask and read nothing of the answer.
  std::vector<lnx::UniqueFd> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(client_of(daemon));
    BOOST_REQUIRE(clients.back().valid());
    if (i % 4 != 3) continue;
    say(clients.back(), std::string("status\0--format\0json\0", 21));
    (void)::shutdown(clients.back().get(), SHUT_WR);
  }
  house.pull(0);
  BOOST_TEST(wait_until([&] { return contains(daemon.proc_file(), "Currently Active Slave: eth1\n"); }, 2'000));
  BOOST_TEST(reaches(house.box, House::town_v4));
  // Those who do not go on have a second when others want their places.
  const Answer patient = daemon.ask("get bond0 active_slave");
  BOOST_TEST(patient.status == 0, patient.err);
  BOOST_TEST(patient.out == "eth1\n");
  // Of 75 who say nothing.
  BOOST_TEST(std::stoull(daemon.status("/control/evicted")) >= 11u);
  clients.clear();
  BOOST_TEST(daemon.ask("status").status == 0);
  const Ping::Report report = ping.stop();
  BOOST_TEST(report.received > 0);
  BOOST_TEST(!report.duplicates, report.text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

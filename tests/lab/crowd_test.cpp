// Who wants something of a running bondbox, in crowds and without manners, and a machine that has no room left: the
// bond goes on, who asks properly is answered, and what was refused is counted by its name.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <bitset>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "firmware/control_client.hpp"
#include "tests/lab/support/lab_house.hpp"
#include "tests/lab/support/linux_bench.hpp"
#include "tests/lab/support/raw_client.hpp"

namespace bondbox::lab {
namespace {

std::uint64_t number(const Daemon& daemon, const std::string& pointer) {
  const std::string text = daemon.status(pointer);
  return text.empty() ? 0 : std::stoull(text);
}

/// A command, without a process for it.
Reply tell(const Daemon& daemon, const std::vector<std::string>& words) {
  return control::ask(daemon.path("control.sock"), words);
}

/// Of the daemon, as /proc tells it.
std::uint64_t resident_kb(const Daemon& daemon) {
  const std::string status = read_text("/proc/" + std::to_string(daemon.pid()) + "/status");
  const std::size_t at = status.find("VmRSS:");
  return at == std::string::npos ? 0 : std::stoull(status.substr(at + 6));
}

std::size_t descriptors(const Daemon& daemon) {
  return static_cast<std::size_t>(
      std::stoul(run_command("ls /proc/" + std::to_string(daemon.pid()) + "/fd | wc -l").output));
}

/// The daemon's own view of its file system.
CommandResult inside(const Daemon& daemon, const std::string& command) {
  return run_command("nsenter -m -n -t " + std::to_string(daemon.pid()) + " sh -c '" + command + "'");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_crowd)

BOOST_AUTO_TEST_CASE(two_hundred_who_ask_at_once_are_each_answered_and_a_pulled_cable_is_noticed_meanwhile) {
  const House house;
  const Daemon daemon(house.box, House::words + std::string(" offload=off"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const std::uint64_t answered = number(daemon, "/control/requests");
  const std::uint64_t before = resident_kb(daemon);
  const std::size_t open = descriptors(daemon);
  const std::string ask = program() + " --run-dir " + daemon.run_dir() + " status";
  std::thread crowd([&] {
    const CommandResult all = run_command(
        "for i in $(seq 200); do (" + ask + " > /dev/null 2>&1 && echo answered) & done | sort | uniq -c; wait", 120);
    BOOST_TEST(contains(all.output, "200 answered"), all.output);
  });
  house.pull(0);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(reaches(house.box, House::town_v4));
  crowd.join();
  BOOST_TEST(number(daemon, "/control/requests") >= answered + 200);
  BOOST_TEST(number(daemon, "/control/cut_off") == 0u);
  BOOST_TEST(resident_kb(daemon) < before + 2'048);
  BOOST_TEST(wait_until([&] { return descriptors(daemon) <= open; }, 3'000));
}

BOOST_AUTO_TEST_CASE(clients_without_manners_are_counted_by_what_they_did) {
  const House house;
  const Daemon daemon(house.box, House::words + std::string(" offload=off"));
  const std::size_t open = descriptors(daemon);
  {
    const lnx::UniqueFd malformed = client_of(daemon);
    say(malformed, "status");
    (void)::shutdown(malformed.get(), SHUT_WR);
    BOOST_TEST(wait_until([&] { return number(daemon, "/control/malformed") == 1; }, 3'000));
    // One that went away before its answer was written would count as cut off.
    char answer[256];
    BOOST_TEST(wait_until([&] { return ::recv(malformed.get(), answer, sizeof answer, 0) == 0; }, 3'000));
  }
  const std::string long_word(5'000, 'x');
  const Answer refused = daemon.ask("get bond0 " + long_word);
  BOOST_TEST(refused.status == 2);
  BOOST_TEST(contains(refused.err, "the request is over 4096 bytes long"), refused.err);
  BOOST_TEST(number(daemon, "/control/too_long") == 1u);
  // All places but two are taken by people who say a letter a second, and one who asks and reads nothing.
  std::vector<lnx::UniqueFd> slow;
  for (int i = 0; i < 14; ++i) slow.push_back(client_of(daemon));
  for (int second = 0; second < 4; ++second) {
    for (const lnx::UniqueFd& client : slow) say(client, "s");
    BOOST_TEST(daemon.ask("get bond0 active_slave").out == "eth0\n");
    (void)run_command("sleep 1");
  }
  // They have five seconds, however they divide them.
  BOOST_TEST(wait_until([&] { return number(daemon, "/control/cut_off") == 14; }, 20'000), daemon.status("/control"));
  BOOST_TEST(descriptors(daemon) <= open);
}

BOOST_AUTO_TEST_CASE(a_full_run_directory_stops_neither_failover_nor_commands_and_its_files_come_back) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const std::string run = daemon.run_dir();
  BOOST_REQUIRE(inside(daemon, "mount -t tmpfs -o size=2m none " + run).ok());
  const auto ask = [&](const std::string& words) {
    return inside(daemon, program() + " --run-dir " + run + " " + words);
  };
  BOOST_REQUIRE(wait_until([&] { return ask("get bond0 miimon").output == "20\n"; }, 10'000));
  const std::string full = "dd if=/dev/zero of=" + run + "/full bs=1k count=4000 2>&1";
  BOOST_TEST(contains(inside(daemon, full).output, "No space left"));
  house.pull(0);
  BOOST_TEST(wait_until([&] { return ask("get bond0 active_slave").output == "eth1\n"; }, 5'000), daemon.log());
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(ask("set bond0 updelay 40").ok());
  BOOST_TEST(ask("get bond0 updelay").output == "40\n");
  house.put_back(0);
  BOOST_TEST(wait_until([&] { return ask("get bond0 active_slave").output == "eth0\n"; }, 5'000));
  // What stood in the files before is not taken for what is.
  const std::string text = inside(daemon, "cat " + run + "/net/bonding/bond0").output;
  BOOST_TEST((!contains(text, "Slave Interface") || contains(text, "Up Delay (ms): 40")), text);
  BOOST_REQUIRE(inside(daemon, "rm " + run + "/full").ok());
  const std::string file = "cat " + run + "/net/bonding/bond0";
  BOOST_TEST(wait_until([&] { return contains(inside(daemon, file).output, "Up Delay (ms): 40"); }, 5'000),
             daemon.log());
  BOOST_TEST(daemon.is_running());
}

BOOST_AUTO_TEST_CASE(a_log_that_nobody_reads_stops_nothing_and_what_is_lost_is_counted) {
  const House house;
  const ScratchDirectory scratch;
  const std::string pipe = scratch.path() + "/log";
  BOOST_REQUIRE(run_command("mkfifo " + pipe).ok());
  const lnx::UniqueFd reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  BOOST_REQUIRE(reader.valid());
  // Filled to the brim by another, so that the daemon's first line finds no room.
  const lnx::UniqueFd writer(::open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  const std::array<char, 4096> filler{};
  while (::write(writer.get(), filler.data(), filler.size()) > 0) {
  }
  const Daemon daemon(house.box, House::words + std::string(" 2> ") + pipe);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const std::uint64_t before = resident_kb(daemon);
  // Each write is told in the log.
  for (int i = 0; i < 400; ++i)
    BOOST_TEST_REQUIRE(tell(daemon, {"set", "bond0", "updelay", std::to_string((i % 2 + 1) * 20)}).exit_status == 0);
  house.pull(0);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(number(daemon, "/log/lines_lost") > 0u, daemon.status("/log"));
  BOOST_TEST(resident_kb(daemon) < before + 2'048);
  std::string seen;
  const auto read_more = [&] {
    std::array<char, 4096> chunk{};
    for (ssize_t got = 0; (got = ::read(reader.get(), chunk.data(), chunk.size())) > 0;)
      seen.append(chunk.data(), static_cast<std::size_t>(got));
    (void)tell(daemon, {"set", "bond0", "updelay", "60"});
    (void)tell(daemon, {"set", "bond0", "updelay", "80"});
    return contains(seen, "lines were lost here: nobody read them");
  };
  BOOST_TEST(wait_until(read_more, 5'000));
}

BOOST_AUTO_TEST_CASE(a_kernel_log_that_takes_nothing_stops_nothing_and_what_is_lost_is_counted) {
  const House house;
  const ScratchDirectory scratch;
  const ScratchDirectory run;
  const std::string pipe = scratch.path() + "/kmsg";
  BOOST_REQUIRE(run_command("mkfifo " + pipe).ok());
  const lnx::UniqueFd reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const lnx::UniqueFd writer(::open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  BOOST_REQUIRE(writer.valid());
  const std::array<char, 4096> filler{};
  while (::write(writer.get(), filler.data(), filler.size()) > 0) {
  }
  Process process =
      house.box.start("exec unshare -m sh -c 'mount --make-rprivate / && mount --bind " + pipe + " /dev/kmsg && exec " +
                          program() + " run --log kmsg --run-dir " + run.path() + " " + House::words + "'",
                      scratch.path() + "/log");
  const auto tell = [&](const std::vector<std::string>& words) {
    return control::ask(run.path() + "/control.sock", words);
  };
  BOOST_REQUIRE(wait_until([&] { return tell({"status"}).exit_status == 0; }, 10'000));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  // Each write is told in the log.
  for (int i = 0; i < 400; ++i)
    BOOST_TEST_REQUIRE(tell({"set", "bond0", "updelay", std::to_string((i % 2 + 1) * 20)}).exit_status == 0);
  house.pull(0);
  BOOST_TEST(wait_until([&] { return tell({"get", "bond0", "active_slave"}).text == "eth1\n"; }, 5'000));
  BOOST_TEST(reaches(house.box, House::town_v4));
  const std::string status = tell({"status", "--format", "json"}).text;
  BOOST_TEST(!contains(status, "\"lines_lost\":0"), status);
  BOOST_TEST(contains(status, "\"lines_lost\":"), status);
  ::kill(process.pid(), SIGTERM);
  BOOST_TEST((process.wait(5'000) == 0), read_text(scratch.path() + "/log"));
}

BOOST_AUTO_TEST_CASE(frames_of_all_vlans_pass_both_ways) {
  const House house;
  const Daemon daemon(house.box, House::words + std::string(" offload=off"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  Wiretap host(house.box, "bond0");
  Wiretap street(house.town, "port0");
  const auto count = [](Wiretap& from, Wiretap& to, std::uint8_t mark) {
    std::bitset<4096> seen;
    for (std::uint32_t first = 0; first < 4096; first += 64) {
      for (std::uint32_t id = first; id < first + 64; ++id) {
        const auto high = static_cast<std::uint8_t>(id >> 8);
        Frame frame = make_frame(broadcast_mac, {0x81, 0x00, high, static_cast<std::uint8_t>(id), 0x88, 0xb5});
        frame.back() = mark;
        (void)from.send(frame);
      }
      for (int i = 0; i < 64 && !seen[first + 63]; ++i) {
        const auto frame = to.expect([&](std::span<const std::uint8_t> one) { return one.back() == mark; }, 2'000);
        if (frame.size() > 16) seen.set((frame[14] & 15U) << 8 | frame[15]);
      }
    }
    return seen.count();
  };
  BOOST_TEST(count(street, host, 0x71) == 4096u);
  BOOST_TEST(count(host, street, 0x72) == 4096u);
}

BOOST_AUTO_TEST_CASE(four_thousand_addresses_are_learned_and_announced_without_a_tick_starving) {
  const House house;
  const Daemon daemon(house.box, House::words + std::string(" offload=off"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const std::uint64_t before = resident_kb(daemon);
  std::string batch;
  for (int i = 0; i < 4'000; ++i)
    batch += "addr add 10." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".1/24 dev bond0\n";
  write_text(house.scratch.path() + "/addresses", batch);
  house.box.must("ip -batch " + house.scratch.path() + "/addresses", 60);
  BOOST_TEST(wait_until([&] { return contains(daemon.status("/bonds/0/addresses"), "10.15.249.1"); }, 5'000));
  const std::uint64_t told = number(daemon, "/bonds/0/announcements");
  house.pull(0);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(wait_until([&] { return number(daemon, "/bonds/0/announcements") >= told + 4'000; }, 5'000));
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(resident_kb(daemon) < before + 8'192);
  BOOST_TEST_MESSAGE(daemon.status("/scheduler"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

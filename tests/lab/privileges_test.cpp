// What the daemon may do to the machine once it runs: next to nothing.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {
namespace {

/// CAP_NET_ADMIN and CAP_NET_RAW, and with these CAP_PERFMON and CAP_BPF.
constexpr std::uint64_t network_rights = 1ULL << 12 | 1ULL << 13;
constexpr std::uint64_t bpf_rights = 1ULL << 38 | 1ULL << 39;

/// The text behind "KEY:" in /proc/PID/task/TID/status.
std::string field(const std::string& status, std::string_view key) {
  const std::size_t at = status.find("\n" + std::string(key) + ":");
  if (at == std::string::npos) return {};
  const std::size_t begin = status.find_first_not_of(" \t", at + key.size() + 2);
  return status.substr(begin, status.find('\n', begin) - begin);
}

std::uint64_t set_of(const std::string& status, std::string_view key) {
  return std::stoull(field(status, key), nullptr, 16);
}

/// The status of each of its threads.
std::vector<std::string> threads_of(const Daemon& daemon) {
  std::vector<std::string> threads;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(daemon.pid()) + "/task"))
    threads.push_back("\n" + read_text(task.path().string() + "/status"));
  return threads;
}

/// Two loops, and programs in the kernel where it takes them.
std::string two_loops(const House& house) {
  const std::string words = house.config();
  write_text(house.config_path(), "loops = 2\n" + read_text(house.config_path()));
  return words;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_privileges)

BOOST_AUTO_TEST_CASE(every_thread_keeps_only_the_rights_that_forwarding_takes) {
  const House house;
  const Daemon daemon(house.box, two_loops(house));
  const std::vector<std::string> threads = threads_of(daemon);
  BOOST_TEST(threads.size() >= 2u);
  for (const std::string& status : threads) {
    const std::uint64_t held = set_of(status, "CapEff");
    BOOST_TEST((held & network_rights) == network_rights);
    BOOST_TEST((held & ~(network_rights | bpf_rights)) == 0u, "more rights than are needed: " << held);
    BOOST_TEST(set_of(status, "CapPrm") == held);
    BOOST_TEST(set_of(status, "CapBnd") == held);
    BOOST_TEST(set_of(status, "CapInh") == 0u);
    BOOST_TEST(set_of(status, "CapAmb") == 0u);
    BOOST_TEST(field(status, "NoNewPrivs") == "1");
    BOOST_TEST(field(status, "Seccomp") == "2");
  }
  BOOST_TEST(daemon.status("/privileges/sandbox") == "true");
  BOOST_TEST(daemon.status("/privileges/seccomp") == "true");
  BOOST_TEST(daemon.status("/privileges/refused_calls") == "0");
  BOOST_TEST(contains(daemon.status("/privileges/capabilities"), "\"CAP_NET_ADMIN\",\"CAP_NET_RAW\""));
}

BOOST_AUTO_TEST_CASE(in_the_background_it_has_no_more_rights) {
  const House house;
  const ScratchDirectory run;
  const Answer begun =
      run_program(house.box, "run --background --run-dir " + run.path() + " " + std::string(House::words));
  BOOST_REQUIRE(begun.status == 0);
  const std::string pid = read_text(run.path() + "/pid");
  const std::string status = "\n" + read_text("/proc/" + pid.substr(0, pid.find('\n')) + "/status");
  (void)run_command("kill " + pid);
  BOOST_TEST((set_of(status, "CapEff") & ~(network_rights | bpf_rights)) == 0u);
  BOOST_TEST(field(status, "NoNewPrivs") == "1");
  BOOST_TEST(field(status, "Seccomp") == "2");
  BOOST_TEST(wait_until([&] { return !std::filesystem::exists(run.path() + "/pid"); }, 5'000));
}

BOOST_AUTO_TEST_CASE(without_the_sandbox_it_keeps_what_it_was_given_and_says_so) {
  const House house;
  const std::string words = house.config();
  write_text(house.config_path(), "sandbox = false\n" + read_text(house.config_path()));
  const Daemon daemon(house.box, words);
  const std::string own = "\n" + read_text("/proc/self/status");
  for (const std::string& status : threads_of(daemon)) {
    BOOST_TEST(set_of(status, "CapEff") == set_of(own, "CapEff"));
    BOOST_TEST(field(status, "NoNewPrivs") == field(own, "NoNewPrivs"));
    BOOST_TEST(field(status, "Seccomp") == field(own, "Seccomp"));
  }
  BOOST_TEST(daemon.status("/privileges/sandbox") == "false");
  BOOST_TEST(wait_until([&] { return contains(daemon.log(), "sandbox = false"); }, 5'000));
  const Answer check = run_program(house.box, "check -c " + house.config_path());
  BOOST_TEST(contains(check.out, "no sandbox"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

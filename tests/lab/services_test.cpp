// What board/services holds, tried as far as there are programs to try it with.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/lab/support/old_host.hpp"
#include "tests/support/socket_address.hpp"
#include "tests/support/source_dir.hpp"

namespace bondbox::lab {
namespace {

namespace ut = boost::unit_test;

std::string service(const std::string& name) {
  return test::source_dir() + "/board/services/" + name;
}

constexpr const char* config_text = R"([bond.bond0]
ports = ["eth0", "eth1"]
miimon = 50
address = ["192.168.10.52/24"]
)";

/// A supervisor's end of NOTIFY_SOCKET.
class NotifySocket {
 public:
  NotifySocket() : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_un address = test::socket_address(path());
    BOOST_REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const timeval limit{10, 0};
    BOOST_REQUIRE(::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
  }
  std::string path() const { return scratch_.path() + "/notify"; }
  /// The next message; empty when none comes.
  std::string receive() {
    std::array<char, 256> text{};
    const ssize_t got = ::recv(fd_.get(), text.data(), text.size(), 0);
    return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : std::string();
  }

 private:
  ScratchDirectory scratch_;
  lnx::UniqueFd fd_;
};

bool has_command(const char* name) {
  return run_command(std::string("command -v ") + name).ok();
}

ut::precondition needs(const char* name) {
  return ut::precondition([name](ut::test_unit_id) {
    boost::test_tools::assertion_result result(has_command(name));
    result.message() << name << " is not here";
    return result;
  });
}

/// "net_admin" of "CAP_NET_ADMIN", each after ",+".
std::string rights_of_unit() {
  std::string text = read_text(service("systemd/bondbox.service"));
  constexpr std::string_view key = "CapabilityBoundingSet=";
  text.erase(0, text.find(key) + key.size());
  text.resize(text.find('\n'));
  std::string rights = "-all";
  for (std::size_t at = text.find("CAP_"); at != std::string::npos; at = text.find("CAP_", at + 1)) {
    std::string right = text.substr(at + 4, text.find(' ', at) - at - 4);
    std::transform(right.begin(), right.end(), right.begin(),
                   [](char c) { return static_cast<char>(c == '_' ? c : c | 0x20); });
    rights += ",+" + right;
  }
  return rights;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_services)

BOOST_AUTO_TEST_CASE(readiness_and_the_end_are_told_to_a_supervisor) {
  const House house;
  NotifySocket supervisor;
  write_text(house.scratch.path() + "/c.toml", config_text);
  Process daemon = house.box.start("NOTIFY_SOCKET=" + supervisor.path() + " exec " + program() + " run -c " +
                                   house.scratch.path() + "/c.toml --run-dir " + house.scratch.path() + "/run");
  BOOST_TEST(supervisor.receive() == "READY=1");
  // Ready means that others may use it.
  BOOST_TEST(contains(house.box.must("ip addr show bond0"), "192.168.10.52"));
  BOOST_TEST(!read_text(house.scratch.path() + "/run/pid").empty());
  ::kill(daemon.pid(), SIGTERM);
  BOOST_TEST(supervisor.receive() == "STOPPING=1");
  BOOST_TEST(daemon.wait(5'000).has_value());
}

BOOST_AUTO_TEST_CASE(the_rights_that_the_systemd_unit_leaves_are_enough) {
  const House house;
  write_text(house.scratch.path() + "/c.toml", config_text);
  const std::string log = house.scratch.path() + "/log";
  const Process daemon =
      house.box.start("exec setpriv --no-new-privs --bounding-set " + rights_of_unit() + " " + program() + " run -c " +
                          house.scratch.path() + "/c.toml --run-dir " + house.scratch.path() + "/run",
                      log);
  BOOST_TEST(reaches(house.town, House::box_v4), read_text(log));
  const std::string status = run_command(program() + " status --run-dir " + house.scratch.path() + "/run").output;
  BOOST_TEST(contains(status, "active port eth0"), status);
  BOOST_TEST(!contains(status, "CAP_"), status);
}

BOOST_AUTO_TEST_CASE(systemd_finds_no_fault_in_its_unit, *needs("systemd-analyze")) {
  const ScratchDirectory scratch;
  const CommandResult result = run_command(
      "sed 's|/sbin/bondbox|" + program() + "|' " + service("systemd/bondbox.service") + " > " + scratch.path() +
      "/bondbox.service && systemd-analyze --man=no verify " + scratch.path() + "/bondbox.service");
  BOOST_TEST(result.ok(), result.output);
  BOOST_TEST(!contains(result.output, "bondbox.service"), result.output);
}

BOOST_AUTO_TEST_CASE(the_rcs_script_starts_shows_reloads_restarts_and_stops, *needs_old_tools) {
  const House house;
  OldHost host(house, IfTools::busybox, "");
  host.write_etc("bondbox.toml", config_text);
  host.write_etc("default/bondbox", "BONDBOX=/usr/local/sbin/bondbox\n");
  const std::string script = "busybox ash " + service("busybox/S20bondbox") + " ";
  BOOST_TEST(host.run(script + "status").status == 3);
  host.must(script + "start");
  // It is there when the command ends.
  BOOST_TEST(host.option("miimon") == "50");
  const std::string first = host.must("cat /run/bondbox/pid");
  host.must(script + "start");
  BOOST_TEST(host.must("cat /run/bondbox/pid") == first);
  BOOST_TEST(contains(host.must(script + "status"), "active port eth0"));
  host.write_etc("bondbox.toml", std::string(config_text) + "primary = \"eth1\"\n");
  BOOST_TEST(contains(host.must(script + "reload"), "primary none -> eth1"));
  // A file that is wrong stops nothing.
  host.write_etc("bondbox.toml", "[bond.bond0]\nmode = \"nonsense\"\n");
  BOOST_TEST(contains(host.run(script + "restart").output, "mode cannot be \"nonsense\""));
  BOOST_TEST(host.must("cat /run/bondbox/pid") == first);
  host.write_etc("bondbox.toml", std::string(config_text) + "primary = \"eth1\"\n");
  host.must(script + "restart");
  BOOST_TEST(host.must("cat /run/bondbox/pid") != first);
  BOOST_TEST(host.option("primary") == "eth1");
  host.must(script + "stop");
  BOOST_TEST(!host.run("ip link show bond0").ok());
  host.write_etc("default/bondbox", "BONDBOX=/usr/local/sbin/bondbox\nBONDBOX_WORDS='bond0 mode=1 miimon=80'\n");
  host.must(script + "start");
  BOOST_TEST(host.option("miimon") == "80");
  host.must(script + "stop");
}

/// Where there is no OpenWrt and no Gentoo, their part of the talk is played by functions of the same names.
BOOST_AUTO_TEST_CASE(the_scripts_of_procd_and_openrc_say_what_they_should, *needs_old_tools) {
  const House house;
  OldHost host(house, IfTools::busybox, "");
  host.write_etc("bondbox.toml", config_text);
  const std::string procd = host.must(
      "exec busybox ash -c 'procd_open_instance() { :; }; procd_close_instance() { echo closed; }; "
      "procd_set_param() { echo \"$*\"; }; . " +
      service("procd/bondbox") + " && start_service'");
  BOOST_TEST(procd ==
             "command /sbin/bondbox run -c /etc/bondbox.toml\n"
             "respawn 0 1 0\n"
             "stderr 1\n"
             "file /etc/bondbox.toml\n"
             "closed\n");
  const std::string openrc = host.must(
      "exec busybox ash -c 'want() { echo want \"$@\"; }; after() { :; }; before() { echo before \"$@\"; }; "
      "provide() { :; }; . " +
      service("openrc/bondbox") + " && depend && echo $supervisor $command $command_args'");
  BOOST_TEST(openrc ==
             "want localmount\nbefore net networking\n"
             "supervise-daemon /sbin/bondbox run --takeover -c /etc/bondbox.toml --log kmsg\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

#include "tests/live/lacp/street.hpp"

#include <sstream>
#include <stdexcept>

#include "tests/lab/support/daemon.hpp"
#include "tests/live/lacp/party.hpp"

namespace bondbox::live {
namespace {

std::string numbered(const char* name, int cable) {
  return name + std::to_string(cable);
}

/// The end in the middle at which frames of that direction come in.
std::string entry(int cable, Way way) {
  return numbered(way == Way::left_to_right ? "s" : "t", cable);
}

}  // namespace

Street::Street() {
  middle_.must("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
  std::string lines;
  for (int cable = 0; cable < cables; ++cable) {
    const std::string n = std::to_string(cable);
    lines += "link add cable" + n + " type bridge stp_state 0 forward_delay 0 mcast_snooping 0 ageing_time 0\n";
    lines += "link add s" + n + " type veth peer name e" + n + " address 02:00:00:00:0a:0" + n + " netns " +
             left_.name() + "\n";
    lines += "link add t" + n + " type veth peer name p" + n + " address 02:00:00:00:0b:0" + n + " netns " +
             right_.name() + "\n";
    for (const std::string& end : {"s" + n, "t" + n}) {
      lines += "link set " + end + " master cable" + n + "\n";
      // A bridge keeps LACPDUs (01:80:c2:00:00:02) to itself unless both of its ports are told otherwise.
      lines += "link set " + end + " type bridge_slave group_fwd_mask 4\nlink set " + end + " up\n";
    }
    lines += "link set cable" + n + " up\n";
  }
  ip_batch(middle_, lines);
}

void Street::pull(int cable) const {
  ip_batch(middle_, "link set " + numbered("s", cable) + " down\nlink set " + numbered("t", cable) + " down\n");
}

void Street::put_back(int cable) const {
  ip_batch(middle_, "link set " + numbered("s", cable) + " up\nlink set " + numbered("t", cable) + " up\n");
}

void Street::pull_left_end(int cable) const {
  ip_batch(middle_, "link set " + numbered("s", cable) + " down\n");
}

void Street::lose(int cable, Way way) const {
  // One instruction of classic BPF: drop (TC_ACT_SHOT).
  const std::string tc = "tc -n " + middle_.name();
  const lab::CommandResult result =
      lab::run_command(tc + " qdisc add dev " + entry(cable, way) + " clsact && " + tc + " filter add dev " +
                       entry(cable, way) + " ingress bpf da bytecode '1,6 0 0 2'");
  if (!result.ok()) throw std::runtime_error("tc: " + result.output);
}

void Street::heal(int cable, Way way) const {
  const lab::CommandResult result =
      lab::run_command("tc -n " + middle_.name() + " qdisc del dev " + entry(cable, way) + " clsact");
  if (!result.ok()) throw std::runtime_error("tc: " + result.output);
}

std::uint64_t Street::frames(int cable, Way way) const {
  const lab::Namespace::Stay inside(middle_);
  std::istringstream lines(lab::read_text("/proc/thread-self/net/dev"));
  const std::string wanted = entry(cable, way) + ":";
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    if (words >> name >> bytes >> packets && name == wanted) return packets;
  }
  throw std::runtime_error("no counters of " + wanted);
}

void Street::finish_checksums() const {
  for (int cable = 0; cable < cables; ++cable) {
    left_.must("ethtool -K " + numbered("e", cable) + " tx off");
    right_.must("ethtool -K " + numbered("p", cable) + " tx off");
  }
}

}  // namespace bondbox::live

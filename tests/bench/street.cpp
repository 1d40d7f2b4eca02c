#include "tests/bench/street.hpp"

#include <stdexcept>

#include "tests/bench/counters.hpp"

namespace bondbox::bench {

Street::Street(int cables) {
  box.must("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6");
  town.must(
      "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; "
      "ip link add switch address 02:00:00:00:0f:fe type bridge stp_state 0 forward_delay 0 mcast_snooping 0 && "
      "ip link set switch up && ip addr add 192.168.10.254/24 dev switch");
  for (int cable = 0; cable < cables; ++cable) {
    const std::string number = std::to_string(cable);
    // Equal interface indexes on both ends, or the kernel tells of a lost carrier at once, as real NICs do not.
    lab::lay_cable(box, "eth" + number, town, "port" + number, 10 + cable);
    town.must("ip link set port" + number + " master switch up");
  }
}

void Street::fence_ports() const {
  for (const char* port : {"eth0", "eth1"}) {
    box.must(std::string("tc qdisc add dev ") + port + " clsact && tc filter add dev " + port +
             " ingress bpf direct-action bytecode '1,6 0 0 2'");
  }
}

CableWatch::CableWatch(const Street& street) : street_(street) {
  const CableCounters now = cable_counters(street.town, "port");
  out_before_ = now.rx_bytes;
  in_before_ = now.tx_bytes;
}

void CableWatch::must_have_carried(double bytes, bool out) const {
  const CableCounters now = cable_counters(street_.town, "port");
  const std::uint64_t carried = out ? now.rx_bytes - out_before_ : now.tx_bytes - in_before_;
  if (static_cast<double>(carried) < bytes)
    throw std::runtime_error("the traffic did not cross the cables: they carried " + std::to_string(carried) + " of " +
                             std::to_string(static_cast<std::uint64_t>(bytes)) + " bytes");
}

}  // namespace bondbox::bench

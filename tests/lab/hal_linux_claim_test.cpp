// hal/linux: a port is taken away from the host whole, and given back as it was, whatever ends its owner.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "hal/linux/packet_nic.hpp"
#include "hal/linux/port_claim.hpp"
#include "tests/lab/support/linux_bench.hpp"

namespace bondbox::lab {

BOOST_AUTO_TEST_SUITE(lab_hal_linux_claim)

BOOST_AUTO_TEST_CASE(a_port_is_given_back_as_it_was_found) {
  for (const bool was_up : {false, true}) {
    Bench bench;
    bench.host.must("ip link set p0 mtu 1400");
    if (was_up) bench.host.must("ip link set p0 up");
    const std::string before = bench.portrait();
    const Namespace::Stay inside(bench.host);
    LinuxHardware hardware = bench.hardware();
    {
      const std::unique_ptr<Nic> nic = open_p0(hardware);
      BOOST_TEST(nic->set_mac(station).ok());
      BOOST_TEST(nic->set_mac(stranger).ok());
      BOOST_TEST((nic->mac() == stranger));
      BOOST_TEST(nic->set_mtu(9000).ok());
      BOOST_TEST(nic->set_promiscuous(true).ok());
      const std::string during = bench.portrait();
      BOOST_TEST(during != before);
      BOOST_TEST(during.find("NOARP") != std::string::npos);
      BOOST_TEST(during.find(stranger.text()) != std::string::npos);
      BOOST_TEST(during.find("clsact") != std::string::npos);
      BOOST_TEST(dynamic_cast<lnx::PacketNic&>(*nic).has_fence_filter());
    }
    BOOST_TEST(bench.portrait() == before);
  }
}

BOOST_AUTO_TEST_CASE(filters_and_settings_of_others_stay) {
  Bench bench;
  bench.host.must(
      "tc qdisc add dev p0 clsact; tc filter add dev p0 ingress pref 5 bpf da bytecode '1,6 0 0 4294967295'");
  bench.host.must("echo 1 > /proc/sys/net/ipv6/conf/p0/disable_ipv6; ip link set p0 arp off");
  const std::string before = bench.portrait();
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  open_p0(hardware).reset();
  BOOST_TEST(bench.portrait() == before);
}

BOOST_AUTO_TEST_CASE(a_mac_that_somebody_else_has_changed_meanwhile_stays) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_TEST(nic->set_mac(station).ok());
  bench.host.must("ip link set p0 address " + stranger.text());
  (void)nic->link();
  BOOST_TEST((nic->mac() == stranger));
  nic.reset();
  BOOST_TEST(bench.portrait().find(stranger.text()) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(ipv6_addresses_of_a_port_come_back_and_are_warned_of) {
  Bench bench;
  bench.host.must("ip link set p0 up; ip addr add 192.0.2.9/24 dev p0; ip addr add 2001:db8::9/64 dev p0 nodad");
  const std::string before = bench.portrait();
  BOOST_REQUIRE(before.find("2001:db8::9/64") != std::string::npos);
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_TEST(bench.portrait().find("2001:db8::9") == std::string::npos);
  BOOST_TEST(bench.log.size() == 2u);
  BOOST_TEST(std::any_of(bench.log.begin(), bench.log.end(),
                         [](const std::string& line) { return line.find("192.0.2.9/24") != std::string::npos; }));
  nic.reset();
  BOOST_TEST(bench.portrait().find("2001:db8::9/64") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_a_killed_process_left_is_put_right_on_the_next_start) {
  Bench bench;
  bench.host.must("ip link set p0 mtu 1400");
  const std::string before = bench.portrait();
  Process owner = bench.host.fork_inside([&] {
    LinuxHardware hardware(bench.run.path());
    Result<std::unique_ptr<Nic>> nic = hardware.open_nic("p0", LinkSource::carrier);
    if (!nic.ok() || !nic.value()->set_mac(station).ok() || !nic.value()->set_mtu(9000).ok()) return 1;
    ::pause();
    return 0;
  });
  BOOST_REQUIRE(wait_until([&] { return bench.portrait().find("mtu 9000") != std::string::npos; }, patience_ms));
  const Namespace::Stay inside(bench.host);
  {
    // While it lives, the port is its own.
    LinuxHardware hardware = bench.hardware();
    BOOST_TEST(hardware.restore_leftovers().empty());
    const Result<std::unique_ptr<Nic>> refused = hardware.open_nic("p0", LinkSource::carrier);
    BOOST_REQUIRE(!refused.ok());
    BOOST_TEST(refused.failure().error == EBUSY);
    BOOST_TEST(bench.portrait().find(station.text()) != std::string::npos);
  }
  BOOST_REQUIRE(owner.is_running());
  (void)owner.stop(SIGKILL);
  BOOST_TEST(bench.portrait().find(station.text()) != std::string::npos);
  LinuxHardware hardware = bench.hardware();
  const std::vector<std::string> lines = hardware.restore_leftovers();
  BOOST_REQUIRE(lines.size() == 1u);
  BOOST_TEST(lines[0] == "p0: given back as it was found");
  BOOST_TEST(bench.portrait() == before);
}

/// Leaves p0 as a process that was killed did, with the MAC `station`.
void leave_p0_claimed(const Bench& bench) {
  Process owner = bench.host.fork_inside([&] {
    LinuxHardware hardware(bench.run.path());
    Result<std::unique_ptr<Nic>> nic = hardware.open_nic("p0", LinkSource::carrier);
    if (nic.ok() && nic.value()->set_mac(station).ok()) ::pause();
    return 0;
  });
  BOOST_REQUIRE(wait_until([&] { return bench.portrait().find(station.text()) != std::string::npos; }, patience_ms));
  (void)owner.stop(SIGKILL);
}

BOOST_AUTO_TEST_CASE(an_interface_that_got_the_index_of_a_leftover_is_left_alone) {
  // The last has the MAC that the bond had: it may be the port whose own that is.
  for (const auto& [name, change] : {std::pair{"p0", "true"}, std::pair{"x0", "true"},
                                     std::pair{"x0", "ip link set x0 address 02:00:00:00:0a:01"}}) {
    Bench bench;
    leave_p0_claimed(bench);
    bench.host.must("ip link del p0");
    lay_cable(bench.host, name, bench.peer, "q0", 10);
    bench.host.must(change);
    bench.host.must(std::string("ip link set ") + name + " up; ip addr add 192.0.2.9/24 dev " + name);
    const auto shown = [&] {
      return bench.host.must(std::string("ip -o link show ") + name + " | grep -o '<.*>'; ip -o -4 addr show dev " +
                             name);
    };
    const std::string before = shown();
    BOOST_REQUIRE(before.find("UP") != std::string::npos);
    const Namespace::Stay inside(bench.host);
    LinuxHardware hardware = bench.hardware();
    const std::vector<std::string> lines = hardware.restore_leftovers();
    BOOST_REQUIRE(lines.size() == 1u);
    BOOST_TEST(lines[0] == "p0: the interface of then is gone, nothing to give back");
    BOOST_TEST(shown() == before);
    BOOST_TEST(hardware.restore_leftovers().empty());
  }
}

BOOST_AUTO_TEST_CASE(a_leftover_is_known_again_under_another_name_and_with_another_mac) {
  for (const auto& [name, change] :
       {std::pair{"p9", "ip link set p0 down; ip link set p0 name p9"},
        std::pair{"p0", "ip link set p0 address 02:00:00:00:0a:99"}, std::pair{"p0", "ip link set p0 arp on"}}) {
    Bench bench;
    leave_p0_claimed(bench);
    bench.host.must(change);
    const Namespace::Stay inside(bench.host);
    const std::vector<std::string> lines = bench.hardware().restore_leftovers();
    BOOST_REQUIRE(lines.size() == 1u);
    BOOST_TEST(lines[0] == "p0: given back as it was found");
    const std::string after = bench.portrait(name);
    BOOST_TEST(after.find("NOARP") == std::string::npos, after);
    BOOST_TEST(after.find("clsact") == std::string::npos, after);
    BOOST_TEST(after.find(station.text()) == std::string::npos, after);
  }
}

BOOST_AUTO_TEST_CASE(claiming_a_port_that_a_killed_process_left_finds_its_true_mac) {
  Bench bench;
  const std::string before = bench.portrait();
  leave_p0_claimed(bench);
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_TEST((nic->permanent_mac() != station));
  BOOST_TEST((nic->mac() == nic->permanent_mac()));
  nic.reset();
  BOOST_TEST(bench.portrait() == before);
}

BOOST_AUTO_TEST_CASE(leftovers_of_another_namespace_are_not_touched) {
  Bench bench;
  leave_p0_claimed(bench);
  bench.peer.must("ip link set q0 name p0; ip link set p0 address " + station.text());
  {
    const Namespace::Stay inside(bench.peer);
    LinuxHardware hardware(bench.run.path());
    BOOST_TEST(hardware.restore_leftovers().empty());
  }
  BOOST_TEST(bench.peer.must("ip link show p0").find(station.text()) != std::string::npos);
  const Namespace::Stay inside(bench.host);
  BOOST_TEST(bench.hardware().restore_leftovers().size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_host_does_not_answer_on_a_fenced_port) {
  for (const lnx::FenceKind kind : {lnx::FenceKind::filter, lnx::FenceKind::settings}) {
    Bench bench;
    bench.host.must("ip link set p0 up; ip addr add 10.9.0.1/24 dev p0; ip addr add fd09::1/64 dev p0 nodad");
    bench.peer.must("ip addr add 10.9.0.2/24 dev q0; ip addr add fd09::2/64 dev q0 nodad");
    const std::string ping4 = "ping -c 3 -i 0.1 -W 1 10.9.0.1";
    const std::string ping6 = "ping -6 -c 3 -i 0.1 -W 1 fd09::1";
    BOOST_REQUIRE(wait_until([&] { return bench.peer.run(ping4).ok() && bench.peer.run(ping6).ok(); }, patience_ms));
    const Namespace::Stay inside(bench.host);
    auto context = std::make_shared<lnx::Context>();
    context->run_dir = bench.run.path();
    BOOST_REQUIRE(context->interfaces.open() == 0);
    BOOST_REQUIRE(context->driver.open() == 0);
    lnx::InterfaceInfo info;
    BOOST_REQUIRE(context->interfaces.find("p0", info) == 0);
    {
      lnx::PortClaim claim;
      BOOST_REQUIRE(claim.take(context, info, kind).ok());
      BOOST_TEST((claim.fence() == kind));
      if (kind == lnx::FenceKind::settings) {
        // They leave packets to the port's own address alone; what they stop is what a bond meets: its address is
        // elsewhere on the host, and nobody may answer for it here.
        bench.host.must(
            "ip addr del 10.9.0.1/24 dev p0; ip link add elsewhere type veth peer name end; ip link set end "
            "up; ip link set elsewhere up; ip addr add 10.9.0.1/24 dev elsewhere");
      }
      bench.peer.must("ip neigh flush all");
      BOOST_TEST(!bench.peer.run(ping4).ok());
      BOOST_TEST(!bench.peer.run(ping6).ok());
      // With the neighbour known, so that it is not the missing ARP answer alone.
      bench.peer.must("ip neigh replace 10.9.0.1 lladdr " + info.mac.text() +
                      " dev q0 nud permanent; ip neigh replace " + "fd09::1 lladdr " + info.mac.text() +
                      " dev q0 nud permanent");
      BOOST_TEST(!bench.peer.run(ping4).ok());
      BOOST_TEST(!bench.peer.run(ping6).ok());
      bench.peer.must("ip neigh flush all nud permanent");
      if (kind == lnx::FenceKind::settings) bench.host.must("ip link del elsewhere; ip addr add 10.9.0.1/24 dev p0");
    }
    BOOST_TEST(wait_until([&] { return bench.peer.run(ping4).ok() && bench.peer.run(ping6).ok(); }, patience_ms));
  }
}

BOOST_AUTO_TEST_CASE(nothing_leaks_out_of_a_port_that_comes_up) {
  Bench bench;
  Wiretap tap(bench.peer, "q0");
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(comes_up(*nic));
  const MacAddress own = nic->mac();
  const Frame leaked =
      tap.expect([&](std::span<const std::uint8_t> frame) { return MacAddress::load(frame.data() + 6) == own; }, 1'500);
  BOOST_TEST(leaked.empty());
}

BOOST_AUTO_TEST_CASE(interfaces_that_cannot_be_ports_are_refused_with_a_reason) {
  Bench bench;
  bench.host.must("ip link add br0 type bridge; ip link add x0 type veth peer name x1; ip link set x0 master br0");
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<HostPort> bond0 = open_bond0(hardware);
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  const auto refusal = [&](const char* name) {
    const Result<std::unique_ptr<Nic>> result = hardware.open_nic(name, LinkSource::carrier);
    BOOST_REQUIRE(!result.ok());
    BOOST_TEST(!result.failure().reason.empty());
    return result.failure().error;
  };
  BOOST_TEST(refusal("nosuch0") == ENODEV);
  BOOST_TEST(refusal("a-name-that-is-too-long") == ENODEV);
  BOOST_TEST(refusal("lo") == EINVAL);
  BOOST_TEST(refusal("x0") == EBUSY);
  BOOST_TEST(refusal("p0") == EBUSY);
  BOOST_TEST(refusal("bond0") == EBUSY);
  BOOST_TEST(hardware.has_interface("x1"));
  BOOST_TEST(!hardware.has_interface("nosuch0"));
  const auto host_refusal = [&](const char* name) {
    const Result<std::unique_ptr<HostPort>> result = hardware.open_host_port(name);
    return result.ok() ? 0 : result.failure().error;
  };
  BOOST_TEST(host_refusal("x1") == EEXIST);
  BOOST_TEST(host_refusal("bond0") == EEXIST);
  for (const char* name : {"", "a/b", "a b", "sixteen-letters-", "bond%d", ".."})
    BOOST_TEST(host_refusal(name) == EINVAL);
}

BOOST_AUTO_TEST_CASE(without_rights_the_answer_is_eperm_and_nothing_changes) {
  Bench bench;
  const std::string before = bench.portrait();
  Process child = bench.host.fork_inside([&] {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) return 99;
    LinuxHardware hardware(bench.run.path());
    const Result<std::unique_ptr<Nic>> nic = hardware.open_nic("p0", LinkSource::carrier);
    const Result<std::unique_ptr<HostPort>> port = hardware.open_host_port("bond0");
    return (nic.ok() || nic.failure().error != EPERM ? 1 : 0) + (port.ok() || port.failure().error != EPERM ? 2 : 0);
  });
  BOOST_TEST(child.wait(patience_ms).value_or(-1) == 0);
  BOOST_TEST(bench.portrait() == before);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

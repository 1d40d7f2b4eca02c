// hal/linux: frames and links of real veth cables through packet sockets.
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <numeric>

#include "hal/linux/carrier_losses.hpp"
#include "hal/linux/packet_nic.hpp"
#include "tests/lab/support/linux_bench.hpp"

namespace bondbox::lab {

BOOST_AUTO_TEST_SUITE(lab_hal_linux_nic)

BOOST_AUTO_TEST_CASE(a_claimed_port_is_up_and_its_cable_is_seen_to_come_and_go) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(comes_up(*nic));
  BOOST_TEST(nic->link().speed_mbps == 10'000u);
  BOOST_TEST((nic->link().duplex == Duplex::full));
  // Several times in a row: the kernel's own link events come once a second at most.
  for (int flap = 0; flap < 4; ++flap) {
    bench.peer.must("ip link set q0 down");
    BOOST_TEST(!nic->link().up);
    BOOST_TEST(nic->link().speed_mbps == 10'000u);
    bench.peer.must("ip link set q0 up");
    BOOST_TEST(nic->link().up);
  }
}

BOOST_AUTO_TEST_CASE(every_link_source_sees_the_cable_of_a_driver_without_mii) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  Result<std::unique_ptr<Nic>> nic = hardware.open_nic("p0", LinkSource::mii);
  BOOST_REQUIRE(nic.ok());
  BOOST_REQUIRE(comes_up(*nic.value()));
  BOOST_TEST(dynamic_cast<lnx::PacketNic&>(*nic.value()).link_probe() == "ethtool");
  bench.peer.must("ip link set q0 down");
  BOOST_TEST(!nic.value()->link().up);
}

BOOST_AUTO_TEST_CASE(a_port_set_down_behind_our_back_is_a_state_and_receives_again_when_up) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(carries(bench, *nic));
  bench.host.must("ip link set p0 down");
  BOOST_TEST(!nic->link().up);
  BOOST_TEST(nic->link().present);
  PacketBatch batch(4);
  for (int i = 0; i < 10; ++i) {
    batch.clear();
    (void)nic->receive(batch);  // what came until then
  }
  batch.clear();
  BOOST_TEST(nic->receive(batch) == 0u);
  BOOST_TEST(nic->counters().receive_errors == 0u);
  bench.host.must("ip link set p0 up");
  BOOST_REQUIRE(carries(bench, *nic));
  Wiretap tap(bench.peer, "q0");
  Frame frame = make_frame(broadcast_mac, {0x88, 0xb5});
  frame.back() = 0x11;
  BOOST_TEST(tap.send(frame) == 0);
  BOOST_TEST(receive_marked(*nic, 0x11) == frame);
}

BOOST_AUTO_TEST_CASE(a_dead_cable_refuses_frames_with_enetdown) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(carries(bench, *nic));
  const OnePacket packet(make_frame(broadcast_mac, {0x88, 0xb5}));
  BOOST_TEST(nic->transmit(packet.span()).accepted == 1u);
  bench.peer.must("ip link set q0 down");
  const TransmitResult refused = nic->transmit(packet.span());
  BOOST_TEST(refused.accepted == 0u);
  BOOST_TEST(refused.error == ENETDOWN);
  bench.peer.must("ip link set q0 up");
  BOOST_TEST(nic->transmit(packet.span()).accepted == 1u);
}

/// In a mount namespace of its own, /sys as the caller's network namespace has it.
bool mount_own_sys() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0 &&
         ::mount("sysfs", "/sys", "sysfs", 0, nullptr) == 0;
}

BOOST_AUTO_TEST_CASE(carrier_losses_are_counted_for_the_very_interface_and_for_no_other) {
  Bench bench;
  // Its results as bits, because a child cannot report to the test framework.
  Process child = bench.host.fork_inside([&] {
    lnx::Interfaces interfaces;
    lnx::InterfaceInfo info;
    if (interfaces.open() != 0 || interfaces.find("p0", info) != 0) return 99;
    lnx::CarrierLosses losses;
    if (losses.open("p0", info.index, info.mac)) return 98;  // /sys is still of the namespace outside
    if (!mount_own_sys()) return 97;
    int wrong = 0;
    if (losses.open("p0", info.index + 1, info.mac)) wrong |= 1;
    if (losses.open("p0", info.index, stranger)) wrong |= 2;
    if (losses.read() >= 0) wrong |= 4;
    bench.host.must("ip link set p0 up");
    if (!losses.open("p0", info.index, info.mac)) wrong |= 8;
    const std::int64_t before = losses.read();
    bench.peer.must("ip link set q0 down; ip link set q0 up");
    if (losses.read() != before + 1) wrong |= 16;
    bench.host.must("ip link set p0 down; ip link set p0 name p9");
    if (losses.read() != before + 2) wrong |= 32;
    bench.host.must("ip link del p9");
    if (losses.read() >= 0) wrong |= 64;
    return wrong;
  });
  BOOST_TEST(child.wait(patience_ms).value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(a_dead_cable_refuses_frames_where_losses_are_counted_too) {
  Bench bench;
  Process child = bench.host.fork_inside([&] {
    if (!mount_own_sys()) return 97;
    LinuxHardware hardware(bench.run.path());
    Result<std::unique_ptr<Nic>> opened = hardware.open_nic("p0", LinkSource::carrier);
    if (!opened.ok()) return 96;
    Nic& nic = *opened.value();
    if (!comes_up(nic)) return 95;
    const OnePacket packet(make_frame(broadcast_mac, {0x88, 0xb5}));
    int wrong = 0;
    if (nic.transmit(packet.span()).accepted != 1) wrong |= 1;
    bench.peer.must("ip link set q0 down");
    if (nic.transmit(packet.span()).error != ENETDOWN) wrong |= 2;
    bench.peer.must("ip link set q0 up");
    if (nic.transmit(packet.span()).accepted != 1) wrong |= 4;
    bench.peer.must("ip link set q0 down; ip link set q0 up");
    if (nic.transmit(packet.span()).accepted != 1) wrong |= 8;
    nic.set_link_source(LinkSource::mii);
    bench.peer.must("ip link set q0 down");
    if (nic.transmit(packet.span()).error != ENETDOWN) wrong |= 16;
    return wrong;
  });
  BOOST_TEST(child.wait(2 * patience_ms).value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(a_refusal_tells_how_many_were_taken_before_it) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(carries(bench, *nic));
  PacketBatch batch(4);
  for (const std::size_t size : {80, 80, 4000, 80}) {
    BOOST_REQUIRE(batch.prepare().assign(make_frame(broadcast_mac, {0x88, 0xb5}, size)));
    batch.commit();
  }
  const std::array<const Packet*, 4> packets{&batch[0], &batch[1], &batch[2], &batch[3]};
  const TransmitResult result = nic->transmit(packets);
  BOOST_TEST(result.accepted == 2u);
  BOOST_TEST(result.error == EMSGSIZE);
}

BOOST_AUTO_TEST_CASE(vlan_tags_are_whole_in_both_directions) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(carries(bench, *nic));
  Wiretap tap(bench.peer, "q0");
  const std::vector<std::vector<std::uint8_t>> kinds{
      {0x88, 0xb5},
      {0x81, 0x00, 0xe0, 0x2a, 0x88, 0xb5},
      {0x88, 0xa8, 0x00, 0x64, 0x81, 0x00, 0x00, 0x2a, 0x88, 0xb5},
  };
  std::uint8_t marker = 0x20;
  for (const std::vector<std::uint8_t>& kind : kinds) {
    Frame frame = make_frame(broadcast_mac, kind);
    frame.back() = ++marker;
    BOOST_REQUIRE(tap.send(frame) == 0);
    BOOST_TEST(receive_marked(*nic, marker) == frame, boost::test_tools::per_element());
    frame.back() = ++marker;
    const OnePacket packet(frame);
    BOOST_TEST(nic->transmit(packet.span()).accepted == 1u);
    const Frame seen = tap.expect([&](std::span<const std::uint8_t> got) { return got.back() == marker; }, patience_ms);
    BOOST_TEST(seen == frame, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(frames_to_others_are_received_only_when_promiscuous) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(carries(bench, *nic));
  BOOST_REQUIRE(nic->set_mac(station).ok());
  Wiretap tap(bench.peer, "q0");
  const auto arrives = [&](MacAddress destination, std::uint8_t marker) {
    Frame frame = make_frame(destination, {0x88, 0xb5});
    frame.back() = marker;
    Frame fence_post = make_frame(broadcast_mac, {0x88, 0xb5});
    fence_post.back() = static_cast<std::uint8_t>(marker + 1);
    // Frames keep their order: once the second is here, the first has come or never will.
    if (tap.send(frame) != 0 || tap.send(fence_post) != 0) return false;
    PacketBatch batch(64);
    bool seen = false;
    (void)wait_until(
        [&] {
          batch.clear();
          (void)nic->receive(batch);
          bool last = false;
          for (std::size_t i = 0; i < batch.size(); ++i) {
            seen |= std::as_const(batch[i]).frame().back() == frame.back();
            last |= std::as_const(batch[i]).frame().back() == fence_post.back();
          }
          return last;
        },
        patience_ms);
    return seen;
  };
  BOOST_TEST(arrives(station, 0x31));
  BOOST_TEST(arrives(MacAddress{{0x33, 0x33, 0, 0, 0, 0x77}}, 0x33));
  BOOST_TEST(!arrives(stranger, 0x35));
  BOOST_TEST(nic->set_promiscuous(true).ok());
  BOOST_TEST(nic->set_promiscuous(true).ok());
  BOOST_TEST(arrives(stranger, 0x37));
  BOOST_TEST(nic->set_promiscuous(false).ok());
  BOOST_TEST(!arrives(stranger, 0x39));
  BOOST_TEST(nic->set_mac(stranger).ok());
  BOOST_TEST(arrives(stranger, 0x3b));
}

BOOST_AUTO_TEST_CASE(frames_that_this_host_sends_do_not_come_back) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(carries(bench, *nic));
  Wiretap own(bench.host, "p0");
  Frame frame = make_frame(broadcast_mac, {0x88, 0xb5});
  frame.back() = 0x41;
  BOOST_REQUIRE(own.send(frame) == 0);
  const OnePacket packet(frame);
  BOOST_TEST(nic->transmit(packet.span()).accepted == 1u);
  BOOST_TEST(receive_marked(*nic, 0x41, 200).empty());
}

BOOST_AUTO_TEST_CASE(a_batch_keeps_the_order_of_a_burst_and_drops_nothing) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(carries(bench, *nic));
  Wiretap tap(bench.peer, "q0");
  constexpr std::uint8_t count = 200;
  for (std::uint8_t i = 0; i < count; ++i) {
    Frame frame = make_frame(broadcast_mac, {0x88, 0xb5, i});
    BOOST_REQUIRE(tap.send(frame) == 0);
  }
  PacketBatch batch;
  std::vector<std::uint8_t> order;
  (void)wait_until(
      [&] {
        batch.clear();
        (void)nic->receive(batch);
        for (std::size_t i = 0; i < batch.size(); ++i) {
          const wire::Bytes frame = std::as_const(batch[i]).frame();
          if (frame[12] == 0x88 && frame[13] == 0xb5) order.push_back(frame[14]);
        }
        return order.size() >= count;
      },
      patience_ms);
  std::vector<std::uint8_t> expected(count);
  std::iota(expected.begin(), expected.end(), std::uint8_t{0});
  BOOST_TEST(order == expected, boost::test_tools::per_element());
  BOOST_TEST(nic->counters().receive_lost == 0u);
}

BOOST_AUTO_TEST_CASE(frames_lost_because_nobody_read_are_counted) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(carries(bench, *nic));
  Wiretap tap(bench.peer, "q0");
  const Frame frame = make_frame(broadcast_mac, {0x88, 0xb5}, 1500);
  for (int i = 0; i < 20'000 && nic->counters().receive_lost == 0; ++i) BOOST_REQUIRE(tap.send(frame) == 0);
  const std::uint64_t lost = nic->counters().receive_lost;
  BOOST_TEST(lost > 0u);
  BOOST_TEST(nic->counters().receive_lost == lost);
}

BOOST_AUTO_TEST_CASE(a_deleted_port_stays_an_object_and_a_new_one_of_its_name_is_a_new_nic) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const std::unique_ptr<Nic> old = open_p0(hardware);
  BOOST_REQUIRE(comes_up(*old));
  bench.host.must("ip link del p0");
  lay_cable(bench.host, "p0", bench.peer, "q0", 10);  // even its index is the same
  bench.peer.must("ip link set q0 up");
  BOOST_TEST(!old->link().present);
  BOOST_TEST(!old->link().up);
  // What had come until then comes first: the peer's kernel looks for its neighbours.
  PacketBatch batch(64);
  for (int i = 0; i < 10 && old->receive(batch) != 0u; ++i) batch.clear();
  batch.clear();
  BOOST_TEST(old->receive(batch) == 0u);
  const OnePacket packet(make_frame(broadcast_mac, {0x88, 0xb5}));
  BOOST_TEST(old->transmit(packet.span()).error == ENODEV);
  BOOST_TEST(old->set_mac(station).error == ENODEV);
  BOOST_TEST(old->set_mtu(1400).error == ENODEV);
  BOOST_TEST(old->set_promiscuous(true).error == ENODEV);
  std::vector<int> handles;
  old->append_wait_handles(handles);
  BOOST_REQUIRE(handles.size() == 3u);
  std::array<pollfd, 3> waiting{{{handles[0], POLLIN, 0}, {handles[1], POLLIN, 0}, {handles[2], POLLIN, 0}}};
  BOOST_TEST(::poll(waiting.data(), waiting.size(), 50) == 0);

  const std::string before = bench.portrait();
  std::unique_ptr<Nic> fresh = open_p0(hardware);
  BOOST_TEST(comes_up(*fresh));
  BOOST_TEST(!old->link().present);
  fresh.reset();
  BOOST_TEST(bench.portrait() == before);
}

BOOST_AUTO_TEST_CASE(a_port_deleted_unseen_can_be_claimed_anew) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  std::unique_ptr<Nic> old = open_p0(hardware);
  bench.host.must("ip link del p0");
  lay_cable(bench.host, "p0", bench.peer, "q0", 11);
  bench.peer.must("ip link set q0 up");
  std::unique_ptr<Nic> fresh = open_p0(hardware);
  old.reset();
  BOOST_TEST(comes_up(*fresh));
  BOOST_TEST(bench.portrait().find("NOARP") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_renamed_port_keeps_its_name_here_and_its_link) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  std::unique_ptr<Nic> nic = open_p0(hardware);
  BOOST_REQUIRE(comes_up(*nic));
  BOOST_REQUIRE(nic->set_mac(station).ok());
  bench.host.must(
      "ip link set p0 down; ip link set p0 name p9; ip link set p9 up; ip link add p0 type veth peer name x");
  BOOST_TEST(comes_up(*nic));
  BOOST_TEST(nic->name() == "p0");
  BOOST_TEST(nic->set_mtu(1300).ok());
  BOOST_TEST(bench.portrait("p9").find("mtu 1300") != std::string::npos);
  nic.reset();
  const std::string after = bench.portrait("p9");
  BOOST_TEST(after.find("mtu 1500") != std::string::npos);
  BOOST_TEST(after.find("NOARP") == std::string::npos);
  BOOST_TEST(after.find(station.text()) == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

// The contract cases on real veth cables: the packet-socket NIC and the libpcap NIC.
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "hal/linux/linux_hardware.hpp"
#include "hal/pcap/pcap_nic.hpp"
#include "hal/wire/checksum.hpp"
#include "tests/lab/support/namespace.hpp"
#include "tests/unit/hal/nic_contract.hpp"

namespace bondbox::test {

namespace {

/// One end of a cable is the NIC under test; a raw socket plays the other. The test is inside the NIC's namespace while
/// the fixture lives. Both ends have one interface index, so that link events come as late as a real NIC's.
class VethFixture : public NicFixture {
 public:
  explicit VethFixture(bool near_up) {
    lab::lay_cable(near_, near_name, far_, far_name, 10);
    require("ip -n " + far_.name() + " link set " + far_name + " address " + contract::far_mac.text() + " up");
    if (near_up) require("ip -n " + near_.name() + " link set " + near_name + " up");
    tap_.emplace(far_, far_name);
  }

  std::string name() const override { return near_name; }

  State state() override {
    const lab::CommandResult shown = lab::run_command("ip -n " + near_.name() + " -o link show dev " + near_name);
    BOOST_REQUIRE_MESSAGE(shown.ok(), shown.output);
    const auto word_after = [&shown](const std::string& key) {
      const std::size_t at = shown.output.find(key);
      BOOST_REQUIRE_MESSAGE(at != std::string::npos, shown.output);
      const std::size_t begin = at + key.size();
      return shown.output.substr(begin, shown.output.find(' ', begin) - begin);
    };
    State state;
    state.mac = MacAddress::parse(word_after("link/ether ")).value();
    state.mtu = static_cast<std::uint32_t>(std::stoul(word_after(" mtu ")));
    state.up = shown.output.find(",UP") != std::string::npos || shown.output.find("<UP") != std::string::npos;
    return state;
  }

  bool far_send(const FrameBytes& frame) override { return tap_->send(frame) == 0; }

  std::vector<FrameBytes> far_receive() override {
    std::vector<FrameBytes> frames;
    for (;;) {
      FrameBytes frame = tap_->expect([](std::span<const std::uint8_t>) { return true; }, 0);
      if (frame.empty()) return frames;
      frames.push_back(std::move(frame));
    }
  }

  void set_far_link(bool on) override {
    require("ip -n " + far_.name() + " link set " + far_name + (on ? " up" : " down"));
  }

  void remove() override { require("ip -n " + far_.name() + " link del " + far_name); }

  bool wait() override {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return true;
  }

 private:
  static constexpr const char* near_name = "e0";
  static constexpr const char* far_name = "p0";

  static void require(const std::string& command) {
    const lab::CommandResult result = lab::run_command(command);
    BOOST_REQUIRE_MESSAGE(result.ok(), command + ": " + result.output);
  }

  lab::Namespace near_;
  lab::Namespace far_;
  std::optional<lab::Wiretap> tap_;

 protected:
  lab::Namespace::Stay inside_{near_};
};

class LinuxNicFixture final : public VethFixture {
 public:
  LinuxNicFixture() : VethFixture(false) {
    BOOST_REQUIRE_MESSAGE(hardware_.is_usable().ok(), hardware_.is_usable().reason);
  }
  Result<std::unique_ptr<Nic>> open(std::string_view name) override {
    return hardware_.open_nic(name, LinkSource::carrier);
  }

 private:
  lab::ScratchDirectory run_dir_;
  lnx::LinuxHardware hardware_{run_dir_.path()};
};

class PcapNicFixture final : public VethFixture {
 public:
  PcapNicFixture() : VethFixture(true) {}
  Result<std::unique_ptr<Nic>> open(std::string_view name) override { return nics_.open_nic(name); }
  bool can_configure() const override { return false; }

 private:
  pcapio::PcapNics nics_;
};

const bool registered = add_nic_contract("linux_nic_contract", [] { return std::make_unique<LinuxNicFixture>(); }) &&
                        add_nic_contract("pcap_nic_contract", [] { return std::make_unique<PcapNicFixture>(); });

}  // namespace

BOOST_AUTO_TEST_SUITE(nic_contract_registration)

BOOST_AUTO_TEST_CASE(the_contract_cases_were_registered) {
  BOOST_TEST(registered);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(pcap_nic)

BOOST_AUTO_TEST_CASE(an_interface_that_is_down_cannot_be_opened) {
  const lab::Namespace near;
  const lab::Namespace far;
  lab::lay_cable(near, "e0", far, "p0");
  const lab::Namespace::Stay inside(near);
  const auto opened = pcapio::PcapNics().open_nic("e0");
  BOOST_REQUIRE(!opened.ok());
  BOOST_TEST(opened.failure().error == ENETDOWN);
}

BOOST_AUTO_TEST_CASE(loopback_is_not_ethernet) {
  const lab::Namespace near;
  const lab::Namespace::Stay inside(near);
  const auto opened = pcapio::PcapNics().open_nic("lo");
  BOOST_REQUIRE(!opened.ok());
  BOOST_TEST(opened.failure().error == EINVAL);
}

BOOST_AUTO_TEST_CASE(a_claim_outlives_whoever_opened_it_and_ends_with_the_nic) {
  const lab::Namespace near;
  const lab::Namespace far;
  lab::lay_cable(near, "e0", far, "p0");
  BOOST_REQUIRE(near.run("ip link set e0 up").ok());
  const lab::Namespace::Stay inside(near);
  pcapio::PcapNics nics;
  std::unique_ptr<Nic> nic = std::move(nics.open_nic("e0").value());
  pcapio::PcapNics same = nics;
  nics = pcapio::PcapNics();
  BOOST_TEST(same.open_nic("e0").failure().error == EBUSY);
  nic.reset();
  BOOST_TEST(same.open_nic("e0").ok());
}

BOOST_AUTO_TEST_CASE(offload_is_done_before_the_frame_leaves) {
  const lab::Namespace near;
  const lab::Namespace far;
  lab::lay_cable(near, "e0", far, "p0");
  BOOST_REQUIRE(near.run("ip link set e0 up").ok());
  BOOST_REQUIRE(far.run("ip link set p0 up").ok());
  const lab::Namespace::Stay inside(near);
  lab::Wiretap tap(far, "p0");
  pcapio::PcapNics nics;
  const std::unique_ptr<Nic> nic = std::move(nics.open_nic("e0").value());

  // A UDP_L4 frame of 3,000 bytes in segments of 1,400: to 198.51.100.2, from port 5 to port 6.
  FrameBytes frame = contract::make_frame(broadcast_mac, nic->mac(), 0, 14);
  frame[12] = 0x08;
  frame[13] = 0x00;
  frame.insert(frame.end(), {0x45, 0, 0x0b, 0xd4, 0, 1, 0x40, 0, 64, 17, 0, 0, 198, 51, 100, 1, 198, 51, 100, 2});
  frame.insert(frame.end(), {0, 5, 0, 6, 0x0b, 0xc0, 0, 0});
  for (std::size_t i = 0; i < 3'000; ++i) frame.push_back(static_cast<std::uint8_t>(i * 3));
  PacketBatch batch(1);
  BOOST_REQUIRE(batch.prepare().assign(frame));
  batch[0].set_offload({OffloadHeader::needs_checksum, 5, 42, 1'400, 34, 6});
  batch.commit();
  const Packet* const packets[] = {&batch[0]};
  BOOST_TEST(nic->transmit(packets).accepted == 1U);

  FrameBytes payload;
  for (const std::size_t length : {1'442U, 1'442U, 242U}) {
    const FrameBytes segment = tap.expect(
        [](std::span<const std::uint8_t> seen) {
          return seen.size() > 42 && seen[23] == 17 && wire::load_be16(&seen[36]) == 6;
        },
        1'000);
    BOOST_REQUIRE(segment.size() == length);
    wire::InternetChecksum sum;
    sum.add_pseudo_header(IpAddress::from_bytes(wire::Bytes(segment).subspan(26, 4)),
                          IpAddress::from_bytes(wire::Bytes(segment).subspan(30, 4)), 17,
                          static_cast<std::uint32_t>(length - 34));
    sum.add(wire::Bytes(segment).subspan(34));
    BOOST_TEST(sum.value() == 0);
    payload.insert(payload.end(), segment.begin() + 42, segment.end());
  }
  BOOST_TEST((payload == FrameBytes(frame.begin() + 42, frame.end())));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

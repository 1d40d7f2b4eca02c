// A forwarder between recording NICs and a recording host, and numbered frames to send through it.
#pragma once

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "firmware/forwarder.hpp"
#include "hal/wire/ethernet.hpp"
#include "tests/support/fake_host_port.hpp"
#include "tests/support/fake_nic.hpp"

namespace bondbox::test {

using FrameBytes = std::vector<std::uint8_t>;
using Numbers = std::vector<std::uint32_t>;

inline constexpr MacAddress bond_mac{{0x02, 0, 0, 0, 0x0a, 0}};
inline constexpr MacAddress far_mac{{0x02, 0, 0, 0, 0x0b, 0}};
inline constexpr MacAddress bridged_mac{{0x02, 0, 0, 0, 0x0c, 0}};
inline constexpr MacAddress multicast_mac{{0x01, 0, 0x5e, 0, 0, 0x16}};
inline constexpr MacAddress slow_mac{{0x01, 0x80, 0xc2, 0, 0, 0x02}};
inline constexpr std::uint16_t experimental_type = 0x88b5;

constexpr MacAddress port_mac(std::size_t port) noexcept {
  return {{0x02, 0, 0, 0, 0x0a, static_cast<std::uint8_t>(port)}};
}

/// A frame that carries its number behind the header; 60 bytes unless told.
inline FrameBytes numbered(std::uint32_t number, MacAddress destination = far_mac, MacAddress source = bond_mac,
                           std::uint16_t type = experimental_type, std::size_t size = 60) {
  FrameBytes frame(size);
  destination.store(frame.data());
  source.store(frame.data() + 6);
  wire::store_be16(frame.data() + 12, type);
  wire::store_be32(frame.data() + 14, number);
  return frame;
}

inline Numbers numbers_in(const FrameRecord& record) {
  Numbers numbers;
  for (std::size_t i = 0; i < record.size(); ++i) numbers.push_back(wire::load_be32(record[i].data() + 14));
  return numbers;
}

struct ForwarderFixture {
  static constexpr std::size_t nic_count = 4;

  std::array<FakeNic, nic_count> nics{FakeNic("e0", port_mac(0)), FakeNic("e1", port_mac(1)),
                                      FakeNic("e2", port_mac(2)), FakeNic("e3", port_mac(3))};
  NicTable table{};
  FakeHostPort host;
  Forwarder forwarder;
  ForwardingPlan plan;
  PacketBatch batch;

  ForwarderFixture() {
    for (std::size_t i = 0; i < nic_count; ++i) table[i] = &nics[i];
    plan.carrier = true;
  }

  void use(Spread spread, std::initializer_list<std::uint8_t> usable,
           std::initializer_list<std::uint8_t> fallback = {}) {
    plan.transmit.spread = spread;
    plan.transmit.usable.clear();
    plan.transmit.fallback.clear();
    for (const std::uint8_t index : usable) plan.transmit.usable.push_back(PortId{index});
    for (const std::uint8_t index : fallback) plan.transmit.fallback.push_back(PortId{index});
  }

  void fill(const std::vector<FrameBytes>& frames) {
    batch.clear();
    for (const FrameBytes& frame : frames) {
      BOOST_REQUIRE(!batch.full());
      BOOST_REQUIRE(batch.prepare().assign(frame));
      batch.commit();
    }
  }
  void to_ports(const std::vector<FrameBytes>& frames) {
    fill(frames);
    forwarder.host_to_ports(batch, plan, table);
  }
  /// Frames 0 .. count - 1.
  void to_ports(std::uint32_t count) {
    std::vector<FrameBytes> frames;
    for (std::uint32_t i = 0; i < count; ++i) frames.push_back(numbered(i));
    to_ports(frames);
  }
  void to_host(std::uint8_t from, const std::vector<FrameBytes>& frames) {
    fill(frames);
    forwarder.port_to_host(batch, PortId{from}, plan, host, bond_mac);
  }

  Numbers sent(std::size_t port) const { return numbers_in(nics[port].sent); }
  Numbers delivered() const { return numbers_in(host.delivered); }
  const PortCounters& counters(std::uint8_t port) const { return forwarder.port(PortId{port}); }
};

}  // namespace bondbox::test

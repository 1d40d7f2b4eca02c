#include "tests/support/udp_frames.hpp"

#include <boost/test/unit_test.hpp>

#include "hal/pcap/software_offload.hpp"
#include "hal/wire/checksum.hpp"
#include "hal/wire/ip_address.hpp"

namespace bondbox::test {
namespace {

void put16(FrameBytes& frame, std::size_t value) {
  frame.push_back(static_cast<std::uint8_t>(value >> 8));
  frame.push_back(static_cast<std::uint8_t>(value & 0xff));
}

}  // namespace

FrameBytes datagram(const Flow& flow, unsigned number, std::size_t payload) {
  FrameBytes frame = {0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0x51};
  flow.to.store(frame.data());
  if (flow.tagged) frame.insert(frame.end(), {0x81, 0x00, 0x00, 0x64});
  put16(frame, flow.v6 ? 0x86dd : 0x0800);
  const std::size_t network = frame.size();
  const std::size_t length = 8 + payload;
  if (flow.v6) {
    frame.insert(frame.end(), {0x60, 1, 2, 3});
    put16(frame, length);
    frame.insert(frame.end(), {17, 64});
    for (unsigned i = 0; i < 32; ++i) frame.push_back(static_cast<std::uint8_t>(i));
  } else {
    frame.insert(frame.end(), {0x45, 0});
    put16(frame, 20 + length);
    put16(frame, (flow.identification + number) & 0xffff);
    frame.insert(frame.end(), {0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2});
    wire::store_be16(&frame[network + 10], wire::internet_checksum({&frame[network], 20}));
  }
  const std::size_t addresses = flow.v6 ? network + 8 : network + 12;
  const std::size_t address_size = flow.v6 ? 16 : 4;
  wire::InternetChecksum pseudo;
  pseudo.add_pseudo_header(IpAddress::from_bytes(wire::Bytes(frame).subspan(addresses, address_size)),
                           IpAddress::from_bytes(wire::Bytes(frame).subspan(addresses + address_size, address_size)),
                           17, static_cast<std::uint32_t>(length));
  frame.insert(frame.end(), {0x12, 0x34, flow_port >> 8, flow_port & 0xff});
  put16(frame, length);
  put16(frame, static_cast<std::uint16_t>(~pseudo.value()));
  for (std::size_t i = 0; i < payload; ++i) frame.push_back(static_cast<std::uint8_t>(i * 7 + number));
  return frame;
}

FrameBytes finished_datagram(const Flow& flow, unsigned number, std::size_t payload) {
  FrameBytes frame = datagram(flow, number, payload);
  BOOST_REQUIRE(pcapio::complete_checksum(frame, partial(flow)));
  return frame;
}

OffloadHeader partial(const Flow& flow) {
  return {OffloadHeader::needs_checksum, 0, 0, 0, static_cast<std::uint16_t>(flow.transport_at()), 6};
}

}  // namespace bondbox::test

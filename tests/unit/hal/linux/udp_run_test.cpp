// hal/linux: which datagrams leave as one GSO frame, and that it is cut up into the frames that it was made of.
#include "hal/linux/udp_run.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <functional>
#include <vector>

#include "hal/pcap/software_offload.hpp"
#include "hal/wire/checksum.hpp"
#include "hal/wire/ip_address.hpp"
#include "tests/support/udp_frames.hpp"

namespace bondbox::test {

using lnx::UdpRun;

namespace {

constexpr OffloadHeader received{OffloadHeader::data_valid};

struct Batch {
  PacketBatch packets;
  std::vector<const Packet*> list;

  void add(const FrameBytes& frame, const OffloadHeader& offload) {
    BOOST_REQUIRE(packets.prepare().assign(frame));
    packets[packets.size()].set_offload(offload);
    packets.commit();
    list.push_back(&packets[packets.size() - 1]);
  }
  void add(const Flow& flow, const std::vector<std::size_t>& payloads) {
    for (std::size_t i = 0; i < payloads.size(); ++i)
      add(datagram(flow, static_cast<unsigned>(i), payloads[i]), partial(flow));
  }
  /// As a NIC that has found the checksum right hands it up.
  void add_received(const Flow& flow, unsigned number, std::size_t payload) {
    add(finished_datagram(flow, number, payload), received);
  }
  UdpRun run() const { return UdpRun(list); }
};

/// What is sent for the run: the frame and its offload header.
FrameBytes joined(const Batch& batch, const UdpRun& run, OffloadHeader& offload) {
  UdpRun::Start start{};
  run.write_start(batch.packets[0], start);
  std::memcpy(&offload, start.data(), sizeof offload);
  const auto* const headers = start.data() + sizeof offload;
  FrameBytes frame(headers, headers + run.headers());
  for (std::size_t i = 0; i < run.size(); ++i) {
    const wire::Bytes payload = batch.packets[i].frame().subspan(run.headers());
    frame.insert(frame.end(), payload.begin(), payload.end());
  }
  return frame;
}

/// How many of two datagrams are joined when the second is changed so.
std::size_t joined_after(const Flow& flow, const std::function<void(FrameBytes&, OffloadHeader&)>& change) {
  Batch batch;
  batch.add(datagram(flow, 0, 100), partial(flow));
  FrameBytes second = datagram(flow, 1, 100);
  OffloadHeader offload = partial(flow);
  change(second, offload);
  batch.add(second, offload);
  return batch.run().size();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(udp_run)

BOOST_AUTO_TEST_CASE(what_is_joined_is_cut_up_into_the_frames_that_it_was) {
  for (const bool v6 : {false, true}) {
    for (const bool tagged : {false, true}) {
      for (const bool from_far : {false, true}) {
        const Flow flow{v6, tagged};
        Batch batch;
        if (!from_far) batch.add(flow, {101, 101, 101, 101, 33});
        for (unsigned i = 0; from_far && i < 5; ++i) batch.add_received(flow, i, i < 4 ? 101 : 33);
        const UdpRun run = batch.run();
        BOOST_REQUIRE(run.size() == 5u);
        OffloadHeader offload;
        const FrameBytes whole = joined(batch, run, offload);
        if (!v6) BOOST_TEST(wire::internet_checksum({&whole[flow.network_at()], 20}) == 0);
        FrameBytes scratch(2'000);
        pcapio::Segmenter segmenter(whole, offload, scratch);
        BOOST_REQUIRE(segmenter.valid());
        for (std::size_t i = 0; i < run.size(); ++i) {
          const wire::Bytes original = batch.packets[i].frame();
          FrameBytes expected(original.begin(), original.end());
          if (!from_far) BOOST_REQUIRE(pcapio::complete_checksum(expected, partial(flow)));
          const wire::Bytes segment = segmenter.next();
          BOOST_TEST(FrameBytes(segment.begin(), segment.end()) == expected, boost::test_tools::per_element());
        }
        BOOST_TEST(segmenter.next().empty());
        // Before it is cut up its own checksum must come out right too, for it may be delivered whole.
        FrameBytes finished = whole;
        BOOST_REQUIRE(pcapio::complete_checksum(finished, partial(flow)));
        const std::size_t addresses = flow.network_at() + (v6 ? 8 : 12);
        const std::size_t size = v6 ? 16 : 4;
        wire::InternetChecksum sum;
        sum.add_pseudo_header(IpAddress::from_bytes(wire::Bytes(finished).subspan(addresses, size)),
                              IpAddress::from_bytes(wire::Bytes(finished).subspan(addresses + size, size)), 17,
                              static_cast<std::uint32_t>(finished.size() - flow.transport_at()));
        sum.add(wire::Bytes(finished).subspan(flow.transport_at()));
        BOOST_TEST(sum.value() == 0);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_run_ends_with_a_shorter_datagram_and_before_a_longer_one) {
  Batch shorter;
  shorter.add(Flow{}, {100, 100, 99, 99});
  BOOST_TEST(shorter.run().size() == 3u);
  Batch longer;
  longer.add(Flow{}, {100, 100, 101});
  BOOST_TEST(longer.run().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_run_holds_no_more_than_the_kernel_cuts_up) {
  Batch many;
  many.add(Flow{}, std::vector<std::size_t>(PacketBatch::frames_max, 18));
  BOOST_TEST(many.run().size() == UdpRun::frames_max);
  Batch large;
  large.add(Flow{}, std::vector<std::size_t>(PacketBatch::frames_max, 1'472));
  const UdpRun run = large.run();
  BOOST_TEST(run.size() == (65'535u - 28u) / 1'472u);
  OffloadHeader offload;
  const FrameBytes whole = joined(large, run, offload);
  BOOST_TEST(wire::load_be16(&whole[16]) == whole.size() - 14);
}

BOOST_AUTO_TEST_CASE(only_neighbours_of_one_flow_are_joined) {
  const auto same = [](FrameBytes&, OffloadHeader&) {};
  for (const bool v6 : {false, true}) {
    const Flow flow{v6, true};
    BOOST_REQUIRE(joined_after(flow, same) == 2u);
    const std::size_t network = flow.network_at();
    const std::size_t transport = flow.transport_at();
    // Addresses, tag, type of service, hop limit, IP addresses, ports, the sum over the pseudo-header.
    for (const std::size_t at : {std::size_t{5}, std::size_t{11}, std::size_t{15}, network + 1, network + (v6 ? 7 : 8),
                                 transport - 1, transport - (v6 ? 17 : 5), transport + 1, transport + 3, transport + 7})
      BOOST_TEST(joined_after(flow, [&](FrameBytes& frame, OffloadHeader&) { frame[at] ^= 1; }) == 0u, at);
    BOOST_TEST(joined_after(flow, [](FrameBytes&, OffloadHeader& offload) { offload.flags = 0; }) == 0u);
    BOOST_TEST(joined_after(flow, [](FrameBytes&, OffloadHeader& offload) { offload.gso_type = 5; }) == 0u);
    // Bytes behind the datagram.
    BOOST_TEST(joined_after(flow, [](FrameBytes& frame, OffloadHeader&) { frame.pop_back(); }) == 0u);
  }
  // The kernel would number them on.
  BOOST_TEST(joined_after(Flow{}, [](FrameBytes& frame, OffloadHeader&) { frame[19] ^= 1; }) == 0u);
  BOOST_TEST(joined_after(Flow{}, [](FrameBytes& frame, OffloadHeader&) { frame[20] = 0x20; }) == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_not_a_plain_datagram_of_this_host_begins_no_run) {
  const auto begins = [](const Flow& flow, const std::function<void(FrameBytes&, OffloadHeader&)>& change) {
    Batch batch;
    for (unsigned i = 0; i < 2; ++i) {
      FrameBytes frame = datagram(flow, i, 100);
      OffloadHeader offload = partial(flow);
      change(frame, offload);
      batch.add(frame, offload);
    }
    return batch.run().size() != 0;
  };
  const Flow v4;
  const Flow v6{true};
  BOOST_REQUIRE(begins(v4, [](FrameBytes&, OffloadHeader&) {}));
  BOOST_TEST(!begins(v4, [](FrameBytes&, OffloadHeader& offload) { offload = {}; }));
  BOOST_REQUIRE(begins(v4, [](FrameBytes&, OffloadHeader& offload) { offload = received; }));
  BOOST_TEST(!begins(v4, [](FrameBytes&, OffloadHeader& offload) { offload.flags = 3; }));
  // A sender that made no checksum.
  BOOST_TEST(!begins(v4, [](FrameBytes& frame, OffloadHeader& offload) {
    frame[40] = frame[41] = 0;
    offload = received;
  }));
  BOOST_TEST(!begins(v4, [](FrameBytes&, OffloadHeader& offload) { offload.gso_type = 1; }));
  BOOST_TEST(!begins(v4, [](FrameBytes&, OffloadHeader& offload) { offload.checksum_offset = 16; }));
  BOOST_TEST(!begins(v4, [](FrameBytes&, OffloadHeader& offload) { offload.checksum_start = 38; }));
  BOOST_TEST(!begins(v4, [](FrameBytes&, OffloadHeader& offload) { offload.checksum_start = 65'000; }));
  BOOST_TEST(!begins(v4, [](FrameBytes& frame, OffloadHeader&) { frame[12] = 0x86; }));
  BOOST_TEST(!begins(v4, [](FrameBytes& frame, OffloadHeader&) { frame[14] = 0x46; }));
  BOOST_TEST(!begins(v4, [](FrameBytes& frame, OffloadHeader&) { frame[20] |= 0x20; }));
  BOOST_TEST(!begins(v4, [](FrameBytes& frame, OffloadHeader&) { frame[21] = 1; }));
  BOOST_TEST(!begins(v4, [](FrameBytes& frame, OffloadHeader&) { frame[23] = 6; }));
  BOOST_TEST(!begins(v4, [](FrameBytes& frame, OffloadHeader&) { frame[17] ^= 1; }));
  BOOST_TEST(!begins(v4, [](FrameBytes& frame, OffloadHeader&) { frame[39] ^= 1; }));
  BOOST_TEST(!begins(v6, [](FrameBytes& frame, OffloadHeader&) { frame[20] = 44; }));
  BOOST_TEST(!begins(v6, [](FrameBytes& frame, OffloadHeader&) { frame[19] ^= 1; }));
  // No payload; a frame that is larger than an Ethernet frame of 1,500 bytes; one alone.
  for (const std::vector<std::size_t>& payloads :
       {std::vector<std::size_t>{0, 0}, std::vector<std::size_t>{1'500, 1'500}, std::vector<std::size_t>{100}}) {
    Batch batch;
    batch.add(v4, payloads);
    BOOST_TEST(batch.run().size() == 0u);
  }
  BOOST_TEST(UdpRun({}).size() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

// Datagrams that are joined into one: those that are, are of one flow and of one size, and what is written before them
// adds up.
#include "hal/linux/udp_run.hpp"

#include <array>
#include <cstring>

#include "hal/wire/ip.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {
namespace {

constexpr std::size_t frames_most = 8;

/// The first frame as it comes, each further one a copy with a few bytes changed.
std::size_t draw(PacketBatch& batch, Input& input) {
  batch.clear();
  const OffloadHeader offload{static_cast<std::uint8_t>(input.byte() & 3),
                              static_cast<std::uint8_t>(input.byte() & 7),
                              0,
                              0,
                              input.byte(),
                              input.byte()};
  std::vector<std::uint8_t> frame;
  while (batch.size() < frames_most && !input.is_empty()) {
    const std::uint8_t size = input.byte();
    if (batch.size() == 0) {
      const wire::Bytes bytes = input.bytes(size);
      frame.assign(bytes.begin(), bytes.end());
    } else {
      const std::uint8_t changes = input.byte();
      for (int i = 0; i < (changes & 3); ++i) {
        const std::size_t at = input.byte();
        const std::uint8_t value = input.byte();
        if (at < frame.size()) frame[at] = value;
      }
      // The next identification of IPv4, as a flow has it.
      if ((changes & 4) != 0 && frame.size() > 20) frame[19] = static_cast<std::uint8_t>(frame[19] + 1);
      if ((changes & 8) != 0) frame.resize(std::min<std::size_t>(frame.size(), size));
    }
    Packet& packet = batch.prepare();
    promise(packet.assign(frame), "a short frame fits");
    packet.set_offload(offload);
    batch.commit();
  }
  return batch.size();
}

void run(wire::Bytes bytes) {
  static PacketBatch batch(frames_most);
  Input input(bytes);
  const std::size_t count = draw(batch, input);
  std::array<const Packet*, frames_most> packets{};
  for (std::size_t i = 0; i < count; ++i) packets[i] = &batch[i];
  const lnx::UdpRun joined({packets.data(), count});
  promise(joined.size() != 1 && joined.size() <= count, "a run has two frames or none");
  if (joined.size() == 0) return;
  lnx::UdpRun::Start start{};
  joined.write_start(*packets[0], start);
  const std::size_t headers = joined.headers();
  promise(headers <= lnx::UdpRun::headers_max, "a run's headers have room");
  std::size_t payload = 0;
  for (std::size_t i = 0; i < joined.size(); ++i) {
    const wire::Bytes frame = packets[i]->frame();
    promise(frame.size() > headers, "each datagram carries something");
    promise(i + 1 == joined.size() || frame.size() == packets[0]->frame().size(), "all but the last are of one size");
    promise(std::memcmp(frame.data(), packets[0]->frame().data(), 12) == 0, "all have the same addresses");
    payload += frame.size() - headers;
  }
  const std::uint8_t* const udp = start.data() + sizeof(OffloadHeader) + headers - 8;
  promise(wire::load_be16(udp + 4) == payload + 8, "the whole is as long as its parts");
}

const Known known("udp_run", &run);

}  // namespace
}  // namespace bondbox::fuzz

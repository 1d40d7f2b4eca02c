#include "tests/support/random_frames.hpp"

namespace bondbox::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int depth_max = 6;  ///< of packets within packets

void put16(Bytes& bytes, std::uint32_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

void put_noise(Bytes& bytes, Chance& chance, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) bytes.push_back(chance.byte());
}

void put_ipv4(Bytes& bytes, Chance& chance, int depth);
void put_ipv6(Bytes& bytes, Chance& chance, int depth);

/// What follows an IP header with this protocol number.
void put_upper(Bytes& bytes, Chance& chance, std::uint8_t protocol, int depth) {
  switch (protocol) {
    case 1:  // an error quotes the packet it is about
      bytes.push_back(chance.one_of(std::array<std::uint8_t, 5>{0, 3, 8, 11, 12}));
      put_noise(bytes, chance, 7);
      if (depth < depth_max) put_ipv4(bytes, chance, depth + 1);
      return;
    case 4:
      if (depth < depth_max) put_ipv4(bytes, chance, depth + 1);
      return;
    case 41:
      if (depth < depth_max) put_ipv6(bytes, chance, depth + 1);
      return;
    case 47: {
      const std::uint16_t type = chance.one_of(std::array<std::uint16_t, 4>{0x0800, 0x86dd, 0x6558, 0x880b});
      bytes.push_back(chance.one_in(2) ? 0 : chance.byte());
      bytes.push_back(chance.one_in(2) ? 0 : chance.byte());
      put16(bytes, type);
      if (depth >= depth_max) return;
      if (type == 0x86dd)
        put_ipv6(bytes, chance, depth + 1);
      else
        put_ipv4(bytes, chance, depth + 1);
      return;
    }
    case 58:
      bytes.push_back(chance.one_of(std::array<std::uint8_t, 6>{1, 128, 133, 135, 136, 136}));
      put_noise(bytes, chance, 31);
      return;
    default:
      put_noise(bytes, chance, chance.below(40));
  }
}

void put_ipv4(Bytes& bytes, Chance& chance, int depth) {
  constexpr std::array<std::uint8_t, 12> protocols{1, 2, 4, 6, 17, 17, 41, 47, 50, 51, 132, 253};
  const std::uint8_t protocol = chance.one_of(protocols);
  const std::size_t words = chance.one_in(4) ? chance.below(16) : 5;
  bytes.push_back(static_cast<std::uint8_t>((chance.one_in(20) ? chance.below(16) : 4) << 4 | words));
  bytes.push_back(0);
  put16(bytes, chance.one_in(8) ? chance.below(0x10000) : 84);
  put_noise(bytes, chance, 2);
  put16(bytes, chance.one_in(4) ? chance.below(0x10000) : 0);  // a fragment, or none
  bytes.push_back(64);
  bytes.push_back(protocol);
  put_noise(bytes, chance, 10);
  if (words > 5) put_noise(bytes, chance, (words - 5) * 4);
  put_upper(bytes, chance, protocol, depth);
}

void put_ipv6(Bytes& bytes, Chance& chance, int depth) {
  constexpr std::array<std::uint8_t, 7> extensions{0, 43, 44, 60, 51, 135, 139};
  constexpr std::array<std::uint8_t, 10> protocols{58, 58, 58, 6, 17, 50, 47, 4, 41, 59};
  std::vector<std::uint8_t> chain;
  if (chance.one_in(3)) {
    const std::uint32_t count = chance.one_in(8) ? 20 : chance.below(4);
    for (std::uint32_t i = 0; i < count; ++i) chain.push_back(chance.one_of(extensions));
  }
  chain.push_back(chance.one_of(protocols));
  bytes.push_back(0x60);
  put_noise(bytes, chance, 3);
  put16(bytes, 64);
  bytes.push_back(chain.front());
  bytes.push_back(chance.one_in(2) ? 255 : 64);
  put_noise(bytes, chance, 32);
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    const std::size_t units = chance.one_in(6) ? chance.byte() : chance.below(3);
    bytes.push_back(chain[i + 1]);
    bytes.push_back(static_cast<std::uint8_t>(units));
    put_noise(bytes, chance, 6 + (chance.one_in(6) ? chance.below(64) : units * 8));
  }
  put_upper(bytes, chance, chain.back(), depth);
}

}  // namespace

std::vector<std::uint8_t> random_wire_frame(Chance& chance, const std::vector<MacAddress>& addresses) {
  Bytes frame;
  if (chance.one_in(16)) {
    put_noise(frame, chance, chance.below(120));
    return frame;
  }
  for (int end = 0; end < 2; ++end) {
    const MacAddress& address = addresses[chance.below(static_cast<std::uint32_t>(addresses.size()))];
    frame.insert(frame.end(), address.octets.begin(), address.octets.end());
  }
  std::uint32_t tags = chance.one_in(2) ? 0 : chance.below(3);
  if (chance.one_in(50)) tags = 9;
  for (std::uint32_t i = 0; i < tags; ++i) {
    put16(frame, chance.one_in(3) ? 0x88a8 : 0x8100);
    put16(frame, chance.below(0x10000));
  }
  const std::uint32_t kind = chance.below(10);
  if (kind < 4) {
    put16(frame, 0x0800);
    put_ipv4(frame, chance, 0);
  } else if (kind < 7) {
    put16(frame, 0x86dd);
    put_ipv6(frame, chance, 0);
  } else {
    put16(frame, chance.one_of(std::array<std::uint16_t, 6>{0x0806, 0x0806, 0x8809, 0x8809, 0x88b5, 0x0040}));
    put_noise(frame, chance, 28 + chance.below(100));
  }
  return frame;
}

}  // namespace bondbox::test

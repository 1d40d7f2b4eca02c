#include "tests/support/na_frames.hpp"

#include <cstddef>

namespace bondbox::test {
namespace {

constexpr std::size_t ip_size = 40;
constexpr std::size_t na_size = 24;

/// The one's complement sum over pseudo-header and message; 0xffff when the checksum in it is right.
std::uint32_t sum_of(const std::vector<std::uint8_t>& frame, std::size_t ip) {
  const std::size_t length = frame.size() - ip - ip_size;
  std::uint32_t sum = static_cast<std::uint32_t>(length) + 58;
  for (std::size_t i = ip + 8; i + 1 < frame.size(); i += 2)
    sum += static_cast<std::uint32_t>(frame[i] << 8 | frame[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

}  // namespace

std::vector<std::uint8_t> write_na(const NaFrame& na) {
  std::vector<std::uint8_t> frame;
  const auto put = [&frame](const auto& bytes) { frame.insert(frame.end(), bytes.begin(), bytes.end()); };
  const auto put16 = [&frame](unsigned value) {
    frame.push_back(static_cast<std::uint8_t>(value >> 8));
    frame.push_back(static_cast<std::uint8_t>(value & 0xff));
  };
  put(na.to_mac.octets);
  put(na.from_mac.octets);
  if (na.vlan.tagged()) put16(0x8100), put16(na.vlan.value);
  put16(0x86dd);
  const std::size_t ip = frame.size();
  put16(0x6000), put16(0), put16(na.link ? na_size + 8 : na_size), put16(58 << 8 | 255);
  put(na.from.octets);
  put(na.to.octets);
  put16(136 << 8), put16(0), put16(na.flags * 256U), put16(0);
  put(na.target.octets);
  if (na.link) {
    put16(0x0201);
    put(na.link->octets);
  }
  const std::uint32_t sum = ~sum_of(frame, ip);
  frame[ip + ip_size + 2] = static_cast<std::uint8_t>(sum >> 8 & 0xff);
  frame[ip + ip_size + 3] = static_cast<std::uint8_t>(sum & 0xff);
  return frame;
}

std::optional<NaFrame> read_na(std::vector<std::uint8_t> frame) {
  if (frame.size() < 18) return std::nullopt;
  NaFrame na;
  na.to_mac = MacAddress::load(frame.data());
  na.from_mac = MacAddress::load(frame.data() + 6);
  std::size_t ip = 14;
  if (frame[12] == 0x81 && frame[13] == 0) {
    na.vlan = {static_cast<std::uint16_t>((frame[14] & 15) << 8 | frame[15])};
    ip = 18;
  }
  if (frame.size() < ip + ip_size + na_size || frame[ip - 2] != 0x86 || frame[ip - 1] != 0xdd) return std::nullopt;
  if (frame[ip + 6] != 58 || frame[ip + ip_size] != 136) return std::nullopt;
  const auto address = [&](std::size_t at) { return IpAddress::from_bytes(wire::Bytes(frame).subspan(at, 16)); };
  na.from = address(ip + 8);
  na.to = address(ip + 24);
  const std::size_t message = ip + ip_size;
  na.flags = frame[message + 4];
  na.target = address(message + 8);
  if (frame.size() >= message + na_size + 8 && frame[message + na_size] == 2)
    na.link = MacAddress::load(frame.data() + message + na_size + 2);
  na.checksum_right = sum_of(frame, ip) == 0xffff;
  return na;
}

}  // namespace bondbox::test

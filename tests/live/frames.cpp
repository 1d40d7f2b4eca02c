#include "tests/live/frames.hpp"

#include <algorithm>
#include <cstdio>
#include <random>

namespace bondbox::live {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::array<std::uint8_t, 4> marker{0xb0, 0x4d, 0xb0, 0x42};
constexpr MacAddress stranger{{0x02, 0, 0, 0, 0x0e, 0x77}};

void put16(Bytes& bytes, unsigned value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

void put32(Bytes& bytes, std::uint32_t value) {
  put16(bytes, value >> 16);
  put16(bytes, value & 0xffff);
}

void put(Bytes& bytes, const MacAddress& mac) {
  bytes.insert(bytes.end(), mac.octets.begin(), mac.octets.end());
}

Bytes ethernet(MacAddress to, MacAddress from, unsigned ethertype) {
  Bytes bytes;
  put(bytes, to);
  put(bytes, from);
  put16(bytes, ethertype);
  return bytes;
}

/// Padded to 60 bytes at least, with the number behind.
Bytes finish(Bytes bytes, int number) {
  bytes.resize(std::max<std::size_t>(bytes.size(), 60), 0);
  bytes.insert(bytes.end(), marker.begin(), marker.end());
  put32(bytes, static_cast<std::uint32_t>(number));
  return bytes;
}

void append_ipv4(Bytes& bytes, std::uint8_t protocol, std::uint32_t from, std::uint32_t to, unsigned fragment = 0) {
  const std::size_t begin = bytes.size();
  put16(bytes, 0x4500);
  put16(bytes, 54);  // 20 + 34 bytes: what finish() fills up to, plus the number
  put16(bytes, 7);
  put16(bytes, fragment);
  bytes.push_back(64);
  bytes.push_back(protocol);
  put16(bytes, 0);
  put32(bytes, from);
  put32(bytes, to);
  std::uint32_t sum = 0;
  for (std::size_t i = begin; i < bytes.size(); i += 2) sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  bytes[begin + 10] = static_cast<std::uint8_t>(~sum >> 8);
  bytes[begin + 11] = static_cast<std::uint8_t>(~sum);
}

void append_ipv6(Bytes& bytes, std::uint8_t next, std::uint32_t from, std::uint32_t to) {
  put32(bytes, 0x60000000);
  put16(bytes, 34);
  bytes.push_back(next);
  bytes.push_back(64);
  for (const std::uint32_t last : {from, to}) {
    put32(bytes, 0xfd770000);
    put32(bytes, 0);
    put32(bytes, 0);
    put32(bytes, last);
  }
}

void append_ports(Bytes& bytes, unsigned from, unsigned to) {
  put16(bytes, from);
  put16(bytes, to);
  put16(bytes, 34);
  put16(bytes, 0);
}

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  unsigned below(unsigned bound) { return static_cast<unsigned>(engine_() % bound); }

 private:
  std::mt19937 engine_;
};

constexpr std::uint32_t bond_ip = 0x0a4d0001;

TestFrame make_sent(const std::string& kind, Dice& dice, MacAddress source, int number) {
  const MacAddress to{{0x02, 0, 0, 0, 0x0e, static_cast<std::uint8_t>(dice.below(64))}};
  const std::uint32_t from_ip = bond_ip;
  const std::uint32_t to_ip = 0x0a4d0064 + (dice.below(8) << 16) + dice.below(64);
  const unsigned ports[] = {1024 + dice.below(5000), 1 + dice.below(1000)};
  const bool only_flows = kind == "flows";
  const unsigned which = kind == "igmp" ? 100 : dice.below(only_flows ? 6 : 14);
  const auto done = [&](const char* name, Bytes bytes) { return TestFrame{name, finish(std::move(bytes), number)}; };
  Bytes frame;
  if (which <= 5) {
    frame = ethernet(to, source, 0x0800);
    append_ipv4(frame, which < 3 ? 17 : 6, from_ip, to_ip);
    append_ports(frame, ports[0], ports[1]);
    return done(which < 3 ? "udp" : "tcp", frame);
  }
  switch (which) {
    case 6:
      frame = ethernet(to, source, 0x0800);
      append_ipv4(frame, 1, from_ip, to_ip);
      put32(frame, 0x08000000);
      put32(frame, dice.below(0xffff) << 16 | 1);
      return done("echo", frame);
    case 7:
    case 8:
      frame = ethernet(to, source, 0x86dd);
      append_ipv6(frame, 17, 1, 100 + dice.below(1000));
      append_ports(frame, ports[0], ports[1]);
      return done("udp6", frame);
    case 9:
      frame = ethernet(broadcast_mac, source, 0x0800);
      append_ipv4(frame, 17, from_ip, 0x0a4d00ff);
      append_ports(frame, ports[0], ports[1]);
      return done("broadcast", frame);
    case 10:
      frame = ethernet({{0x01, 0, 0x5e, 1, 2, static_cast<std::uint8_t>(dice.below(64))}}, source, 0x0800);
      append_ipv4(frame, 17, from_ip, 0xef010200 + dice.below(64));
      append_ports(frame, ports[0], ports[1]);
      return done("multicast", frame);
    case 11:
      return done("other", ethernet(to, source, 0x88b5));
    case 12:
      frame = ethernet(to, source, 0x0800);
      append_ipv4(frame, 17, from_ip, to_ip, 0x2000 | dice.below(100));
      append_ports(frame, ports[0], ports[1]);
      return done("fragment", frame);
    case 13:
      frame = ethernet(to, source, 0x8100);
      put16(frame, 5);
      put16(frame, 0x0800);
      append_ipv4(frame, 17, from_ip, to_ip);
      append_ports(frame, ports[0], ports[1]);
      return done("tagged", frame);
    default:
      frame = ethernet({{0x01, 0, 0x5e, 1, 2, 3}}, source, 0x0800);
      append_ipv4(frame, 2, from_ip, 0xef010203);
      put32(frame, 0x16000000);
      put32(frame, 0xef010203);
      return done("igmp", frame);
  }
}

std::string ip_text(const std::uint8_t* at) {
  char text[16];
  std::snprintf(text, sizeof text, "%u.%u.%u.%u", at[0], at[1], at[2], at[3]);
  return text;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    text += two;
  }
  return text;
}

std::string describe_lacp(std::span<const std::uint8_t> frame) {
  // Actor and partner as they stand (IEEE 802.1AX 6.4.2.3): system priority, system, key, port priority, port.
  // The states stand in the status text, which is looked at when they have come to rest.
  const auto side = [&](std::size_t at) {
    return hex(frame.subspan(at, 2)) + "." + hex(frame.subspan(at + 2, 6)) + "." + hex(frame.subspan(at + 8, 2)) + "." +
           hex(frame.subspan(at + 10, 2)) + "." + hex(frame.subspan(at + 12, 2));
  };
  return "lacp actor " + side(18) + " partner " + side(38);
}

}  // namespace

std::vector<TestFrame> make_sent_frames(const std::string& kind, int count, std::uint32_t seed, MacAddress source) {
  Dice dice(seed);
  std::vector<TestFrame> frames;
  for (int i = 0; i < count; ++i) {
    if (kind == "one") {
      Dice same(seed);
      frames.push_back(make_sent("flows", same, source, i));
    } else {
      frames.push_back(make_sent(kind, dice, source, i));
    }
  }
  return frames;
}

std::vector<TestFrame> make_received_frames(std::uint32_t seed, MacAddress bond, MacAddress port) {
  Dice dice(seed);
  const MacAddress from{{0x02, 0, 0, 0, 0x0d, static_cast<std::uint8_t>(dice.below(64))}};
  struct Class {
    const char* name;
    MacAddress to;
    bool tagged;
  };
  const Class classes[] = {
      {"to-bond", bond, false},
      {"to-port", port, false},
      {"to-stranger", stranger, false},
      {"broadcast", broadcast_mac, false},
      {"multicast", {{0x01, 0, 0x5e, 1, 2, 3}}, false},
      {"multicast6", {{0x33, 0x33, 0, 0, 0, 1}}, false},
      {"lldp", {{0x01, 0x80, 0xc2, 0, 0, 0x0e}}, false},
      {"tagged-broadcast", broadcast_mac, true},
      {"tagged-to-bond", bond, true},
  };
  std::vector<TestFrame> frames;
  for (const Class& one : classes) {
    Bytes bytes = ethernet(one.to, from, one.tagged ? 0x8100 : 0x88b5);
    if (one.tagged) {
      put16(bytes, 5);
      put16(bytes, 0x88b5);
    }
    frames.push_back({one.name, finish(std::move(bytes), static_cast<int>(frames.size()))});
  }
  return frames;
}

std::vector<std::uint8_t> make_question(int client) {
  const MacAddress from{{0x02, 0, 0, 0, 0x0c, static_cast<std::uint8_t>(client)}};
  Bytes frame = ethernet(broadcast_mac, from, 0x0806);
  put32(frame, 0x00010800);
  put16(frame, 0x0604);
  put16(frame, 1);
  put(frame, from);
  put32(frame, 0x0a4d0064 + static_cast<std::uint32_t>(client));
  put(frame, MacAddress{});
  put32(frame, bond_ip);
  frame.resize(60, 0);
  return frame;
}

std::optional<int> number_of(std::span<const std::uint8_t> frame) {
  if (frame.size() < 68) return std::nullopt;
  const auto tail = frame.last(8);
  if (!std::equal(marker.begin(), marker.end(), tail.begin())) return std::nullopt;
  return tail[4] << 24 | tail[5] << 16 | tail[6] << 8 | tail[7];
}

std::string describe(std::span<const std::uint8_t> frame) {
  if (frame.size() < 14) return "runt";
  const std::string ends =
      " from " + MacAddress::load(&frame[6]).text() + " to " + MacAddress::load(frame.data()).text();
  const unsigned ethertype = static_cast<unsigned>(frame[12] << 8 | frame[13]);
  if (ethertype == 0x8100 && frame.size() >= 18) {
    Bytes inner(frame.begin(), frame.end());
    inner.erase(inner.begin() + 12, inner.begin() + 16);
    return "vlan " + std::to_string((frame[14] & 0x0f) << 8 | frame[15]) + " " + describe(inner);
  }
  if (ethertype == 0x0806 && frame.size() >= 42) {
    const std::string what = frame[21] == 1 ? "arp-request " : "arp-reply ";
    return what + ip_text(&frame[28]) + ">" + ip_text(&frame[38]) + ends + " sender " +
           MacAddress::load(&frame[22]).text() + " target " + MacAddress::load(&frame[32]).text();
  }
  if (ethertype == 0x9000) return "learning" + ends + " bytes " + std::to_string(frame.size());
  if (ethertype == 0x8809 && frame.size() >= 60 && frame[14] == 1) return describe_lacp(frame);
  if (ethertype == 0x0800 && frame.size() >= 34 && frame[23] == 2) return "igmp" + ends;
  char text[8];
  std::snprintf(text, sizeof text, "%04x", ethertype);
  return "other " + std::string(text) + ends;
}

}  // namespace bondbox::live

// A host's network stack, as far as a bond meets it: it answers for its addresses, asks for others', believes what it
// is told last, and sends and knows numbered frames.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hal/wire/bytes.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::swarm {

/// Of frames of the kind `tagged`.
inline constexpr VlanId tagged_frames_vlan{7};

enum class FrameKind : std::uint8_t { udp, udp6, tagged, raw, broadcast };
std::optional<FrameKind> frame_kind(std::string_view name);

using Frame = std::vector<std::uint8_t>;

/// What a numbered frame says of itself in its last bytes, with a checksum of its own.
struct FrameNumber {
  std::uint16_t from = 0;
  std::uint16_t to = 0;
  std::uint32_t number = 0;
};
std::optional<FrameNumber> frame_number(wire::Bytes frame);

struct FrameEnds {
  MacAddress source;
  MacAddress destination;
  IpAddress from;
  IpAddress to;
};
Frame numbered_frame(FrameKind kind, const FrameEnds& ends, const FrameNumber& number);

class Stack {
 public:
  IpAddress v4;
  IpAddress v6;
  bool answers = true;
  std::function<MacAddress()> mac;
  std::function<void(wire::Bytes)> send;

  void hear(wire::Bytes frame);
  /// To everybody: who has it?
  void ask(const IpAddress& address);
  /// Here I am.
  void announce();
  std::optional<MacAddress> find(const IpAddress& address) const;

 private:
  void hear_arp(wire::Bytes payload);
  void hear_ipv6(wire::Bytes payload, const MacAddress& source);

  std::map<IpAddress, MacAddress> known_;
};

}  // namespace bondbox::swarm

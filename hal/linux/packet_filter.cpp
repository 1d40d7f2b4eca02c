#include "hal/linux/packet_filter.hpp"

#include <linux/if_packet.h>

#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"
#include "hal/wire/nd.hpp"
#include "hal/wire/slow_protocols.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::uint32_t type_at = 12;
constexpr std::uint32_t subtype_at = 14;
constexpr std::uint32_t next_header_at = 14 + 6;
constexpr std::uint32_t icmpv6_type_at = 14 + 40;
constexpr std::uint32_t all_bytes = 0xffffffff;

}  // namespace

PacketFilter packet_filter(Hears hears, bool promiscuous) noexcept {
  const std::uint32_t data = hears == Hears::data ? all_bytes : 0;
  const std::uint32_t slow = hears == Hears::data ? 0 : all_bytes;
  // A marker asks whether what was sent before it has arrived, so it stands in line with data.
  const std::uint32_t marker = hears == Hears::control ? 0 : all_bytes;
  const std::uint32_t neighbour = hears == Hears::control ? all_bytes : 0;
  // The kernel has compared the destination with the interface's address of that moment. PACKET_OUTGOING is 4,
  // PACKET_OTHERHOST 3.
  const std::uint32_t refused_from = promiscuous ? PACKET_OUTGOING : PACKET_OTHERHOST;
  // Jumps count the instructions that are passed over. A load beyond the frame's end refuses it, hence the length.
  return {{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, refused_from, 14, 0),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, type_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::ethertype::slow_protocols, 9, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::ethertype::arp, 16, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::ethertype::ipv6, 0, 9),
      BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, icmpv6_type_at, 0, 7),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, next_header_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::ip_protocol::icmpv6, 0, 5),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, icmpv6_type_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::nd::solicitation, 9, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::nd::advertisement, 8, 2),
      // A tag that the kernel took off: the programs count such a frame as data.
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0),
      BPF_STMT(BPF_RET | BPF_K, data),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, subtype_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::slow_subtype::marker, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, slow),
      BPF_STMT(BPF_RET | BPF_K, marker),
      BPF_STMT(BPF_RET | BPF_K, neighbour),
  }};
}

bool goes_ahead(wire::Bytes frame) noexcept {
  if (frame.size() < wire::ethernet_header_size) return false;
  const std::uint16_t type = wire::load_be16(frame.data() + type_at);
  return type == wire::ethertype::slow_protocols || type == wire::ethertype::arp;
}

}  // namespace bondbox::lnx

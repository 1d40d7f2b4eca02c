#include "hal/linux/packet_filter.hpp"

#include <linux/if_packet.h>

#include <initializer_list>

#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"
#include "hal/wire/nd.hpp"
#include "hal/wire/slow_protocols.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::uint32_t type_at = 12;
constexpr std::uint32_t next_header_at = 14 + 6;
constexpr std::uint32_t icmpv6_type_at = 14 + 40;
constexpr std::uint32_t lacpdu_size = 14 + wire::slow_pdu_size;
constexpr std::uint32_t actor_system_at = 14 + 6;
constexpr std::uint32_t all_bytes = 0xffffffff;

}  // namespace

PacketFilter packet_filter(Hears hears, bool promiscuous, const MacAddress& own_system) noexcept {
  const auto heard_by = [hears](std::initializer_list<Hears> those) {
    for (const Hears one : those)
      if (one == hears) return all_bytes;
    return std::uint32_t{0};
  };
  const std::uint32_t data = heard_by({Hears::data});
  // A marker asks whether what was sent before it has arrived, so it stands in line with data.
  const std::uint32_t other_slow = heard_by({Hears::data, Hears::other_slow});
  const std::uint32_t lacpdu = heard_by({Hears::lacpdus});
  const std::uint32_t neighbour = heard_by({Hears::neighbours});
  // The kernel has compared the destination with the interface's address of that moment. PACKET_OUTGOING is 4,
  // PACKET_OTHERHOST 3.
  const std::uint32_t refused_from = promiscuous ? PACKET_OUTGOING : PACKET_OTHERHOST;
  const auto& own = own_system.octets;
  // Jumps count the instructions that are passed over. A load beyond the frame's end refuses it, hence the length.
  // What an LACPDU must be is what wire::LacpduView and the policy ask for: all else is counted as illegal or unknown,
  // which need not be in time.
  return {{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, refused_from, 12, 0),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, type_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::ethertype::slow_protocols, 12, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::ethertype::arp, 10, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::ethertype::ipv6, 0, 7),
      BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, icmpv6_type_at, 0, 5),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, next_header_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::ip_protocol::icmpv6, 0, 3),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, icmpv6_type_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::nd::solicitation, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::nd::advertisement, 2, 0),
      BPF_STMT(BPF_RET | BPF_K, data),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, neighbour),
      // A tag that the kernel took off: the programs count such a frame as data.
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, data),
      BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, lacpdu_size, 0, 15),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::load_be32(wire::slow_protocols_mac.octets.data()), 0, 13),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::load_be16(wire::slow_protocols_mac.octets.data() + 4), 0, 11),
      // Subtype and version, which is never 0; then kinds and lengths of the Actor and the Partner TLV.
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 14),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (wire::slow_subtype::lacp << 8) + 1, 0, 9),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (wire::slow_subtype::lacp << 8) + 0xff, 8, 0),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 14 + 2),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1 << 8 | 20, 0, 6),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 14 + 22),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2 << 8 | 20, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, actor_system_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::load_be32(own.data()), 0, 3),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, actor_system_at + 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::load_be16(own.data() + 4), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, other_slow),
      BPF_STMT(BPF_RET | BPF_K, lacpdu),
  }};
}

std::optional<MacAddress> actor_of(wire::Bytes frame) noexcept {
  if (frame.size() < lacpdu_size || wire::load_be16(frame.data() + type_at) != wire::ethertype::slow_protocols)
    return std::nullopt;
  const auto pdu = wire::LacpduView::parse(frame.subspan(wire::ethernet_header_size));
  return pdu ? std::optional(pdu->actor().system) : std::nullopt;
}

bool goes_ahead(wire::Bytes frame) noexcept {
  if (frame.size() < wire::ethernet_header_size) return false;
  const std::uint16_t type = wire::load_be16(frame.data() + type_at);
  return type == wire::ethertype::slow_protocols || type == wire::ethertype::arp;
}

}  // namespace bondbox::lnx

// IGMP membership reports (RFC 1112, RFC 2236, RFC 3376): how a host says which IPv4 multicast groups it is in.
#pragma once

#include <cstdint>

#include "hal/wire/checksum.hpp"
#include "hal/wire/frame_builder.hpp"
#include "hal/wire/ip.hpp"
#include "hal/wire/ip_address.hpp"

namespace bondbox::wire {

/// 01:00:5e and the low 23 bits of the group (RFC 1112 6.4).
constexpr MacAddress group_mac(const IpAddress& group) noexcept {
  return {{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(group.octets[1] & 0x7f), group.octets[2], group.octets[3]}};
}

/// A report of one group: version 1 or 2 to the group itself, version 3 to 224.0.0.22 (the current state "exclude
/// nobody", RFC 3376 4.2.12: the kernel driver's joins after a failover are such, observed). TTL 1 and the router alert
/// option as RFC 2236 section 2 asks for. Empty when an address is not IPv4.
constexpr SmallFrame build_igmp_report(const MacAddress& sender, const IpAddress& source, const IpAddress& group,
                                       std::uint8_t version, VlanId vlan) noexcept {
  if (!source.is_v4() || !group.is_v4()) return {};
  IpAddress destination = group;
  if (version >= 3) destination.octets = {224, 0, 0, 22};

  FrameBuilder report;
  if (version >= 3) {
    report.put8(0x22).put8(0).put16(0).put16(0).put16(1);  // one group record
    report.put8(2).put8(0).put16(0).put(group.bytes());    // MODE_IS_EXCLUDE, no sources
  } else {
    report.put8(version == 2 ? 0x16 : 0x12).put8(0).put16(0).put(group.bytes());
  }
  report.patch16(2, internet_checksum(report.bytes()));

  constexpr std::size_t header_size = 24;
  FrameBuilder header;
  header.put8(0x46).put8(0xc0).put16(static_cast<std::uint16_t>(header_size + report.size()));
  header.put16(0).put16(0x4000).put8(1).put8(ip_protocol::igmp).put16(0);
  header.put(source.bytes()).put(destination.bytes()).put8(0x94).put8(4).put16(0);
  header.patch16(10, internet_checksum(header.bytes()));

  FrameBuilder frame;
  frame.put_header(group_mac(destination), sender, vlan, ethertype::ipv4).put(header.bytes()).put(report.bytes());
  return frame.frame();
}

}  // namespace bondbox::wire

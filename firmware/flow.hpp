// A flow as a person tells of it, "10.0.0.1:80-10.0.0.9:5000/tcp", and frames that are of it. What is not told may be
// anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hal/wire/ids.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox {

struct Flow {
  IpAddress from;
  IpAddress to;
  std::uint8_t protocol = 0;
  std::optional<std::uint16_t> from_port;  ///< of protocols that have ports (TCP, UDP)
  std::optional<std::uint16_t> to_port;
  std::optional<MacAddress> from_mac;
  std::optional<MacAddress> to_mac;  ///< of a multicast address it is known
  VlanId vlan;
};

/// FROM-TO/PROTOCOL: an address is as 10.0.0.1, 10.0.0.1:80, 2001:db8::1 or [2001:db8::1]:80; the protocol tcp, udp,
/// icmp or a number. nullopt: `wrong` says what is expected.
std::optional<Flow> parse_flow(std::string_view text, std::string& wrong);

/// The words "--flow FLOW [--from-mac MAC] [--to-mac MAC] [--vlan N]", in any order.
std::optional<Flow> parse_flow_words(const std::vector<std::string>& words, std::string& wrong);
/// Whether a word is one of those.
bool is_flow_flag(std::string_view word);

/// What of a flow may be unknown.
enum class Unknown : std::uint8_t { from_mac, to_mac, ports };
inline constexpr Unknown all_unknowns[] = {Unknown::from_mac, Unknown::to_mac, Unknown::ports};
bool is_unknown(const Flow& flow, Unknown what);
/// "its destination's MAC address (--to-mac)"
std::string_view unknown_text(Unknown what);

/// A frame of the flow, tagged where it is on a VLAN. With another `guess` what is in `guessed`, and is not known,
/// differs; guess 0 is the same for all.
std::vector<std::uint8_t> flow_frame(const Flow& flow, Unknown guessed, std::uint32_t guess);

}  // namespace bondbox

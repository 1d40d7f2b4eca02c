// The frames that scenarios send, each with a number of its own in its last bytes, and words for those that neither
// side was asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hal/wire/mac_address.hpp"

namespace bondbox::live {

struct TestFrame {
  std::string kind;
  std::vector<std::uint8_t> bytes;
};

/// Frames as a host sends them, a mixture of flows: the same for the same words.
/// `kind`: mix, flows (UDP and TCP over IPv4 only), one (the same frame each time), igmp.
std::vector<TestFrame> make_sent_frames(const std::string& kind, int count, std::uint32_t seed, MacAddress source);

/// One frame of each class that a port tells apart: unicast to the bond, to the port's own address and to a stranger,
/// broadcast, multicast, link-local, with a VLAN tag.
std::vector<TestFrame> make_received_frames(std::uint32_t seed, MacAddress bond, MacAddress port);

/// Who has `bond0's address`? From the client with this number.
std::vector<std::uint8_t> make_question(int client);

/// The number that make_*_frames gave the frame.
std::optional<int> number_of(std::span<const std::uint8_t> frame);

/// "arp-request 10.77.0.1>10.77.0.1 from 02:... to ff:... sender 02:..." and the like.
std::string describe(std::span<const std::uint8_t> frame);

}  // namespace bondbox::live

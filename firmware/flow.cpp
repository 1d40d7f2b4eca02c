#include "firmware/flow.hpp"

#include <charconv>

#include "hal/wire/ethernet.hpp"
#include "hal/wire/frame_builder.hpp"
#include "hal/wire/ip.hpp"

namespace bondbox {
namespace {

constexpr const char* form = "a flow is FROM-TO/PROTOCOL, as 10.0.0.1:80-10.0.0.9:5000/tcp or [2001:db8::1]:80-...";
constexpr std::uint8_t tcp = 6;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct End {
  IpAddress address;
  std::optional<std::uint16_t> port;
};

std::optional<End> parse_end(std::string_view text) {
  End end;
  std::string_view address = text;
  std::optional<std::string_view> port;
  if (text.starts_with("[")) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    address = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest[0] != ':') return std::nullopt;
    if (!rest.empty()) port = rest.substr(1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos && colon == text.rfind(':')) {
    address = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  const auto parsed = IpAddress::parse(address);
  if (!parsed) return std::nullopt;
  end.address = *parsed;
  if (port && !(end.port = parse_number<std::uint16_t>(*port))) return std::nullopt;
  return end;
}

std::optional<std::uint8_t> parse_protocol(std::string_view name, bool v4) {
  if (name == "tcp") return tcp;
  if (name == "udp") return wire::ip_protocol::udp;
  if (name == "icmp" || name == "icmpv6") return v4 ? std::uint8_t{1} : wire::ip_protocol::icmpv6;
  return parse_number<std::uint8_t>(name);
}

bool has_ports(std::uint8_t protocol) {
  return protocol == tcp || protocol == wire::ip_protocol::udp;
}

/// RFC 1112 6.4 and RFC 2464 7; of a broadcast its own; none for a station.
std::optional<MacAddress> mac_of_group(const IpAddress& to) {
  const auto bytes = to.bytes();
  if (!to.is_v4() && bytes[0] == 0xff) return MacAddress{{0x33, 0x33, bytes[12], bytes[13], bytes[14], bytes[15]}};
  if (!to.is_v4()) return std::nullopt;
  if ((bytes[0] & 0xf0) == 0xe0)
    return MacAddress{{0x01, 0, 0x5e, static_cast<std::uint8_t>(bytes[1] & 0x7f), bytes[2], bytes[3]}};
  if (bytes[0] == 255) return broadcast_mac;
  return std::nullopt;
}

/// Bits that look like any others, the same each time.
std::uint64_t any_bits(std::uint32_t guess, std::uint32_t of) {
  std::uint64_t bits = (std::uint64_t{guess} << 8 | of) * 0x9e37'79b9'7f4a'7c15;
  bits = (bits ^ bits >> 30) * 0xbf58'476d'1ce4'e5b9;
  bits = (bits ^ bits >> 27) * 0x94d0'49bb'1331'11eb;
  return bits ^ bits >> 31;
}

MacAddress any_mac(std::uint32_t guess, std::uint32_t of) {
  const std::uint64_t bits = any_bits(guess, of);
  MacAddress mac{{0x02, 0, 0, 0, 0, 0}};
  for (std::size_t i = 1; i < mac.octets.size(); ++i) mac.octets[i] = static_cast<std::uint8_t>(bits >> (8 * i));
  return mac;
}

}  // namespace

std::optional<Flow> parse_flow(std::string_view text, std::string& wrong) {
  wrong = std::string(form) + ", not \"" + std::string(text) + "\"";
  const std::size_t slash = text.rfind('/');
  const std::size_t dash = text.find('-');
  if (slash == std::string_view::npos || dash == std::string_view::npos || dash > slash) return std::nullopt;
  const auto from = parse_end(text.substr(0, dash));
  const auto to = parse_end(text.substr(dash + 1, slash - dash - 1));
  if (!from || !to || from->address.family != to->address.family) return std::nullopt;
  Flow flow;
  flow.from = from->address;
  flow.to = to->address;
  flow.from_port = from->port;
  flow.to_port = to->port;
  const auto protocol = parse_protocol(text.substr(slash + 1), flow.from.is_v4());
  if (!protocol) return std::nullopt;
  flow.protocol = *protocol;
  if (!has_ports(flow.protocol) && (flow.from_port || flow.to_port)) {
    wrong = "only tcp and udp have ports, not \"" + std::string(text) + "\"";
    return std::nullopt;
  }
  flow.to_mac = mac_of_group(flow.to);
  return flow;
}

bool is_flow_flag(std::string_view word) {
  return word == "--flow" || word == "--from-mac" || word == "--to-mac" || word == "--vlan";
}

std::optional<Flow> parse_flow_words(const std::vector<std::string>& words, std::string& wrong) {
  std::optional<Flow> flow;
  for (std::size_t i = 0; i + 1 < words.size(); i += 2)
    if (words[i] == "--flow" && !(flow = parse_flow(words[i + 1], wrong))) return std::nullopt;
  if (!flow || words.size() % 2 != 0) return wrong = "which needs --flow FLOW", std::nullopt;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string& flag = words[i];
    const std::string& value = words[i + 1];
    if (flag == "--vlan") {
      const auto number = parse_number<std::uint16_t>(value);
      if (!number || *number == 0 || *number > 4'094)
        return wrong = "--vlan takes a number from 1 to 4094, not \"" + value + "\"", std::nullopt;
      flow->vlan = VlanId{*number};
    } else if (flag == "--from-mac" || flag == "--to-mac") {
      const auto mac = MacAddress::parse(value);
      if (!mac) return wrong = flag + " takes a MAC address, not \"" + value + "\"", std::nullopt;
      (flag == "--to-mac" ? flow->to_mac : flow->from_mac) = *mac;
    } else if (flag != "--flow") {
      return wrong = "unexpected \"" + flag + "\"", std::nullopt;
    }
  }
  return flow;
}

bool is_unknown(const Flow& flow, Unknown what) {
  switch (what) {
    case Unknown::from_mac:
      return !flow.from_mac;
    case Unknown::to_mac:
      return !flow.to_mac;
    case Unknown::ports:
      return has_ports(flow.protocol) && (!flow.from_port || !flow.to_port);
  }
  return false;
}

std::string_view unknown_text(Unknown what) {
  switch (what) {
    case Unknown::from_mac:
      return "its source's MAC address (--from-mac)";
    case Unknown::to_mac:
      return "its destination's MAC address (--to-mac)";
    case Unknown::ports:
      return "its ports (ADDRESS:PORT)";
  }
  return {};
}

std::vector<std::uint8_t> flow_frame(const Flow& flow, Unknown guessed, std::uint32_t guess) {
  const auto seed = [&](Unknown what) { return what == guessed ? guess : 0; };
  const MacAddress from = flow.from_mac.value_or(any_mac(seed(Unknown::from_mac), 1));
  const MacAddress to = flow.to_mac.value_or(any_mac(seed(Unknown::to_mac), 2));
  const std::uint64_t ports = any_bits(seed(Unknown::ports), 3);
  const bool v4 = flow.from.is_v4();
  constexpr std::uint16_t payload = 20;  // room for a TCP header
  wire::FrameBuilder builder;
  builder.put_header(to, from, flow.vlan, v4 ? wire::ethertype::ipv4 : wire::ethertype::ipv6);
  if (v4) {
    builder.put32(0x45000000U | (20 + payload)).put32(0).put8(64).put8(flow.protocol).put16(0);
  } else {
    builder.put32(0x60000000).put16(payload).put8(flow.protocol).put8(64);
  }
  builder.put(flow.from.bytes()).put(flow.to.bytes());
  if (has_ports(flow.protocol)) {
    builder.put16(flow.from_port.value_or(static_cast<std::uint16_t>(ports & 0xffff)));
    builder.put16(flow.to_port.value_or(static_cast<std::uint16_t>(ports >> 16 & 0xffff)));
  } else {
    builder.put32(0);
  }
  for (int i = 0; i < 4; ++i) builder.put32(0);
  const wire::SmallFrame& frame = builder.frame();
  return {frame.begin(), frame.end()};
}

}  // namespace bondbox

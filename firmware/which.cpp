#include "firmware/which.hpp"

#include <charconv>

#include "firmware/forwarder.hpp"
#include "firmware/option_table.hpp"
#include "firmware/text.hpp"
#include "hal/wire/ethernet.hpp"
#include "policies/choice.hpp"

namespace bondbox {
namespace {

std::string punt_why(Punt punt) {
  return punt == punt_arp_sent ? "ARP: the mode sends it itself" : "neighbour advertisement: the mode sends it itself";
}

std::string hash_why(const TransmitRule& rule, std::uint32_t hash, wire::Bytes frame) {
  const char* const policy = option_value_name("xmit_hash_policy", static_cast<std::int64_t>(rule.hash_policy));
  const bool tagged = wire::is_vlan_tpid(wire::load_be16(frame.data() + 12));
  return format("hash %s 0x%x %% %zu%s", policy, hash, rule.usable.size(), tagged ? ", VLAN tag taken off" : "");
}

std::string why(const Choice& choice, const ForwardingPlan& plan, wire::Bytes frame) {
  const unsigned bucket = choice.bucket.value_or(0);
  switch (choice.reason) {
    case ChoiceReason::nowhere:
      return "no port is usable";
    case ChoiceReason::single:
      return "the active port";
    case ChoiceReason::turn:
      return "its turn";
    case ChoiceReason::random:
      return format("one of %zu ports, by chance", plan.transmit.usable.size());
    case ChoiceReason::hash:
      return hash_why(plan.transmit, choice.hash, frame);
    case ChoiceReason::bucket:
      return format("bucket %u", bucket);
    case ChoiceReason::unassigned:
      return format("bucket %u has no port yet", bucket);
    case ChoiceReason::bucketless:
      return "not balanced: the active port";
    case ChoiceReason::igmp:
      return "IGMP leaves on the active port";
    case ChoiceReason::copies:
      return "a copy on every port";
    case ChoiceReason::neighbour:
      return "ARP or neighbour discovery: a copy on every port";
    case ChoiceReason::queue:
      return "the port of its queue";
  }
  return "unknown";
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// -1: not a hex digit.
int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

WhichPlan WhichPlan::of(const BondStatus& bond) {
  WhichPlan at{bond.plan, {}, bond.turns};
  for (const PortStatus& port : bond.ports) at.ports.push_back({port.id, port.name});
  return at;
}

/// In the order of Forwarder::host_to_ports.
WhichAnswer which_port(wire::Bytes frame, WhichPlan& at) {
  const ForwardingPlan& plan = at.plan;
  if (frame.size() < wire::ethernet_header_size) return {{}, "too short for a frame"};
  if (const Punt punted = static_cast<Punt>(punt_class(frame, true) & plan.punt); punted != punt_nothing) {
    return {{}, punt_why(punted)};
  }
  const Choice choice = choose_port(plan, frame, at.turns + 1, 0);
  WhichAnswer answer{{}, why(choice, plan, frame)};
  if (choice.reason == ChoiceReason::turn) ++at.turns;
  if (choice.reason == ChoiceReason::copies || choice.reason == ChoiceReason::neighbour) {
    answer.ports = plan.transmit.usable;
  } else if (choice.port && choice.reason != ChoiceReason::random) {
    answer.ports.push_back(*choice.port);
  }
  return answer;
}

std::string which_line(std::uint64_t number, wire::Bytes frame, WhichPlan& at) {
  const WhichAnswer answer = which_port(frame, at);
  std::string indexes;
  std::string names;
  for (const PortId port : answer.ports) {
    for (std::size_t i = 0; i < at.ports.size(); ++i) {
      if (at.ports[i].id != port) continue;
      indexes += (indexes.empty() ? "" : "+") + std::to_string(i);
      if (!at.ports[i].name.empty()) names += (names.empty() ? "" : "+") + at.ports[i].name;
    }
  }
  if (indexes.empty()) indexes = "-";
  if (names.empty()) names = "-";
  return std::to_string(number) + "\t" + indexes + "\t" + names + "\t" + answer.why + "\n";
}

std::optional<std::vector<std::uint8_t>> parse_hex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  while (!text.empty()) {
    if (text.size() < 2 || digit_value(text[0]) < 0 || digit_value(text[1]) < 0) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(digit_value(text[0]) * 16 + digit_value(text[1])));
    text.remove_prefix(2);
    if (text.size() > 1 && (text[0] == ' ' || text[0] == ':')) text.remove_prefix(1);
  }
  if (bytes.empty()) return std::nullopt;
  return bytes;
}

std::string hex_text(wire::Bytes bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::optional<WhichRequest> WhichRequest::parse(std::span<const std::string> words, std::string& wrong) {
  wrong = "which needs the number of the first frame, the turns taken or -, and frames in hex";
  if (words.size() < 3) return std::nullopt;
  WhichRequest request;
  const auto first = parse_number<std::uint64_t>(words[0]);
  if (!first) return std::nullopt;
  request.first = *first;
  if (words[1] != "-") {
    request.turns = parse_number<std::uint32_t>(words[1]);
    if (!request.turns) return std::nullopt;
  }
  for (const std::string& word : words.subspan(2)) {
    // A frame of no bytes is possible in a capture.
    auto frame = word.empty() ? std::vector<std::uint8_t>{} : parse_hex(word);
    if (!frame) return std::nullopt;
    request.frames.push_back(std::move(*frame));
  }
  return request;
}

std::string answer_which(const WhichRequest& request, const BondStatus& bond) {
  WhichPlan at = WhichPlan::of(bond);
  if (request.turns) at.turns = *request.turns;
  std::string lines;
  std::uint64_t number = request.first;
  for (const auto& frame : request.frames) lines += which_line(number++, frame, at);
  return std::to_string(at.turns) + " " + std::to_string(bond.plan_generation) + "\n" + lines;
}

}  // namespace bondbox

#include "firmware/which.hpp"

#include <charconv>
#include <utility>

#include "firmware/forwarder.hpp"
#include "firmware/option_table.hpp"
#include "firmware/text.hpp"
#include "hal/wire/ethernet.hpp"
#include "policies/choice.hpp"

namespace bondbox {
namespace {

/// "eth1", or "port 1" where it has no name.
std::string name_of(PortId id, const WhichPlan& at) {
  for (std::size_t i = 0; i < at.ports.size(); ++i)
    if (at.ports[i].id == id) return at.ports[i].name.empty() ? "port " + std::to_string(i) : at.ports[i].name;
  return "another port";
}

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

/// What there would be without the port. In 802.3ad the ports of another aggregator have to attach first.
WhichPlan::Without& without(WhichPlan& at, PortId port) {
  constexpr Ticks step{100};
  constexpr Ticks at_most{3'000};
  const auto [place, is_new] = at.without.try_emplace(port.index);
  WhichPlan::Without& other = place->second;
  if (!is_new) return other;
  other.foresight = at.foresee(port);
  while (other.foresight->plan().transmit.usable.empty() && other.after < at_most) {
    other.foresight->let_pass(step);
    other.after = other.after + step;
  }
  return other;
}

/// Where a frame goes that would have left on this port.
std::string successor(PortId port, wire::Bytes frame, std::uint32_t number, WhichPlan& at) {
  const WhichPlan::Without& other = without(at, port);
  Choice choice = choose_port(other.foresight->plan(), frame, number, 0);
  if (choice.reason == ChoiceReason::unassigned) {
    other.foresight->want_bucket(*choice.bucket);
    choice = choose_port(other.foresight->plan(), frame, number, 0);
  }
  const std::string dies = "if " + name_of(port, at) + " dies ";
  if (!choice.port) return dies + "nothing takes over";
  const std::string later = other.after.count == 0 ? "" : " after " + duration_text(other.after.count);
  return dies + "it moves to " + name_of(*choice.port, at) + later;
}

bool is_copied(ChoiceReason reason) {
  return reason == ChoiceReason::copies || reason == ChoiceReason::neighbour;
}

std::string line_of(std::uint64_t number, const WhichAnswer& answer, const WhichPlan& at) {
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
  const std::string after = answer.after.empty() ? "" : "; " + answer.after;
  return std::to_string(number) + "\t" + indexes + "\t" + names + "\t" + answer.why + after + "\n";
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
  WhichPlan at;
  at.plan = bond.plan;
  at.turns = bond.turns;
  for (const PortStatus& port : bond.ports) at.ports.push_back({port.id, port.name});
  return at;
}

/// In the order of Forwarder::host_to_ports.
WhichAnswer which_port(wire::Bytes frame, WhichPlan& at) {
  const ForwardingPlan& plan = at.plan;
  if (frame.size() < wire::ethernet_header_size) return {{}, "too short for a frame", {}};
  if (const Punt punted = static_cast<Punt>(punt_class(frame, true) & plan.punt); punted != punt_nothing) {
    return {{}, punt_why(punted), {}};
  }
  const std::uint32_t number = at.turns + 1;
  const Choice choice = choose_port(plan, frame, number, 0);
  WhichAnswer answer{{}, why(choice, plan, frame), {}};
  if (choice.reason == ChoiceReason::turn) ++at.turns;
  if (is_copied(choice.reason)) {
    answer.ports = plan.transmit.usable;
    if (at.foresee && answer.ports.size() > 1) answer.after = "if one of them dies the others go on";
  } else if (choice.port && choice.reason != ChoiceReason::random) {
    answer.ports.push_back(*choice.port);
  }
  if (at.foresee && answer.after.empty() && answer.ports.size() == 1)
    answer.after = successor(answer.ports[0], frame, number, at);
  return answer;
}

std::string which_line(std::uint64_t number, wire::Bytes frame, WhichPlan& at) {
  const WhichAnswer answer = which_port(frame, at);
  return line_of(number, answer, at);
}

std::string which_flow_line(std::uint64_t number, Flow flow, std::optional<MacAddress> own_mac, WhichPlan& at) {
  constexpr std::uint32_t guesses = 64;  // ports that agree on all of them by chance are one in 2^64
  if (!flow.from_mac) flow.from_mac = own_mac;
  const std::uint32_t turns = at.turns;
  const std::vector<std::uint8_t> first = flow_frame(flow, {}, 0);
  WhichAnswer answer = which_port(first, at);
  const std::uint32_t turns_after = at.turns;
  std::string ports_by;
  std::string after_by;
  bool is_exact = true;
  for (const Unknown what : all_unknowns) {
    if (!is_unknown(flow, what)) continue;
    bool other_ports = false;
    bool other_after = false;
    for (std::uint32_t guess = 1; guess <= guesses; ++guess) {
      at.turns = turns;
      const std::vector<std::uint8_t> frame = flow_frame(flow, what, guess);
      const WhichAnswer another = which_port(frame, at);
      other_ports = other_ports || !(another.ports == answer.ports);
      other_after = other_after || another.after != answer.after;
      is_exact = is_exact && another.why == answer.why;
    }
    const auto note = [what](std::string& list) {
      list.append(list.empty() ? "" : " and ").append(unknown_text(what));
    };
    if (other_ports) note(ports_by);
    if (other_after) note(after_by);
  }
  at.turns = ports_by.empty() ? turns_after : turns;
  if (!ports_by.empty()) return line_of(number, {{}, "that depends on " + ports_by, {}}, at);
  if (!is_exact) answer.why = "whatever of it is not known";
  if (!after_by.empty()) answer.after = "if it dies, where it moves depends on " + after_by;
  return line_of(number, answer, at);
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
  if (!words.empty() && is_flow_flag(words[0])) {
    WhichRequest request;
    request.flow = parse_flow_words({words.begin(), words.end()}, wrong);
    return request.flow ? std::optional(std::move(request)) : std::nullopt;
  }
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

std::string answer_which(const WhichRequest& request, const BondStatus& bond,
                         std::function<std::unique_ptr<Foresight>(PortId)> foresee) {
  WhichPlan at = WhichPlan::of(bond);
  at.foresee = std::move(foresee);
  if (request.flow) return which_flow_line(request.first, *request.flow, bond.mac, at);
  if (request.turns) at.turns = *request.turns;
  std::string lines;
  std::uint64_t number = request.first;
  for (const auto& frame : request.frames) lines += which_line(number++, frame, at);
  return std::to_string(at.turns) + " " + std::to_string(bond.plan_generation) + "\n" + lines;
}

}  // namespace bondbox

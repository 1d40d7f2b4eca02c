// `bondbox which` and what a capture knows of a plan: flows in words, frames in hex digits, plans from another process.
// A line has its form; a flow of which all is known goes where its frame goes.
#include "firmware/which.hpp"

#include <algorithm>

#include "firmware/capture.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {
namespace {

constexpr MacAddress own_mac{{0x02, 0, 0, 0, 0x0a, 0}};

WhichPlan draw_plan(Input& input) {
  WhichPlan at;
  TransmitRule& rule = at.plan.transmit;
  const std::uint8_t ports = input.byte();
  for (std::uint8_t i = 0; i < 4; ++i) {
    at.ports.push_back({PortId{i}, (ports >> 4 >> i & 1) != 0 ? "" : "e" + std::to_string(i)});
    if ((ports >> i & 1) != 0) rule.usable.push_back(PortId{i});
  }
  rule.spread = rule.usable.empty() ? Spread::nothing : static_cast<Spread>(1 + input.below(5));
  rule.hash_policy = static_cast<HashPolicy>(input.below(6));
  rule.bucket_key = static_cast<BucketKey>(input.below(3));
  rule.packets_per_port = static_cast<std::uint16_t>(input.below(3));
  const std::uint8_t more = input.byte();
  rule.copy_neighbours = rule.spread == Spread::hash && (more & 1) != 0;
  at.plan.carrier = (more & 2) != 0;
  at.turns = more;
  rule.bucket_port.fill(no_port);
  for (std::size_t i = 0; i < bucket_count && !rule.usable.empty() && (more & 4) != 0; ++i)
    rule.bucket_port[i] = rule.usable[i % rule.usable.size()];
  if (!rule.usable.empty() && (more & 8) != 0) rule.igmp_port = rule.usable[0];
  return at;
}

void check_line(const std::string& line) {
  promise(line.starts_with("7\t") && line.ends_with('\n'), "a line begins with its number and ends");
  promise(std::count(line.begin(), line.end(), '\t') == 3, "a line has four fields");
  promise(std::count(line.begin(), line.end(), '\n') == 1, "an answer is one line");
}

/// The fields before the last: number, index and name.
std::string port_in(const std::string& line) {
  return line.substr(0, line.rfind('\t'));
}

void check_flow(const std::string& text, const WhichPlan& plan) {
  std::vector<std::string> words;
  for (Input input({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
       !input.is_empty() && words.size() < 16;)
    words.push_back(input.text_until(' '));
  std::string wrong;
  const auto flow = parse_flow_words(words, wrong);
  promise(flow || !wrong.empty(), "a flow is refused with a reason");
  if (!flow) return;
  promise(flow->from.is_v4() == flow->to.is_v4(), "a flow is of one family");
  WhichPlan at = plan;
  const std::string line = which_flow_line(7, *flow, own_mac, at);
  check_line(line);
  Flow whole = *flow;
  if (!whole.from_mac) whole.from_mac = own_mac;
  if (is_unknown(whole, Unknown::to_mac) || is_unknown(whole, Unknown::ports)) return;
  WhichPlan beside = plan;
  const std::string frame_line = which_line(7, flow_frame(whole, Unknown::from_mac, 0), beside);
  promise(port_in(line) == port_in(frame_line), "a flow goes where its frame goes");
}

void run(wire::Bytes bytes) {
  Input input(bytes);
  WhichPlan plan = draw_plan(input);
  const std::uint8_t form = input.byte();
  const std::string text = input.rest_text();
  if (form % 3 == 0) return check_flow(text, plan);
  if (form % 3 == 1) {
    const auto frame = parse_hex(text);
    if (!frame) return;
    promise(!frame->empty() && parse_hex(hex_text(*frame)) == frame, "digits are read as they were written");
    check_line(which_line(7, *frame, plan));
    return;
  }
  CapturePlan told{"bond0", own_mac, plan};
  const auto again = parse_plan(answer_plan(told));
  promise(again && again->at.plan.same_effect(plan.plan), "a plan is read as it was told");
  if (const auto other = parse_plan(text)) {
    const wire::Bytes frame(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    if (frame.size() >= 14) (void)sent_verdict(*other, PortId{0}, frame.first(14));
  }
}

const Known known("which", &run);

}  // namespace
}  // namespace bondbox::fuzz

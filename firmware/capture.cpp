#include "firmware/capture.hpp"

#include <algorithm>
#include <vector>

#include "firmware/forwarder.hpp"
#include "firmware/text.hpp"
#include "hal/wire/archive.hpp"
#include "hal/wire/ethernet.hpp"

namespace bondbox {
namespace {

std::uint64_t layout() {
  CapturePlan any;
  Archive describer = Archive::describer();
  any.archive(describer);
  return describer.fingerprint();
}

const char* class_name(Deliver bit) {
  switch (bit) {
    case deliver_unicast:
      return "unicast";
    case deliver_multicast:
      return "multicast";
    case deliver_broadcast:
      return "broadcast";
    default:
      return "link-local";
  }
}

bool is_slow_protocol(const CapturePlan& plan, wire::Bytes frame) {
  return (punt_class(frame, false) & plan.at.plan.punt & punt_slow_protocols) != 0;
}

/// As the host sent it: the bond may have put the port's address in the place of its own. The answer of the plan for
/// it.
WhichAnswer ask(const CapturePlan& plan, PortId port, wire::Bytes frame) {
  WhichPlan at = plan.at;
  const auto& own = plan.at.plan.ports[port.index].source_mac;
  if (!own || frame.size() < wire::ethernet_header_size || MacAddress::load(frame.data() + 6) != *own)
    return which_port(frame, at);
  std::vector<std::uint8_t> before(frame.begin(), frame.end());
  plan.mac.store(before.data() + 6);
  return which_port(before, at);
}

std::string names(const CapturePlan& plan, const PortList& ports) {
  std::string all;
  for (const WhichPlan::Port& port : plan.at.ports)
    if (std::find(ports.begin(), ports.end(), port.id) != ports.end()) all += (all.empty() ? "" : "+") + port.name;
  return all.empty() ? "no port" : all;
}

}  // namespace

CapturePlan CapturePlan::of(const BondStatus& bond) {
  return {bond.interface.empty() ? bond.name : bond.interface, bond.mac, WhichPlan::of(bond)};
}

PortId CapturePlan::find(std::string_view port) const {
  for (const WhichPlan::Port& known : at.ports)
    if (known.name == port) return known.id;
  return no_port;
}

std::string answer_plan(const CapturePlan& plan) {
  std::vector<std::uint8_t> bytes;
  Archive writer = Archive::writer(bytes, Tick{});
  std::uint64_t version = layout();
  CapturePlan copy = plan;
  writer(version, copy);
  return hex_text(bytes) + "\n";
}

std::optional<CapturePlan> parse_plan(std::string_view answer) {
  if (answer.ends_with('\n')) answer.remove_suffix(1);
  const auto bytes = parse_hex(answer);
  if (!bytes) return std::nullopt;
  Archive reader = Archive::reader(*bytes, Tick{});
  std::uint64_t version = 0;
  reader(version);
  if (!reader.ok() || version != layout()) return std::nullopt;
  CapturePlan plan;
  reader(plan);
  if (!reader.ended_well()) return std::nullopt;
  return plan;
}

std::string received_verdict(const CapturePlan& plan, PortId port, wire::Bytes frame, bool to_others) {
  if (frame.size() < wire::ethernet_header_size) return "dropped: too short for a frame";
  if (port == no_port) return "dropped: not a port of the bond";
  if (is_slow_protocol(plan, frame)) return "taken by the bond: slow protocol";
  const Deliver kind = destination_class(frame);
  const PortRule& rule = plan.at.plan.ports[port.index];
  const bool copied = (punt_class(frame, false) & plan.at.plan.punt) != 0;
  const std::string also = copied ? ", and the bond reads a copy" : "";
  if ((rule.deliver & kind) == 0)
    return format("kept off: this port delivers no %s", class_name(kind)) + (copied ? "; the bond reads a copy" : "");
  if (rule.own_mac && MacAddress::load(frame.data()) == *rule.own_mac)
    return "delivered, to the bond's address instead of the port's" + also;
  if (to_others && MacAddress::load(frame.data()) != plan.mac)
    return "to another station: delivered only if " + plan.interface + " is promiscuous";
  return "delivered" + also;
}

std::string sent_verdict(const CapturePlan& plan, PortId port, wire::Bytes frame) {
  if (port == no_port) return "sent, but not by the bond: not a port of it";
  if (is_slow_protocol(plan, frame)) return "sent by the bond itself: slow protocol";
  const WhichAnswer answer = ask(plan, port, frame);
  const auto has = [port](const PortList& ports) { return std::find(ports.begin(), ports.end(), port) != ports.end(); };
  const TransmitRule& rule = plan.at.plan.transmit;
  // Whose turn it was is not to be told from outside.
  const bool by_turns = rule.spread == Spread::round_robin && has(rule.usable);
  if (has(answer.ports) || by_turns) return "sent: " + answer.why;
  return "sent by the bond itself, or before it changed its mind; its plan: " + names(plan, answer.ports) + ", " +
         answer.why;
}

std::optional<std::string> kept_verdict(const CapturePlan& plan, wire::Bytes frame) {
  WhichPlan at = plan.at;
  const WhichAnswer answer = which_port(frame, at);
  const bool by_turns = at.plan.transmit.spread == Spread::round_robin && !at.plan.transmit.usable.empty();
  if (!answer.ports.empty() || by_turns) return std::nullopt;
  return "leaves on no port: " + answer.why;
}

}  // namespace bondbox

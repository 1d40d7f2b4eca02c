// A trace's records for a person.
#include <algorithm>
#include <array>
#include <string_view>

#include "firmware/event_log.hpp"
#include "firmware/text.hpp"
#include "firmware/trace/points.hpp"
#include "firmware/trace/tape.hpp"

namespace bondbox::trace {
namespace {

struct Name {
  Point point;
  const char* name;
};
constexpr Name names[] = {
    {Point::command, "command"},
    {Point::command_outside, "command"},
    {Point::events, "hardware events"},
    {Point::has_interface, "interface is there"},
    {Point::nic_open, "open NIC"},
    {Point::nic_link, "link"},
    {Point::nic_permanent_mac, "permanent MAC"},
    {Point::nic_set_promiscuous, "set promiscuous"},
    {Point::mac, "MAC"},
    {Point::mtu, "MTU"},
    {Point::handed_over, "handed over"},
    {Point::set_mac, "set MAC"},
    {Point::set_mtu, "set MTU"},
    {Point::host_open, "open interface"},
    {Point::host_present, "present"},
    {Point::host_taken_over, "taken over"},
    {Point::host_shows_carrier, "shows carrier"},
    {Point::host_up, "up"},
    {Point::host_promiscuous, "promiscuous"},
    {Point::host_queueing, "queueing"},
    {Point::host_addresses, "addresses"},
    {Point::host_vlans, "VLANs"},
    {Point::host_path, "path to target"},
    {Point::host_groups, "groups"},
    {Point::host_set_carrier, "set carrier"},
    {Point::host_set_queues, "set queues"},
    {Point::host_set_up, "set up"},
    {Point::host_add_address, "add address"},
    {Point::host_remove_address, "remove address"},
    {Point::host_set_gateway, "set gateway"},
    {Point::host_remove_gateway, "remove gateway"},
    {Point::host_interface, "interface's name"},
    {Point::below_open, "open BPF"},
    {Point::below_add_port, "BPF takes port"},
    {Point::below_publish, "publish to BPF"},
    {Point::below_keep_up, "load BPF"},
    {Point::below_finish, "finish BPF"},
    {Point::below_pending, "BPF is pending"},
    {Point::link_doubt, "frames met a dead link"},
    {Point::lost_link, "lost link seen between polls"},
    {Point::loops_asked, "loops ask"},
    {Point::heard_below, "BPF received on ports"},
    {Point::probe_sent, "probe taken"},
    {Point::looped, "own frames came back on ports"},
    {Point::buckets, "frames wait for buckets"},
    {Point::look, "frames on a silent port"},
    {Point::heard, "ARP monitor heard"},
    {Point::punted, "frame for the policy"},
    {Point::traffic, "traffic"},
    {Point::checkpoint, "checkpoint"},
    {Point::plan, "plan"},
    {Point::action, "action"},
    {Point::frame, "frame sent"},
    {Point::event, "event"},
};

constexpr std::string_view command_names[] = {"add bond", "remove bond",   "write",       "enslave", "release",
                                              "activate", "release later", "leave later", "stay",    "change",
                                              "restore",  "stand still",   "go on"};
constexpr std::string_view action_names[] = {
    "announce",     "rejoin groups", "set port MAC",        "set port promiscuous",
    "set bond MAC", "send",          "active port changed", "tell"};
constexpr std::string_view spread_names[] = {"nothing", "single", "round robin", "hash", "buckets", "copies"};

std::string hex(wire::Bytes bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) append_format(text, "%02x", byte);
  return text;
}

std::string ports_text(const PortList& ports) {
  std::string text;
  for (const PortId port : ports) append_format(text, text.empty() ? "%u" : ",%u", port.index);
  return text.empty() ? "-" : text;
}

std::string plan_text(Reader& reader) {
  const std::uint64_t bond = reader.number();
  const ForwardingPlan plan = get_plan(reader);
  std::string text = format("bond %llu, generation %llu, %s over %s", static_cast<unsigned long long>(bond),
                            static_cast<unsigned long long>(plan.generation),
                            spread_names[static_cast<std::size_t>(plan.transmit.spread)].data(),
                            ports_text(plan.transmit.usable).c_str());
  append_format(text, ", fallback %s, punt %u, carrier %s, deliver", ports_text(plan.transmit.fallback).c_str(),
                plan.punt, plan.carrier ? "on" : "off");
  for (std::size_t i = 0; i < plan.ports.size(); ++i)
    if (plan.ports[i].deliver != deliver_nothing) append_format(text, " %zu:%u", i, plan.ports[i].deliver);
  return text;
}

std::string action_text(Reader& reader) {
  const std::uint64_t bond = reader.number();
  const std::uint8_t kind = reader.byte();
  const std::string_view name = kind < std::size(action_names) ? action_names[kind] : "?";
  return format("bond %llu, %s %s", static_cast<unsigned long long>(bond), name.data(), hex(reader.rest()).c_str());
}

std::string event_text(Reader& reader) {
  const std::uint64_t bond = reader.number();
  const std::uint64_t kind = reader.number();
  const std::string port(reader.text());
  const std::int64_t outage_ms = unfolded(reader.number());
  const std::string text(reader.text());
  std::string line = format("bond %llu, %s", static_cast<unsigned long long>(bond),
                            event_kind_name(static_cast<EventKind>(std::min<std::uint64_t>(kind, 255))));
  if (!port.empty()) line += ", " + port;
  line += ": " + text;
  if (outage_ms >= 0) append_format(line, " (at most %lld ms)", static_cast<long long>(outage_ms));
  return line;
}

/// Words as they were said; of a configuration the name is all that is shown.
std::string command_text(Reader& reader) {
  const std::uint64_t kind = reader.number();
  std::string text(kind < std::size(command_names) ? command_names[kind] : std::string_view("?"));
  text += " " + std::string(reader.text());
  const auto is = [kind](CommandKind one) { return kind == static_cast<std::uint64_t>(one); };
  if (is(CommandKind::write)) {
    text += " " + std::string(reader.text());
    text += " " + std::string(reader.text());
  } else if (is(CommandKind::enslave) || is(CommandKind::release) || is(CommandKind::activate) ||
             is(CommandKind::release_later)) {
    text += " " + std::string(reader.text());
  } else if (is(CommandKind::change)) {
    Change change;
    Get get(reader);
    get(change);
    if (reader.ok()) text = "change " + change.text();
  }
  return text;
}

std::string link_text(Reader& reader) {
  const std::uint64_t nic = reader.number();
  const std::uint64_t sample = reader.number();
  return format("NIC %llu %s, %llu Mbps", static_cast<unsigned long long>(nic),
                (sample & 1) == 0   ? "gone"
                : (sample & 2) != 0 ? "up"
                                    : "down",
                static_cast<unsigned long long>(sample >> 4));
}

std::string events_text(Reader& reader) {
  static constexpr std::string_view kinds[] = {"link changed", "vanished", "appeared", "changed"};
  std::string text;
  for (std::uint64_t left = reader.number_to(64); left != 0 && reader.ok(); --left) {
    const auto kind = static_cast<std::size_t>(reader.number_to(std::size(kinds) - 1));
    text += (text.empty() ? "" : ", ") + std::string(reader.text()) + " " + std::string(kinds[kind]);
  }
  return text;
}

}  // namespace

std::string point_name(std::uint8_t number) {
  for (const Name& one : names)
    if (static_cast<std::uint8_t>(one.point) == number) return std::string(one.name);
  return "record " + std::to_string(number);
}

std::string payload_text(std::uint8_t number, wire::Bytes payload) {
  Reader reader(payload);
  std::string text;
  switch (static_cast<Point>(number)) {
    case Point::plan:
      text = plan_text(reader);
      break;
    case Point::action:
      text = action_text(reader);
      break;
    case Point::event:
      text = event_text(reader);
      break;
    case Point::command:
    case Point::command_outside:
      text = command_text(reader);
      break;
    case Point::nic_link:
      text = link_text(reader);
      break;
    case Point::events:
      text = events_text(reader);
      break;
    case Point::checkpoint:
      return std::to_string(payload.size()) + " bytes";
    default:
      return hex(payload);
  }
  return reader.ok() ? text : hex(payload);
}

}  // namespace bondbox::trace

#include "firmware/option_handlers.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>

#include "firmware/config/names.hpp"
#include "firmware/port_voices.hpp"
#include "firmware/text.hpp"

namespace bondbox::option_handlers {
namespace {

constexpr std::uint32_t miimon_forced_ms = 100;  // what the kernel puts where a mode cannot do without miimon

struct Delay {
  std::uint32_t BondOptions::*field;
  const char* option;
  const char* label;
};
constexpr Delay updelay{&BondOptions::updelay_ms, "updelay", "up delay"};
constexpr Delay downdelay{&BondOptions::downdelay_ms, "downdelay", "down delay"};
constexpr Delay peer_notif_delay{&BondOptions::peer_notif_delay_ms, "peer_notif_delay", "peer notification delay"};

Outcome write_delay(OptionTarget& target, const Delay& delay, std::int64_t value) {
  BondOptions& options = target.options();
  if (options.miimon_ms == 0)
    return Outcome::failed(EPERM, std::string(delay.option) + " cannot be set while miimon is 0; set miimon first");
  const std::int64_t rounded = value - value % options.miimon_ms;
  if (rounded != value)
    target.note(format("%s (%lld) is not a multiple of miimon (%u), value rounded to %lld ms", delay.label,
                       static_cast<long long>(value), options.miimon_ms, static_cast<long long>(rounded)));
  options.*delay.field = static_cast<std::uint32_t>(rounded);
  return Outcome::done();
}

/// While miimon is off the delays have no meaning, and read 0 as in the kernel.
std::int64_t read_delay(const OptionTarget& target, const Delay& delay) {
  const BondOptions& options = target.options();
  return options.miimon_ms == 0 ? 0 : options.*delay.field;
}

/// The kernel keeps delays as numbers of miimon intervals, so that they grow and shrink with it.
void set_miimon(OptionTarget& target, std::uint32_t miimon_ms) {
  BondOptions& options = target.options();
  const std::uint32_t before = options.miimon_ms;
  options.miimon_ms = miimon_ms;
  if (miimon_ms == 0 || miimon_ms == before) return;
  for (const Delay& delay : {updelay, downdelay, peer_notif_delay}) {
    std::uint32_t& field = options.*delay.field;
    const std::uint64_t intervals = field / (before != 0 ? before : miimon_ms);
    const std::uint64_t most = std::numeric_limits<std::int32_t>::max() / miimon_ms;
    const auto scaled = static_cast<std::uint32_t>(std::min(intervals, most) * miimon_ms);
    if (scaled != field) target.note(format("%s is %u ms now, as a multiple of miimon", delay.option, scaled));
    field = scaled;
  }
}

}  // namespace

Outcome write_mode(OptionTarget& target, std::int64_t value) {
  const Mode mode = static_cast<Mode>(value);
  if (mode == target.options().mode) return Outcome::done();
  if (Outcome change = target.change_mode(mode); !change.ok()) return change;

  BondOptions& options = target.options();
  options.mode = mode;
  if (options.combines_monitors() && (mode == Mode::balance_tlb || mode == Mode::balance_alb)) {
    options.monitor = MonitorRule::off;
    target.note(format("%s has one monitor only, monitor is off now", mode_name(mode)));
  }
  options.arp_validate = options.combines_monitors() ? ArpValidate::all : ArpValidate::none;
  const bool has_arp = mode <= Mode::broadcast || options.combines_monitors();
  if (mode == Mode::lacp_8023ad || mode == Mode::balance_tlb || mode == Mode::balance_alb) {
    if (options.arp_interval_ms != 0 && !has_arp)
      target.note(format("%s has no ARP monitor, arp_interval is off now", mode_name(mode)));
    if (!has_arp) options.arp_interval_ms = 0;
    if (options.miimon_ms == 0) {
      set_miimon(target, miimon_forced_ms);
      target.note(format("%s needs miimon, which is %u now", mode_name(mode), miimon_forced_ms));
    }
  }
  if (mode == Mode::balance_alb) options.tlb_dynamic_lb = true;
  return Outcome::done();
}

Outcome write_monitor(OptionTarget& target, std::string_view text) {
  BondOptions& options = target.options();
  const bool counted = text.size() == 8 && (text.starts_with("quorum:") || text.starts_with("quorum="));
  const char number = counted ? text.back() : '1';
  if ((!counted && !text.empty() && text != "off" && text != "any" && text != "all") || number < '1' || number > '3')
    return Outcome::failed(EINVAL, refusal(*find_option("monitor"), text));
  const bool was_on = options.combines_monitors();
  options.monitor = counted         ? MonitorRule::quorum
                    : text == "any" ? MonitorRule::any
                    : text == "all" ? MonitorRule::all
                                    : MonitorRule::off;
  options.monitor_quorum = static_cast<std::uint8_t>(number - '0');
  if (options.combines_monitors() == was_on) return Outcome::done();
  if (was_on) {
    if (options.arp_interval_ms != 0) {
      options.arp_interval_ms = 0;
      target.note("without monitor miimon excludes the ARP monitor, arp_interval is off now");
    }
    if (options.mode == Mode::lacp_8023ad) options.arp_validate = ArpValidate::none;
    return Outcome::done();
  }
  if (options.miimon_ms == 0) {
    set_miimon(target, miimon_forced_ms);
    target.note(format("monitors are combined when links are polled: miimon is %u now", miimon_forced_ms));
  }
  if (options.arp_validate == ArpValidate::none) {
    options.arp_validate = ArpValidate::all;
    if (options.arp_interval_ms != 0) target.note("arp_validate is all now: only answers to our own probes count");
  }
  return Outcome::done();
}

std::string read_monitor(const OptionTarget& target) {
  return monitor_rule_text(target.options());
}

Outcome write_flap_suppress(OptionTarget& target, std::int64_t value) {
  BondOptions& options = target.options();
  if (value < options.flap_reuse)
    return Outcome::failed(EINVAL, format("flap_suppress must not be less than flap_reuse, which is %u; set that first",
                                          options.flap_reuse));
  options.flap_suppress = static_cast<std::uint32_t>(value);
  return Outcome::done();
}

Outcome write_flap_reuse(OptionTarget& target, std::int64_t value) {
  BondOptions& options = target.options();
  if (value > options.flap_suppress)
    return Outcome::failed(EINVAL, format("flap_reuse must not be more than flap_suppress, which is %u; set that first",
                                          options.flap_suppress));
  options.flap_reuse = static_cast<std::uint32_t>(value);
  return Outcome::done();
}

Outcome write_offload(OptionTarget& target, std::int64_t value) {
  const auto use = static_cast<OffloadUse>(value);
  if (Outcome change = target.change_offload(use); !change.ok()) return change;
  target.options().offload = use;
  return Outcome::done();
}

Outcome write_unmonitored(OptionTarget& target, std::int64_t value) {
  BondOptions& options = target.options();
  if (value == 0 && options.miimon_ms == 0 && options.arp_interval_ms == 0)
    return Outcome::failed(EINVAL,
                           "unmonitored cannot be 0 while miimon and arp_interval are 0; set one of them first");
  options.unmonitored = value != 0;
  return Outcome::done();
}

Outcome write_miimon(OptionTarget& target, std::int64_t value) {
  BondOptions& options = target.options();
  if (value == 0 && options.arp_interval_ms == 0 && !options.unmonitored)
    return Outcome::failed(EINVAL,
                           "miimon cannot be 0, because a bond without link monitoring never fails over; set "
                           "arp_interval or, if that is what you want, unmonitored = 1 first");
  if (value == 0 && options.combines_monitors())
    return Outcome::failed(EINVAL,
                           "miimon cannot be 0 while monitors are combined, which is done when links are polled; set "
                           "monitor = off first");
  if (value != 0 && options.is_judged_by_arp()) {
    options.arp_interval_ms = 0;
    target.note("miimon excludes the ARP monitor, arp_interval is off now");
  }
  set_miimon(target, static_cast<std::uint32_t>(value));
  return Outcome::done();
}

Outcome write_arp_interval(OptionTarget& target, std::int64_t value) {
  BondOptions& options = target.options();
  if (value != 0 && options.miimon_ms != 0 && !options.combines_monitors()) {
    set_miimon(target, 0);
    target.note("arp_interval excludes the MII monitor, miimon is off now");
  }
  if (value != 0 && options.arp_ip_targets.empty() && options.ns_ip6_targets.empty())
    target.note("ARP monitoring has been set up, but no ARP targets have been specified");
  options.arp_interval_ms = static_cast<std::uint32_t>(value);
  if (value == 0 && options.miimon_ms == 0 && !options.unmonitored) {
    set_miimon(target, miimon_forced_ms);
    target.note(format("without the ARP monitor the bond needs miimon, which is %u now", miimon_forced_ms));
  }
  return Outcome::done();
}

Outcome write_updelay(OptionTarget& target, std::int64_t value) {
  return write_delay(target, updelay, value);
}
Outcome write_downdelay(OptionTarget& target, std::int64_t value) {
  return write_delay(target, downdelay, value);
}
Outcome write_peer_notif_delay(OptionTarget& target, std::int64_t value) {
  return write_delay(target, peer_notif_delay, value);
}
std::int64_t read_updelay(const OptionTarget& target) {
  return read_delay(target, updelay);
}
std::int64_t read_downdelay(const OptionTarget& target) {
  return read_delay(target, downdelay);
}
std::int64_t read_peer_notif_delay(const OptionTarget& target) {
  return read_delay(target, peer_notif_delay);
}

namespace {

using Targets = FixedVector<IpAddress, 16>;

bool usable_target(const IpAddress& address) {
  const auto& o = address.octets;
  if (address.is_v4()) {
    const std::uint32_t word = wire::load_be32(o.data());
    return word != 0 && word != 0xffffffff;
  }
  const bool link_local = o[0] == 0xfe && (o[1] & 0xc0) == 0x80;
  const bool unspecified_or_loopback =
      o[15] <= 1 && std::all_of(o.begin(), o.end() - 1, [](std::uint8_t octet) { return octet == 0; });
  return o[0] != 0xff && !link_local && !unspecified_or_loopback;
}

Outcome write_target(OptionTarget& target, Targets BondOptions::*field, const char* option, IpAddress::Family family,
                     std::string_view text) {
  const std::string name(option);
  if (!text.starts_with('+') && !text.starts_with('-'))
    return Outcome::failed(EPERM, name + " needs + or - before the address, as in \"+" + std::string(text) + "\"");
  const std::string address_text(text.substr(1));
  const std::optional<IpAddress> address = IpAddress::parse(address_text);
  if (!address || address->family != family)
    return Outcome::failed(EPERM, name + ": \"" + address_text + "\" is not an " +
                                      (family == IpAddress::Family::v4 ? "IPv4" : "IPv6") + " address");
  Targets& list = target.options().*field;
  std::size_t at = 0;
  while (at < list.size() && !(list[at] == *address)) ++at;
  const bool present = at < list.size();
  if (text[0] == '-') {
    if (!present) return Outcome::failed(EINVAL, name + ": " + address_text + " is not in the list");
    list.erase_at(at);
    if (list.empty() && target.options().arp_interval_ms != 0)
      target.note(format("%s is empty now although arp_interval is set", option));
    return Outcome::done();
  }
  if (!usable_target(*address))
    return Outcome::failed(EINVAL, name + ": " + address_text + " is not the address of one host");
  if (present) return Outcome::failed(EINVAL, name + ": " + address_text + " is in the list already");
  if (!list.push_back(*address))
    return Outcome::failed(EINVAL, name + format(": the list is full (%zu addresses)", list.capacity()));
  return Outcome::done();
}

std::string read_targets(const Targets& list) {
  std::string text;
  for (const IpAddress& address : list) {
    if (!text.empty()) text += ' ';
    text += address.text();
  }
  return text;
}

}  // namespace

Outcome write_arp_ip_target(OptionTarget& target, std::string_view text) {
  return write_target(target, &BondOptions::arp_ip_targets, "arp_ip_target", IpAddress::Family::v4, text);
}
Outcome write_ns_ip6_target(OptionTarget& target, std::string_view text) {
  return write_target(target, &BondOptions::ns_ip6_targets, "ns_ip6_target", IpAddress::Family::v6, text);
}
std::string read_arp_ip_target(const OptionTarget& target) {
  return read_targets(target.options().arp_ip_targets);
}
std::string read_ns_ip6_target(const OptionTarget& target) {
  return read_targets(target.options().ns_ip6_targets);
}

Outcome write_ad_actor_system(OptionTarget& target, std::string_view text) {
  const std::optional<MacAddress> mac = MacAddress::parse(text);
  if (!mac || mac->is_multicast()) return Outcome::failed(EINVAL, refusal(*find_option("ad_actor_system"), text));
  target.options().ad_actor_system = *mac;
  return Outcome::done();
}

std::string read_ad_actor_system(const OptionTarget& target) {
  const BondOptions& options = target.options();
  return options.mode == Mode::lacp_8023ad ? options.ad_actor_system.text() : std::string();
}

}  // namespace bondbox::option_handlers

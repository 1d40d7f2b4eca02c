#include "hal/linux/port_journal.hpp"

#include <charconv>

namespace bondbox::lnx {
namespace {

constexpr std::string_view first_line = "bondbox-port=1";
constexpr std::string_view ports = "ports";

template <class Number>
std::optional<Number> to_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class Number>
bool store(std::string_view text, Number& target) {
  const std::optional<Number> value = to_number<Number>(text);
  if (value) target = *value;
  return value.has_value();
}

template <class Value>
bool store(const std::optional<Value>& parsed, Value& target) {
  if (parsed) target = *parsed;
  return parsed.has_value();
}

bool store_flag(std::string_view text, bool& target) {
  target = text == "1";
  return text == "0" || text == "1";
}

bool store_fence(std::string_view text, FenceKind& target) {
  for (const FenceKind kind : {FenceKind::none, FenceKind::filter, FenceKind::settings}) {
    if (text != std::string(1, static_cast<char>('0' + static_cast<int>(kind)))) continue;
    target = kind;
    return true;
  }
  return false;
}

bool store_address(std::string_view text, std::vector<IpPrefix>& target) {
  const std::optional<IpPrefix> prefix = IpPrefix::parse(text);
  if (prefix) target.push_back(*prefix);
  return prefix.has_value();
}

bool apply(std::string_view key, std::string_view value, PortRecord& record) {
  if (key == "name") return record.name = value, !value.empty();
  if (key == "boot") return record.boot_id = value, true;
  if (key == "namespace") return store(value, record.namespace_inode);
  if (key == "index") return store(value, record.index);
  if (key == "mac") return store(MacAddress::parse(value), record.mac);
  if (key == "mtu") return store(value, record.mtu);
  if (key == "up") return store_flag(value, record.up);
  if (key == "noarp") return store_flag(value, record.noarp);
  if (key == "allmulti") return store_flag(value, record.allmulti);
  if (key == "promiscuous") return store_flag(value, record.promiscuous);
  if (key == "ingress_qdisc") return store_flag(value, record.ingress_qdisc);
  if (key == "disable_ipv6") return store(value, record.disable_ipv6.emplace());
  if (key == "arp_ignore") return store(value, record.arp_ignore.emplace());
  if (key == "rp_filter") return store(value, record.rp_filter.emplace());
  if (key == "ipv6_address") return store_address(value, record.ipv6_addresses);
  if (key == "fence") return store_fence(value, record.fence);
  if (key == "set_down") return store_flag(value, record.set_down);
  if (key == "set_mac") return store(MacAddress::parse(value), record.set_macs.emplace_back());
  if (key == "set_mtu") return store(value, record.set_mtus.emplace_back());
  return false;
}

}  // namespace

std::string to_text(const PortRecord& record) {
  RecordWriter text(first_line);
  const auto line = [&text](std::string_view key, const std::string& value) { text.line(key, value); };
  const auto flag = [](bool on) { return std::string(on ? "1" : "0"); };
  line("name", record.name);
  line("boot", record.boot_id);
  line("namespace", std::to_string(record.namespace_inode));
  line("index", std::to_string(record.index));
  line("mac", record.mac.text());
  line("mtu", std::to_string(record.mtu));
  line("up", flag(record.up));
  line("noarp", flag(record.noarp));
  line("allmulti", flag(record.allmulti));
  line("promiscuous", flag(record.promiscuous));
  line("ingress_qdisc", flag(record.ingress_qdisc));
  if (record.disable_ipv6) line("disable_ipv6", std::to_string(*record.disable_ipv6));
  if (record.arp_ignore) line("arp_ignore", std::to_string(*record.arp_ignore));
  if (record.rp_filter) line("rp_filter", std::to_string(*record.rp_filter));
  for (const IpPrefix& prefix : record.ipv6_addresses) line("ipv6_address", prefix.text());
  line("fence", std::to_string(static_cast<int>(record.fence)));
  if (record.set_down) line("set_down", flag(true));  // no other bondbox has to understand what is hardly ever there
  for (const MacAddress mac : record.set_macs) line("set_mac", mac.text());
  for (const std::uint32_t mtu : record.set_mtus) line("set_mtu", std::to_string(mtu));
  return text.finish();
}

std::optional<PortRecord> parse_port_record(std::string_view text) {
  PortRecord record;
  const auto line = [&record](std::string_view key, std::string_view value) { return apply(key, value, record); };
  if (!read_record(text, first_line, line)) return std::nullopt;
  if (record.name.empty() || record.index <= 0 || record.mtu == 0) return std::nullopt;
  return record;
}

int PortJournal::open(const std::string& run_dir, std::string_view name, std::uint64_t namespace_inode,
                      PortJournal& journal) {
  return journal.Journal::open(run_dir, ports, name, namespace_inode);
}

void PortJournal::take_over(const std::string& run_dir, std::string_view name, std::uint64_t namespace_inode,
                            UniqueFd lock) {
  Journal::take_over(run_dir, ports, name, namespace_inode, std::move(lock));
}

std::vector<std::string> PortJournal::list(const std::string& run_dir, std::uint64_t namespace_inode) {
  return Journal::list(run_dir, ports, namespace_inode);
}

}  // namespace bondbox::lnx

// What of a bond the host is told (addresses, gateway, MTU, MAC), and how single values are read.
#include <algorithm>

#include "firmware/config/bond_reader.hpp"
#include "firmware/config/names.hpp"
#include "firmware/text.hpp"

namespace bondbox {
namespace {

constexpr std::int64_t mtu_min = 68;  // RFC 791, 3.2
constexpr std::int64_t mtu_max = 65'535;
constexpr std::size_t addresses_max = 64;

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

bool in_network(const IpPrefix& prefix, const IpAddress& address) {
  if (prefix.address.family != address.family) return false;
  for (std::size_t bit = 0; bit < prefix.length; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
    if (((prefix.address.octets[bit / 8] ^ address.octets[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

bool is_ipv6_link_local(const IpAddress& address) {
  return !address.is_v4() && address.octets[0] == 0xfe && (address.octets[1] & 0xc0) == 0x80;
}

bool is_host(const IpAddress& address) {
  const auto& o = address.octets;
  const bool zero = std::all_of(o.begin(), o.end(), [](std::uint8_t octet) { return octet == 0; });
  return !zero && (address.is_v4() ? o[0] < 224 : o[0] != 0xff);
}

}  // namespace

std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates) {
  const std::string_view near = nearest_name(name, candidates);
  return near.empty() ? std::string() : "did you mean " + quoted(near) + "?";
}

std::optional<std::string> option_text(const OptionInfo& option, const ConfigValue& value, ConfigMessages& messages) {
  const auto wrong_kind = [&](const char* kind) {
    messages.error(value.at, std::string(option.name) + " cannot be " + kind + " (" + allowed_values(option) + ")");
    return std::nullopt;
  };
  if (const std::string* string = value.string()) {
    // The kernel would read the first word and drop the rest.
    if (string->find_first_of(" \t\r\n") != std::string::npos) {
      messages.error(value.at,
                     std::string(option.name) + " cannot be " + quoted(*string) + ": it contains white space");
      return std::nullopt;
    }
    return *string;
  }
  // monitor = { quorum = 2 }
  if (const ConfigTable* const table = value.table(); table != nullptr && option.name == "monitor") {
    const ConfigEntry* const quorum = table->entries.size() == 1 ? table->find("quorum") : nullptr;
    const std::int64_t* const number = quorum != nullptr ? quorum->value.integer() : nullptr;
    if (number != nullptr) return "quorum:" + std::to_string(*number);
  }
  if (const std::int64_t* integer = value.integer()) {
    if (option.kind == OptionKind::text) return wrong_kind(value.kind_name());
    return std::to_string(*integer);
  }
  if (const bool* boolean = value.boolean()) {
    const bool has_on = std::any_of(option.values.begin(), option.values.end(),
                                    [](const ValueName& known) { return std::string_view(known.name) == "on"; });
    if (!has_on) return wrong_kind(*boolean ? "true" : "false");
    return *boolean ? "1" : "0";
  }
  return wrong_kind(value.kind_name());
}

std::vector<ConfigItem> string_items(const ConfigValue& value, std::string_view what, ConfigMessages& messages) {
  std::vector<ConfigItem> items;
  if (const std::string* string = value.string()) {
    std::size_t start = 0;
    while ((start = string->find_first_not_of(", \t", start)) != std::string::npos) {
      const std::size_t end = std::min(string->find_first_of(", \t", start), string->size());
      items.push_back({string->substr(start, end - start), value.at});
      start = end;
    }
    return items;
  }
  const ConfigArray* array = value.array();
  if (array == nullptr) {
    messages.error(value.at, std::string(what) + " is " + value.kind_name(), "write a list of strings");
    return items;
  }
  for (const ConfigValue& item : *array) {
    if (const std::string* string = item.string())
      items.push_back({*string, item.at});
    else
      messages.error(item.at, std::string(what) + " contains " + item.kind_name(), "write a list of strings");
  }
  return items;
}

void BondReader::read_host_settings(BondConfig& bond, const std::vector<Key>& keys) {
  const ConfigEntry* gateway = nullptr;
  bool addresses_known = true;
  for (const Key& key : keys) {
    const ConfigValue& value = key.entry->value;
    const std::string* string = value.string();
    if (key.name == "address") {
      addresses_known = read_addresses(bond, value);
    } else if (key.name == "gateway") {
      gateway = key.entry;
      if (string != nullptr) bond.gateway = IpAddress::parse(*string);
      if (!bond.gateway)
        messages_.error(value.at, "gateway is not an IP address", "write gateway = \"192.168.10.254\"");
    } else if (key.name == "mac") {
      if (string != nullptr) bond.mac = MacAddress::parse(*string);
      if (!bond.mac || !bond.mac->is_station())
        messages_.error(value.at, "mac is not the address of one station", "write mac = \"02:00:00:00:0a:01\"");
    } else if (key.name == "mtu") {
      std::int64_t mtu = value.integer() != nullptr ? *value.integer() : 0;
      if (string != nullptr && string->size() <= 5 && string->find_first_not_of("0123456789") == std::string::npos)
        for (const char digit : *string) mtu = mtu * 10 + (digit - '0');
      if (mtu < mtu_min || mtu > mtu_max)
        messages_.error(value.at, format("mtu is not a number (allowed values %lld - %lld)",
                                         static_cast<long long>(mtu_min), static_cast<long long>(mtu_max)));
      else
        bond.mtu = static_cast<std::uint32_t>(mtu);
    }
  }
  if (gateway != nullptr && bond.gateway && addresses_known) check_gateway(bond, gateway->value);
}

bool BondReader::read_addresses(BondConfig& bond, const ConfigValue& value) {
  const std::size_t errors_before = messages_.error_count();
  for (const ConfigItem& item : string_items(value, "address", messages_)) {
    const std::optional<IpPrefix> prefix = IpPrefix::parse(item.text);
    const std::optional<IpAddress> bare = IpAddress::parse(item.text);
    if (bare) {
      messages_.error(item.at, "address " + quoted(item.text) + " has no prefix length",
                      "write " + quoted(item.text + (bare->is_v4() ? "/24" : "/64")));
    } else if (!prefix) {
      messages_.error(item.at, "address " + quoted(item.text) + " is not an IP address with its prefix length",
                      "write \"192.168.10.52/24\"");
    } else if (!is_host(prefix->address)) {
      messages_.error(item.at, "address " + quoted(item.text) + " is not the address of one host");
    } else if (bond.addresses.size() == addresses_max) {
      messages_.error(item.at, format("there are more than %zu addresses", addresses_max));
      return false;
    } else {
      bond.addresses.push_back(*prefix);
      addresses_.push_back({bond.name, prefix->address.text(), item.at});
    }
  }
  return messages_.error_count() == errors_before;
}

void BondReader::check_gateway(const BondConfig& bond, const ConfigValue& value) {
  const IpAddress& gateway = *bond.gateway;
  if (!is_host(gateway)) {
    messages_.error(value.at, "gateway " + gateway.text() + " is not the address of one host");
    return;
  }
  bool reachable = is_ipv6_link_local(gateway);
  for (const IpPrefix& prefix : bond.addresses) {
    if (prefix.address == gateway)
      messages_.error(value.at, "gateway " + gateway.text() + " is the bond's own address");
    reachable = reachable || in_network(prefix, gateway);
  }
  if (reachable) return;
  std::string networks;
  for (const IpPrefix& prefix : bond.addresses) networks += (networks.empty() ? "" : ", ") + prefix.text();
  messages_.error(value.at, "gateway " + gateway.text() + " is in no network of the bond's addresses",
                  networks.empty() ? "the bond needs an address first" : "it has " + networks);
}

}  // namespace bondbox

#include "hal/wire/archive.hpp"

namespace bondbox {
namespace {

constexpr std::uint64_t fnv_start = 0xcbf29ce484222325;

std::uint64_t fnv_step(std::uint64_t sum, std::uint8_t byte) noexcept {
  return (sum ^ byte) * 0x100000001b3;
}

/// Further from now than any program has lived. Ticks that stand for "never" lie there, and stay what they are.
constexpr std::int64_t ages = std::int64_t{1} << 39;
constexpr std::int64_t distance_max = 2 * ages;
constexpr std::uint64_t never_mark = ~std::uint64_t{0};

}  // namespace

Archive Archive::describer() noexcept {
  Archive archive(nullptr, {}, Tick{});
  archive.way_ = Way::describe;
  archive.fingerprint_ = fnv_start;
  return archive;
}

std::uint64_t Archive::number(std::uint64_t value, std::size_t size, std::uint64_t most) {
  switch (way_) {
    case Way::write:
      for (std::size_t i = size; i > 0; --i) out_->push_back(static_cast<std::uint8_t>(value >> (8 * (i - 1))));
      return value;
    case Way::read: {
      if (!ok_ || bytes_.size() < size) {
        ok_ = ok_ && size == 0;
        return 0;
      }
      std::uint64_t found = 0;
      for (std::size_t i = 0; i < size; ++i) found = found << 8 | bytes_[i];
      bytes_ = bytes_.subspan(size);
      if (found > most) ok_ = false;
      return ok_ ? found : 0;
    }
    case Way::describe:
      // Of an array its size stands in the place of a value.
      for (std::uint64_t part : {std::uint64_t{size}, most, size == 0 ? value : 0})
        for (int i = 0; i < 8; ++i, part >>= 8) fingerprint_ = fnv_step(fingerprint_, static_cast<std::uint8_t>(part));
      break;
  }
  return value;
}

void Archive::visit(Tick& tick) {
  constexpr Tick never{-2 * ages};
  const bool is_never = tick.number <= -ages;
  const std::int64_t distance = (tick - now_).count;
  const std::uint64_t value = number(is_never ? never_mark : static_cast<std::uint64_t>(distance + distance_max), 8);
  if (!reads()) return;
  tick = never;
  if (value == never_mark) return;
  if (value > 2 * distance_max) return refuse();
  tick = now_ + Ticks{static_cast<std::int64_t>(value) - distance_max};
}

void Archive::visit(Ticks& ticks) {
  const std::uint64_t value = number(static_cast<std::uint64_t>(ticks.count + distance_max), 8, 2 * distance_max);
  if (reads() && ok_) ticks.count = static_cast<std::int64_t>(value) - distance_max;
}

void Archive::visit(PortId& port) {
  port.index = static_cast<std::uint8_t>(number(port.index, 1, max_ports - 1));
}

void Archive::port_or(PortId& port, PortId none) {
  port.index = static_cast<std::uint8_t>(number(port.index, 1, 255));
  if (reads() && port != none && port.index >= max_ports) refuse();
  if (!ok_) port = none;
}

void Archive::blob(std::vector<std::uint8_t>& bytes) {
  const std::size_t size = static_cast<std::size_t>(number(bytes.size(), 4, blob_max));
  if (way_ == Way::write) out_->insert(out_->end(), bytes.begin(), bytes.end());
  if (!reads()) return;
  if (bytes_.size() < size) return refuse();
  bytes.assign(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size));
  bytes_ = bytes_.subspan(size);
}

void Archive::visit(VlanId& vlan) {
  vlan.value = static_cast<std::uint16_t>(number(vlan.value, 2, 4095));
}

void Archive::visit(MacAddress& mac) {
  visit(mac.octets);
}

void Archive::visit(IpAddress& address) {
  const std::uint64_t family = number(address.is_v4() ? 0 : 1, 1, 1);
  address.family = family == 0 ? IpAddress::Family::v4 : IpAddress::Family::v6;
  visit(address.octets);
}

void Archive::visit(IpPrefix& prefix) {
  visit(prefix.address);
  prefix.length = static_cast<std::uint8_t>(number(prefix.length, 1, prefix.address.is_v4() ? 32 : 128));
}

void Archive::visit(std::string& text) {
  const std::size_t size =
      static_cast<std::size_t>(number(text.size() < text_max ? text.size() : text_max, 2, text_max));
  if (reads() && bytes_.size() < size) return refuse();
  if (reads()) text.assign(size, '\0');
  if (way_ == Way::describe) return;
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(number(static_cast<std::uint8_t>(text[i]), 1));
}

std::uint64_t fingerprint_of(wire::Bytes bytes) noexcept {
  std::uint64_t sum = fnv_start;
  for (const std::uint8_t byte : bytes) sum = fnv_step(sum, byte);
  return sum;
}

}  // namespace bondbox

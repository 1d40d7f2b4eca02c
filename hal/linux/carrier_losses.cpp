#include "hal/linux/carrier_losses.hpp"

#include <array>
#include <charconv>
#include <string>

namespace bondbox::lnx {
namespace {

constexpr std::size_t text_size_max = 32;
using Text = std::array<char, text_size_max>;

/// What the attribute says now, without its line end; empty when it cannot be read.
std::string_view read_attribute(int fd, Text& text) noexcept {
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  const std::string_view all(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  return all.substr(0, all.find('\n'));
}

UniqueFd open_attribute(std::string_view name, std::string_view attribute) {
  std::string path = "/sys/class/net/";
  path.append(name).append("/").append(attribute);
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace

bool CarrierLosses::open(std::string_view name, int index, MacAddress mac) {
  fd_.reset();
  Text text{};
  const UniqueFd index_file = open_attribute(name, "ifindex");
  if (read_attribute(index_file.get(), text) != std::to_string(index)) return false;
  const UniqueFd mac_file = open_attribute(name, "address");
  if (MacAddress::parse(read_attribute(mac_file.get(), text)) != mac) return false;
  fd_ = open_attribute(name, "carrier_down_count");
  return read() >= 0;
}

std::int64_t CarrierLosses::read() const noexcept {
  if (!fd_.valid()) return -1;
  Text text{};
  const std::string_view digits = read_attribute(fd_.get(), text);
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return error == std::errc{} ? count : -1;
}

}  // namespace bondbox::lnx

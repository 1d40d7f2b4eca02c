#include "hal/linux/sysctl.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <string>

#include "hal/linux/unique_fd.hpp"

namespace bondbox::lnx {
namespace {

std::string path_of(std::string_view family, std::string_view interface, std::string_view key) {
  std::string path = "/proc/sys/net/";
  path.append(family).append("/conf/").append(interface).append("/").append(key);
  return path;
}

}  // namespace

std::optional<int> read_interface_sysctl(std::string_view family, std::string_view interface, std::string_view key) {
  const UniqueFd file(::open(path_of(family, interface, key).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return std::nullopt;
  std::array<char, 16> text{};
  const ssize_t got = ::read(file.get(), text.data(), text.size());
  int value = 0;
  if (got <= 0 || std::from_chars(text.data(), text.data() + got, value).ec != std::errc{}) return std::nullopt;
  return value;
}

int write_interface_sysctl(std::string_view family, std::string_view interface, std::string_view key, int value) {
  const UniqueFd file(::open(path_of(family, interface, key).c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return errno;
  std::array<char, 16> text{};
  const int length = std::snprintf(text.data(), text.size(), "%d\n", value);
  return ::write(file.get(), text.data(), static_cast<std::size_t>(length)) == length ? 0 : errno;
}

}  // namespace bondbox::lnx

#include "hal/linux/joined_groups.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "hal/linux/unique_fd.hpp"

namespace bondbox::lnx {
namespace {

std::string_view skip_blanks(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text;
}

/// "6\tbond0     :     4      V3"
bool read_interface(std::string_view line, int& index, std::uint8_t& version) noexcept {
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), index);
  if (error != std::errc{} || index <= 0 || end == line.data() + line.size() || *end != '\t') return false;
  const std::size_t at = line.find_last_of(" \t");
  const std::string_view spoken = line.substr(at + 1);
  if (spoken.size() != 2 || spoken[0] != 'V' || spoken[1] < '1' || spoken[1] > '3') return false;
  version = static_cast<std::uint8_t>(spoken[1] - '0');
  return true;
}

/// "\t\t\t\t030201EF     1 0:00000000\t\t0": the address as the machine would print the word it is kept in.
bool read_group(std::string_view line, IpAddress& group) noexcept {
  const std::string_view text = skip_blanks(line);
  constexpr std::size_t digits = 8;
  std::uint32_t word = 0;
  if (text.size() <= digits || text[digits] != ' ') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, word, 16);
  if (error != std::errc{} || end != text.data() + digits) return false;
  std::array<std::uint8_t, 4> octets{};
  std::memcpy(octets.data(), &word, octets.size());
  group = IpAddress::from_bytes(octets);
  return (octets[0] & 0xf0) == 0xe0;
}

}  // namespace

std::optional<JoinedGroup> JoinedGroupsParser::take(std::string_view line) noexcept {
  if (!line.starts_with('\t')) {
    if (!read_interface(line, index_, version_)) index_ = 0;
    return std::nullopt;
  }
  JoinedGroup joined;
  joined.index = index_;
  joined.version = version_;
  if (index_ == 0 || !read_group(line, joined.group)) return std::nullopt;
  return joined;
}

bool is_all_hosts(const IpAddress& group) noexcept {
  return is_local_network_group(group) && group.octets[3] == 1;
}

bool is_local_network_group(const IpAddress& group) noexcept {
  return group.is_v4() && group.octets[0] == 224 && group.octets[1] == 0 && group.octets[2] == 0;
}

int read_joined_groups(const std::function<void(const JoinedGroup&)>& visit) {
  // /proc/net is that of the process's first thread; older kernels know no other.
  UniqueFd file(::open("/proc/thread-self/net/igmp", O_RDONLY | O_CLOEXEC));
  if (!file.valid()) file = UniqueFd(::open("/proc/net/igmp", O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return errno;

  constexpr std::size_t size_max = 1024 * 1024;
  std::array<char, 4096> text{};
  std::size_t held = 0;  // of a line whose end has not been read yet
  JoinedGroupsParser parser;
  for (std::size_t read_so_far = 0; read_so_far < size_max;) {
    const ssize_t got = ::read(file.get(), text.data() + held, text.size() - held);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) return 0;
    read_so_far += static_cast<std::size_t>(got);
    std::string_view rest(text.data(), held + static_cast<std::size_t>(got));
    for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1)) {
      if (const auto joined = parser.take(rest.substr(0, end))) visit(*joined);
    }
    // No line of the kernel's is nearly as long as the buffer; one that is would be skipped piece by piece.
    held = rest.size() == text.size() ? 0 : rest.size();
    std::memmove(text.data(), rest.data(), held);
  }
  return 0;
}

bool reports_local_network_groups() noexcept {
  const UniqueFd file(::open("/proc/sys/net/ipv4/igmp_link_local_mcast_reports", O_RDONLY | O_CLOEXEC));
  char value = '1';
  if (file.valid() && ::read(file.get(), &value, 1) != 1) return true;
  return value != '0';
}

}  // namespace bondbox::lnx

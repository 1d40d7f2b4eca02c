#include "hal/linux/users.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "hal/linux/run_dir.hpp"

namespace bondbox::lnx {
namespace {

std::optional<unsigned> number_in(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Up to the separator, which is taken off as well.
std::string_view take_field(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view field = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return field;
}

}  // namespace

std::optional<unsigned> find_group(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    std::string_view line = take_field(text, '\n');
    if (take_field(line, ':') != name) continue;
    (void)take_field(line, ':');  // the password
    return number_in(take_field(line, ':'));
  }
  return std::nullopt;
}

Result<unsigned> group_number(const std::string& name) {
  if (const std::optional<unsigned> number = number_in(name)) return *number;
  const Result<std::string> groups = read_file("/etc/group");
  const std::optional<unsigned> found = groups.ok() ? find_group(groups.value(), name) : std::nullopt;
  if (found) return *found;
  return Outcome::failed(ENOENT, "readers: there is no group \"" + name + "\" in /etc/group");
}

bool is_peer_in_charge(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

bool has_hung_up(int fd) {
  pollfd one{fd, 0, 0};
  return ::poll(&one, 1, 0) == 1 && (one.revents & (POLLHUP | POLLERR)) != 0;
}

int let_group_in(const std::string& path, unsigned group) {
  constexpr auto unchanged = static_cast<uid_t>(-1);
  if (::lchown(path.c_str(), unchanged, group) != 0) return errno;
  return ::chmod(path.c_str(), 0660) == 0 ? 0 : errno;
}

bool is_root() {
  return ::geteuid() == 0;
}

}  // namespace bondbox::lnx

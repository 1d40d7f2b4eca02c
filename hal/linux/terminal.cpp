#include "hal/linux/terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "hal/linux/descriptors.hpp"

namespace bondbox::lnx {

struct KeyByKey::Before {
  int fd;
  termios settings;
};

bool is_terminal(int fd) {
  return ::isatty(fd) == 1;
}

std::size_t terminal_rows(int fd) {
  winsize size{};
  constexpr std::size_t of_a_vt100 = 24;
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row != 0 ? size.ws_row : of_a_vt100;
}

std::size_t terminal_columns(int fd) {
  winsize size{};
  constexpr std::size_t of_a_vt100 = 80;
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : of_a_vt100;
}

int open_again(int fd) {
  // The place in a file has to be the same for all who hold it, and a file makes nobody wait.
  if (is_regular_file(fd)) return duplicate(fd);
  const int access = ::fcntl(fd, F_GETFL) & O_ACCMODE;
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const int opened = ::open(path.c_str(), access | O_APPEND * (access == O_WRONLY) | O_NOCTTY | O_CLOEXEC);
  return opened >= 0 ? opened : duplicate(fd);  // a socket, or no /proc
}

int duplicate(int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  return copy >= 0 ? copy : -errno;
}

KeyByKey::KeyByKey(int fd) {
  termios settings{};
  if (::tcgetattr(fd, &settings) != 0) return;
  before_ = std::make_unique<Before>(Before{fd, settings});
  ::cfmakeraw(&settings);
  settings.c_iflag |= IGNPAR;
  (void)::tcsetattr(fd, TCSADRAIN, &settings);
}

KeyByKey::~KeyByKey() {
  if (before_) (void)::tcsetattr(before_->fd, TCSADRAIN, &before_->settings);
}

std::string host_name() {
  utsname names{};
  const std::string name = ::uname(&names) == 0 ? static_cast<const char*>(names.nodename) : "";
  return name == "(none)" ? std::string() : name;
}

}  // namespace bondbox::lnx

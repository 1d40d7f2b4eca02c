#include "hal/linux/kernel_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

namespace bondbox::lnx {
namespace {

constexpr const char* limit_file = "/proc/sys/kernel/printk_devkmsg";
/// A little less than the kernel's own limit, whose intervals begin at another moment than ours.
constexpr int burst_lines_max = 9;
constexpr std::int64_t burst_interval_ms = 5'500;

std::string first_word(const char* path) {
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  std::array<char, 64> text{};
  const ssize_t got = file.valid() ? ::read(file.get(), text.data(), text.size()) : -1;
  const std::string_view all(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  return std::string(all.substr(0, all.find_first_of(" \t\n")));
}

}  // namespace

int KernelLog::open(const char* device) {
  const std::string limit = first_word(limit_file);
  if (limit == "off") return EPERM;
  limited_ = limit != "on";
  device_ = UniqueFd(::open(device, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!device_.valid()) return errno;
  waiting_.begin({}, "bondbox: ", " lines were lost here: there were too many");
  return 0;
}

void KernelLog::flush(std::int64_t now_ms) {
  if (now_ms - burst_begin_ms_ >= burst_interval_ms) {
    burst_begin_ms_ = now_ms;
    burst_lines_ = 0;
  }
  const std::string& lines = waiting_.text();
  std::size_t written = 0;
  while (written < lines.size() && (!limited_ || burst_lines_ < burst_lines_max)) {
    // One write is one record, whatever newlines it has; so each line has its own.
    const std::size_t end = lines.find('\n', written) + 1;
    if (::write(device_.get(), lines.data() + written, end - written) < 0 && (errno == EAGAIN || errno == EINTR)) break;
    written = end;
    ++burst_lines_;
  }
  waiting_.take(written);
}

void let_kernel_log_in() {
  const UniqueFd file(::open(limit_file, O_WRONLY | O_CLOEXEC));
  if (file.valid()) (void)!::write(file.get(), "on\n", 3);
}

bool console_shows(LogLevel level) {
  const std::string shown_below = first_word("/proc/sys/kernel/printk");
  int number = 0;
  const auto [end, error] = std::from_chars(shown_below.data(), shown_below.data() + shown_below.size(), number);
  return error != std::errc{} || static_cast<int>(level) < number;
}

}  // namespace bondbox::lnx

#include "tests/lab/support/pty.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "tests/lab/support/namespace.hpp"

namespace bondbox::lab {

Pty::Pty() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)) {
  std::array<char, 64> name{};
  if (!master_.valid() || ::grantpt(master_.get()) != 0 || ::unlockpt(master_.get()) != 0 ||
      ::ptsname_r(master_.get(), name.data(), name.size()) != 0)
    throw std::runtime_error("no pseudo terminal");
  device_ = name.data();
}

void Pty::type(std::string_view keys) {
  // What comes meanwhile is kept: a program that nobody listens to may stop listening itself.
  const bool typed = wait_until(
      [&] {
        const ssize_t sent = ::write(master_.get(), keys.data(), keys.size());
        if (sent > 0) keys.remove_prefix(static_cast<std::size_t>(sent));
        if (!keys.empty()) kept_ += read_now();
        return keys.empty();
      },
      2'000);
  if (!typed) throw std::runtime_error("nobody takes what is typed");
}

std::string Pty::read_now() const {
  std::array<char, 4096> chunk{};
  const ssize_t got = ::read(master_.get(), chunk.data(), chunk.size());
  return {chunk.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

std::string Pty::read_some() {
  return std::exchange(kept_, {}) + read_now();
}

std::string Pty::reads_until(std::string_view wanted) {
  std::string text;
  (void)wait_until(
      [&] {
        text += read_some();
        return text.find(wanted) != std::string::npos;
      },
      5'000);
  return text;
}

std::size_t Pty::flood(std::string_view pattern, std::size_t bytes) const {
  std::string much;
  while (much.size() < 2'000) much += pattern;
  std::size_t all = 0;
  (void)wait_until(
      [&] {
        const ssize_t sent = ::write(master_.get(), much.data(), much.size());
        if (sent > 0) all += static_cast<std::size_t>(sent);
        return all >= bytes;
      },
      5'000);
  return all;
}

}  // namespace bondbox::lab

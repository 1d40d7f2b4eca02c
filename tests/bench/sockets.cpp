#include "tests/bench/sockets.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace bondbox::bench {

void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

sockaddr_in to_address(const std::string& text, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, text.c_str(), &address.sin_addr) != 1) throw std::runtime_error("bad address " + text);
  return address;
}

lnx::UniqueFd open_socket(const lab::Namespace& space, int type, int limit_ms) {
  const lab::Namespace::Stay inside(space);
  lnx::UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  if (!fd.valid()) fail("no socket");
  const timeval limit{limit_ms / 1000, (limit_ms % 1000) * 1000};
  for (const int name : {SO_RCVTIMEO, SO_SNDTIMEO})
    (void)::setsockopt(fd.get(), SOL_SOCKET, name, &limit, sizeof limit);
  return fd;
}

sockaddr_in bind_any(int fd, const std::string& address) {
  sockaddr_in bound = to_address(address, 0);
  socklen_t length = sizeof bound;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&bound), sizeof bound) != 0) fail("cannot bind to " + address);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length) != 0) fail("no name of a socket");
  return bound;
}

void set_option(int fd, int level, int name, int value) {
  (void)::setsockopt(fd, level, name, &value, sizeof value);
}

}  // namespace bondbox::bench

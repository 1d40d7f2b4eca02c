// A client of the control socket that keeps to no protocol.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <string>
#include <string_view>

#include "hal/linux/unique_fd.hpp"
#include "tests/lab/support/daemon.hpp"

namespace bondbox::lab {

/// A client that connects and then does as the test says. Not valid when it could not connect.
inline lnx::UniqueFd client_of(const Daemon& daemon) {
  lnx::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = daemon.path("control.sock");
  std::memcpy(static_cast<char*>(address.sun_path), path.c_str(), path.size() + 1);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

inline void say(const lnx::UniqueFd& client, std::string_view bytes) {
  (void)::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

}  // namespace bondbox::lab

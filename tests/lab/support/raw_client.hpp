// A client of the control socket that keeps to no protocol.
#pragma once

#include <string_view>

#include "hal/linux/unique_fd.hpp"
#include "tests/lab/support/daemon.hpp"
#include "tests/support/socket_address.hpp"

namespace bondbox::lab {

/// A client that connects and then does as the test says. Not valid when it could not connect.
inline lnx::UniqueFd client_of(const Daemon& daemon) {
  lnx::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = test::socket_address(daemon.path("control.sock"));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

inline void say(const lnx::UniqueFd& client, std::string_view bytes) {
  (void)::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

}  // namespace bondbox::lab

// Sockets of another namespace.
#pragma once

#include <netinet/in.h>

#include <string>

#include "hal/linux/unique_fd.hpp"
#include "tests/lab/support/namespace.hpp"

namespace bondbox::bench {

sockaddr_in to_address(const std::string& text, std::uint16_t port);
/// An IPv4 socket of `space`, whose sends and receives wait at most `limit_ms`.
lnx::UniqueFd open_socket(const lab::Namespace& space, int type, int limit_ms);
/// Binds to any port of `address` and tells which.
sockaddr_in bind_any(int fd, const std::string& address);
void set_option(int fd, int level, int name, int value);
[[noreturn]] void fail(const std::string& what);

}  // namespace bondbox::bench

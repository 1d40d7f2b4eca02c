#include "hal/linux/netlink.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>

namespace bondbox::lnx {

void NetlinkMessage::add(std::uint16_t type, const void* data, std::size_t size) {
  const std::size_t at = NLMSG_ALIGN(header().nlmsg_len);
  const std::size_t end = at + RTA_LENGTH(size);
  if (RTA_ALIGN(end) > bytes_.size()) {
    overflowed_ = true;
    return;
  }
  const rtattr attribute{static_cast<std::uint16_t>(RTA_LENGTH(size)), type};
  std::memcpy(bytes_.data() + at, &attribute, sizeof attribute);
  if (size != 0) std::memcpy(bytes_.data() + at + RTA_LENGTH(0), data, size);
  header().nlmsg_len = static_cast<std::uint32_t>(end);
}

void NetlinkMessage::add_text(std::uint16_t type, std::string_view text) {
  std::array<char, 64> terminated{};
  if (text.size() >= terminated.size()) {
    overflowed_ = true;
    return;
  }
  std::memcpy(terminated.data(), text.data(), text.size());
  add(type, terminated.data(), text.size() + 1);
}

std::size_t NetlinkMessage::open(std::uint16_t type) {
  const std::size_t at = NLMSG_ALIGN(header().nlmsg_len);
  add(type, nullptr, 0);
  return at;
}

void NetlinkMessage::close(std::size_t opened) {
  if (overflowed_) return;
  const auto size = static_cast<std::uint16_t>(header().nlmsg_len - opened);
  std::memcpy(bytes_.data() + opened, &size, sizeof size);
}

Attributes::Attributes(const nlmsghdr& message, std::size_t family_size) {
  const std::size_t begin = NLMSG_SPACE(family_size);
  if (message.nlmsg_len <= begin) return;
  parse({reinterpret_cast<const std::uint8_t*>(&message) + begin, message.nlmsg_len - begin});
}

void Attributes::parse(wire::Bytes all) {
  while (all.size() >= sizeof(rtattr)) {
    rtattr attribute{};
    std::memcpy(&attribute, all.data(), sizeof attribute);
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > all.size()) return;
    const std::size_t type = attribute.rta_type & NLA_TYPE_MASK;
    if (type < slots) found_[type] = all.subspan(sizeof attribute, attribute.rta_len - sizeof attribute);
    all = all.subspan(std::min<std::size_t>(RTA_ALIGN(attribute.rta_len), all.size()));
  }
}

std::uint32_t Attributes::u32(std::uint16_t type, std::uint32_t otherwise) const noexcept {
  if (bytes(type).size() < sizeof otherwise) return otherwise;
  std::uint32_t value = 0;
  std::memcpy(&value, bytes(type).data(), sizeof value);
  return value;
}

std::uint16_t Attributes::u16(std::uint16_t type, std::uint16_t otherwise) const noexcept {
  if (bytes(type).size() < sizeof otherwise) return otherwise;
  std::uint16_t value = 0;
  std::memcpy(&value, bytes(type).data(), sizeof value);
  return value;
}

std::uint8_t Attributes::u8(std::uint16_t type, std::uint8_t otherwise) const noexcept {
  return bytes(type).empty() ? otherwise : bytes(type)[0];
}

std::string_view Attributes::text(std::uint16_t type) const noexcept {
  const wire::Bytes raw = bytes(type);
  const std::string_view all(reinterpret_cast<const char*>(raw.data()), raw.size());
  return all.substr(0, all.find('\0'));
}

int NetlinkSocket::open() {
  fd_ = UniqueFd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd_.valid()) return errno;
  const timeval patience{1, 0};
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) return errno;
  // Without it an error answer carries the whole request back; older kernels do not know the option.
  const int on = 1;
  (void)::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  buffer_ = std::make_unique_for_overwrite<std::uint8_t[]>(buffer_size);
  return 0;
}

int NetlinkSocket::open_listening(std::span<const int> groups) {
  fd_ = UniqueFd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!fd_.valid()) return errno;
  const int bytes = 1024 * 1024;
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
    (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return errno;
  for (const int group : groups) {
    // A kernel without IPv6 has no such groups, and nothing to tell in them.
    if (::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0 &&
        group == RTNLGRP_LINK)
      return errno;
  }
  buffer_ = std::make_unique_for_overwrite<std::uint8_t[]>(buffer_size);
  return 0;
}

int NetlinkSocket::send(NetlinkMessage& message) {
  if (!fd_.valid()) return EBADF;
  if (message.overflowed()) return EMSGSIZE;
  message.header().nlmsg_seq = ++sequence_;
  for (int attempt = 0; attempt < 8; ++attempt) {
    if (::send(fd_.get(), &message.header(), message.header().nlmsg_len, 0) >= 0) return 0;
    if (errno != EINTR) return errno;
  }
  return EINTR;
}

int NetlinkSocket::read_answers(std::uint32_t sequence, const OnMessage& answer, bool& interrupted) {
  constexpr int datagrams_max = 100'000;
  for (int i = 0; i < datagrams_max; ++i) {
    const ssize_t got = ::recv(fd_.get(), buffer_.get(), buffer_size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN ? ETIMEDOUT : errno;
    auto left = static_cast<unsigned>(got);
    for (auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.get()); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      // An answer to an earlier request that timed out.
      if (message->nlmsg_seq != sequence) continue;
      if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted = true;
      if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
        std::int32_t code = 0;
        (void)read_family(*message, code);
        return code < 0 ? -code : 0;
      }
      if (answer) answer(*message);
      if ((message->nlmsg_flags & NLM_F_MULTI) == 0) return 0;
    }
  }
  return ETIMEDOUT;
}

int NetlinkSocket::request(NetlinkMessage& message) {
  message.header().nlmsg_flags |= NLM_F_ACK;
  if (const int error = send(message); error != 0) return error;
  bool interrupted = false;
  return read_answers(sequence_, nullptr, interrupted);
}

int NetlinkSocket::get(NetlinkMessage& message, const OnMessage& answer) {
  if (const int error = send(message); error != 0) return error;
  bool interrupted = false;
  return read_answers(sequence_, answer, interrupted);
}

int NetlinkSocket::dump(NetlinkMessage& message, const std::function<void()>& restart, const OnMessage& answer) {
  message.header().nlmsg_flags |= NLM_F_DUMP;
  int error = 0;
  for (int attempt = 0; attempt < 4; ++attempt) {
    restart();
    if (error = send(message); error != 0) return error;
    bool interrupted = false;
    error = read_answers(sequence_, answer, interrupted);
    if (error != 0 || !interrupted) return error;
  }
  return error;
}

int NetlinkSocket::receive(const OnMessage& event) {
  const ssize_t got = ::recv(fd_.get(), buffer_.get(), buffer_size, MSG_DONTWAIT);
  if (got < 0) return errno == EINTR ? EAGAIN : errno;
  auto left = static_cast<unsigned>(got);
  for (auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.get()); NLMSG_OK(message, left);
       message = NLMSG_NEXT(message, left))
    event(*message);
  return 0;
}

}  // namespace bondbox::lnx

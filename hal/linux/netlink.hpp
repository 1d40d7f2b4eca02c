// rtnetlink (RFC 3549), as much of it as the hardware layer speaks: one message built in a fixed buffer, requests that
// are acknowledged, dumps, and a socket that listens. Every wait is bounded by one second; the kernel answers route
// requests within the send call, so in practice nothing waits.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "hal/linux/unique_fd.hpp"
#include "hal/wire/bytes.hpp"

namespace bondbox::lnx {

/// A request under construction. What does not fit is remembered and makes the request fail with EMSGSIZE.
class NetlinkMessage {
 public:
  /// `family` is the fixed part that follows the netlink header: ifinfomsg, ifaddrmsg, rtmsg, tcmsg, ...
  template <class Family>
  NetlinkMessage(std::uint16_t type, std::uint16_t flags, const Family& family) {
    header().nlmsg_type = type;
    header().nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
    header().nlmsg_len = NLMSG_LENGTH(sizeof family);
    std::memcpy(bytes_.data() + NLMSG_HDRLEN, &family, sizeof family);
  }

  void add(std::uint16_t type, const void* data, std::size_t size);
  void add_u8(std::uint16_t type, std::uint8_t value) { add(type, &value, sizeof value); }
  void add_u16(std::uint16_t type, std::uint16_t value) { add(type, &value, sizeof value); }
  void add_u32(std::uint16_t type, std::uint32_t value) { add(type, &value, sizeof value); }
  void add_bytes(std::uint16_t type, wire::Bytes value) { add(type, value.data(), value.size()); }
  /// With the terminating zero.
  void add_text(std::uint16_t type, std::string_view text);

  /// Attributes added between open and close are nested in one of `type`.
  std::size_t open(std::uint16_t type);
  void close(std::size_t opened);

  nlmsghdr& header() noexcept { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }
  bool overflowed() const noexcept { return overflowed_; }

 private:
  alignas(nlmsghdr) std::array<std::uint8_t, 512> bytes_{};
  bool overflowed_ = false;
};

/// The attributes of a received message, by type. A type that the message does not carry is empty.
class Attributes {
 public:
  Attributes() = default;
  /// Of the message's body behind a family header of `family_size` bytes.
  Attributes(const nlmsghdr& message, std::size_t family_size);
  /// Of a nested attribute's payload.
  explicit Attributes(wire::Bytes nested) { parse(nested); }

  bool has(std::uint16_t type) const noexcept { return type < slots && found_[type].data() != nullptr; }
  wire::Bytes bytes(std::uint16_t type) const noexcept { return type < slots ? found_[type] : wire::Bytes{}; }
  std::uint32_t u32(std::uint16_t type, std::uint32_t otherwise = 0) const noexcept;
  std::uint16_t u16(std::uint16_t type, std::uint16_t otherwise = 0) const noexcept;
  std::uint8_t u8(std::uint16_t type, std::uint8_t otherwise = 0) const noexcept;
  std::string_view text(std::uint16_t type) const noexcept;

 private:
  static constexpr std::size_t slots = 72;  ///< the highest type looked at is IFLA_PERM_ADDRESS, 54
  void parse(wire::Bytes all);
  std::array<wire::Bytes, slots> found_{};
};

/// Reads the family header of a message, or nothing when the message is shorter.
template <class Family>
bool read_family(const nlmsghdr& message, Family& family) {
  if (message.nlmsg_len < NLMSG_LENGTH(sizeof family)) return false;
  std::memcpy(&family, reinterpret_cast<const std::uint8_t*>(&message) + NLMSG_HDRLEN, sizeof family);
  return true;
}

using OnMessage = std::function<void(const nlmsghdr&)>;

/// A NETLINK_ROUTE socket in the network namespace of the thread that opened it. All results are errno values, 0: done.
class NetlinkSocket {
 public:
  int open();
  /// Opens it for listening instead: nonblocking, member of the RTNLGRP_* given.
  int open_listening(std::span<const int> groups);

  /// Sends a request and waits for its acknowledgement.
  int request(NetlinkMessage& message);
  /// Sends a request whose answer is one message.
  int get(NetlinkMessage& message, const OnMessage& answer);
  /// Sends a dump request. Starts over when the table changed meanwhile, so `answer` may see an object twice;
  /// `restart` is called before each try.
  int dump(NetlinkMessage& message, const std::function<void()>& restart, const OnMessage& answer);
  /// Reads one datagram of a listening socket. EAGAIN: nothing there. ENOBUFS: events were lost.
  int receive(const OnMessage& event);

  int fd() const noexcept { return fd_.get(); }

 private:
  static constexpr std::size_t buffer_size = 32 * 1024;  ///< the kernel never makes a larger dump datagram
  int send(NetlinkMessage& message);
  int read_answers(std::uint32_t sequence, const OnMessage& answer, bool& interrupted);

  UniqueFd fd_;
  std::uint32_t sequence_ = 0;
  std::unique_ptr<std::uint8_t[]> buffer_;
};

}  // namespace bondbox::lnx

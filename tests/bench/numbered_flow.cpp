#include "tests/bench/numbered_flow.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <stdexcept>

namespace bondbox::bench {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr int receive_buffer_bytes = 64 * 1024 * 1024;  // of a second's packets, with the kernel's overhead
constexpr std::uint64_t marker = 0x626f6e64626f7831;    // no packet of somebody else's begins so
constexpr std::size_t batch_size = 256;

struct Payload {
  std::uint64_t marker = 0;
  std::uint64_t number = 0;
  std::array<std::uint8_t, 48> filling{};
};
static_assert(sizeof(Payload) == 64);

sockaddr_in address_of(const std::string& text, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, text.c_str(), &address.sin_addr) != 1) throw std::runtime_error("bad address " + text);
  return address;
}

lnx::UniqueFd open_in(const lab::Namespace& space, const std::string& address, std::uint16_t port) {
  const lab::Namespace::Stay inside(space);
  lnx::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_in local = address_of(address, port);
  if (!fd.valid() || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0)
    throw std::runtime_error("no socket on " + address + ": " + std::strerror(errno));
  return fd;
}

timespec to_timespec(std::int64_t ns) {
  return {ns / second_ns, ns % second_ns};
}

}  // namespace

std::int64_t wall_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * second_ns + now.tv_nsec;
}

NumberedFlow::NumberedFlow(const lab::Namespace& from, const std::string& from_address, const lab::Namespace& to,
                           const std::string& to_address, std::uint16_t port, std::size_t capacity)
    : sender_(open_in(from, from_address, 0)), receiver_(open_in(to, to_address, port)), packets_(capacity) {
  const sockaddr_in there = address_of(to_address, port);
  if (::connect(sender_.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0)
    throw std::runtime_error("no way to " + to_address + ": " + std::strerror(errno));
  const int on = 1;
  (void)::setsockopt(receiver_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  if (::setsockopt(receiver_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
      ::setsockopt(receiver_.get(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on) != 0)
    throw std::runtime_error(std::string("packets cannot be stamped: ") + std::strerror(errno));
}

void NumberedFlow::send() {
  if (sent_ == packets_.size()) return;
  const Payload payload{marker, sent_, {}};
  packets_[sent_].sent_ns = wall_ns();
  if (::send(sender_.get(), &payload, sizeof payload, MSG_NOSIGNAL) < 0) ++refused_;
  ++sent_;
}

void NumberedFlow::note(std::uint64_t number, std::int64_t arrived_ns) {
  if (number >= packets_.size()) return;
  Packet& packet = packets_[number];
  if (packet.copies++ != 0) return;
  packet.arrived_ns = arrived_ns;
  packet.reordered = number < highest_;
  highest_ = std::max(highest_.load(), number + 1);
}

void NumberedFlow::receive() {
  static thread_local std::array<mmsghdr, batch_size> messages;
  static thread_local std::array<iovec, batch_size> parts;
  static thread_local std::array<Payload, batch_size> payloads;
  struct alignas(cmsghdr) Control {
    std::array<std::uint8_t, 128> bytes;
  };
  static thread_local std::array<Control, batch_size> controls;
  for (;;) {
    for (std::size_t i = 0; i < batch_size; ++i) {
      parts[i] = {&payloads[i], sizeof(Payload)};
      messages[i].msg_hdr = {};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_control = controls[i].bytes.data();
      messages[i].msg_hdr.msg_controllen = controls[i].bytes.size();
    }
    const int got = ::recvmmsg(receiver_.get(), messages.data(), batch_size, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < got; ++i) {
      const auto at = static_cast<std::size_t>(i);
      msghdr& header = messages[at].msg_hdr;
      std::int64_t stamp = wall_ns();
      for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_SOCKET) continue;
        if (part->cmsg_type == SCM_TIMESTAMPNS) {
          timespec time{};
          std::memcpy(&time, CMSG_DATA(part), sizeof time);
          stamp = time.tv_sec * second_ns + time.tv_nsec;
        } else if (part->cmsg_type == SO_RXQ_OVFL) {
          std::uint32_t dropped = 0;
          std::memcpy(&dropped, CMSG_DATA(part), sizeof dropped);
          overrun_ = dropped;
        }
      }
      if (messages[at].msg_len == sizeof(Payload) && payloads[at].marker == marker) note(payloads[at].number, stamp);
    }
    if (got < static_cast<int>(batch_size)) return;
  }
}

FlowDriver::FlowDriver(std::vector<NumberedFlow*> flows, int rate)
    : flows_(std::move(flows)),
      interval_ns_(second_ns / rate),
      sender_([this] { send_all(); }),
      receiver_([this] { receive_all(); }) {}

void FlowDriver::stop() {
  sending_ = false;
  if (sender_.joinable()) sender_.join();
  if (receiver_.joinable()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    receiving_ = false;
    receiver_.join();
  }
}

/// A packet that is late leaves at once: the rate is kept over time, as an application's would be.
void FlowDriver::send_all() {
  (void)::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  timespec begin{};
  ::clock_gettime(CLOCK_MONOTONIC, &begin);
  for (std::int64_t due = begin.tv_sec * second_ns + begin.tv_nsec; sending_; due += interval_ns_) {
    const timespec until = to_timespec(due);
    (void)::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    for (NumberedFlow* const flow : flows_) flow->send();
  }
}

/// The kernel has stamped the packets, so they need not be taken at once, and what is measured is left alone.
void FlowDriver::receive_all() {
  for (bool last = false; !last;) {
    last = !receiving_;
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    for (NumberedFlow* const flow : flows_) flow->receive();
  }
}

}  // namespace bondbox::bench

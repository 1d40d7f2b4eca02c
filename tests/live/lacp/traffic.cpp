#include "tests/live/lacp/traffic.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <stdexcept>

namespace bondbox::live {
namespace {

constexpr std::uint16_t service = 9'000;
constexpr std::uint16_t first_source = 40'000;
constexpr std::int64_t under_way_ms = 500;
constexpr std::size_t seconds_noted = 120;
constexpr std::size_t batch_size = 64;
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t tick_ns = 1'000'000;
constexpr std::int64_t made_up_ns = second_ns / 10;

struct Label {
  std::uint32_t flow = 0;
  std::uint32_t number = 0;
};

sockaddr_in address_of(const std::string& text, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, text.c_str(), &address.sin_addr) != 1) throw std::runtime_error("bad address " + text);
  return address;
}

std::int64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * second_ns + now.tv_nsec;
}

lnx::UniqueFd bound_socket(const sockaddr_in& local) {
  lnx::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0)
    throw std::runtime_error(std::string("no UDP socket: ") + std::strerror(errno));
  return fd;
}

}  // namespace

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Traffic::Traffic(const lab::Namespace& from, const lab::Namespace& to, const std::string& to_address, int rate)
    : rate_(rate), sent_(flows) {
  // So that no copying of what was noted holds up the sending.
  for (std::vector<Datagram>& flow : sent_) flow.reserve(static_cast<std::size_t>(rate) * seconds_noted / flows);
  {
    const lab::Namespace::Stay inside(to);
    receiver_ = bound_socket(address_of("0.0.0.0", service));
    const int room = 16 * 1024 * 1024;
    (void)::setsockopt(receiver_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  }
  const lab::Namespace::Stay inside(from);
  const sockaddr_in there = address_of(to_address, service);
  for (std::size_t i = 0; i < flows; ++i) {
    // Two apart: the last bit of the hash by ports is shifted out.
    senders_.push_back(bound_socket(address_of("0.0.0.0", static_cast<std::uint16_t>(first_source + 2 * i))));
    if (::connect(senders_.back().get(), reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0)
      throw std::runtime_error("no way to " + to_address);
  }
  thread_ = std::thread([this] { work(); });
}

Traffic::~Traffic() {
  stop();
}

void Traffic::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Traffic::work() {
  std::int64_t next = now_ms();
  const auto wait_until = [this](std::int64_t deadline) {
    for (std::int64_t left = deadline - now_ms(); left > 0; left = deadline - now_ms()) {
      pollfd waiting{receiver_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, static_cast<int>(left)) > 0) take_arrivals();
    }
    take_arrivals();
  };
  if (rate_ > 0) {
    work_at_rate();
  } else {
    while (!stopping_) {
      for (std::size_t flow = 0; flow < flows; ++flow) send(flow, 1);
      // What was slept through is not made up for: that would be a burst.
      next = std::max(next + gap_ms, now_ms());
      wait_until(next);
    }
  }
  wait_until(now_ms() + under_way_ms);
}

/// Woken by the clock alone: to be woken by each datagram would cost more than to send it.
void Traffic::work_at_rate() {
  (void)::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  std::size_t turn = 0;
  std::int64_t sent_until = monotonic_ns();
  for (std::int64_t due = sent_until; !stopping_; due = std::max(due + tick_ns, monotonic_ns())) {
    const timespec until{due / second_ns, due % second_ns};
    (void)::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    const std::int64_t now = monotonic_ns();
    sent_until = std::max(sent_until, now - made_up_ns);
    const std::int64_t owed = (now - sent_until) * rate_ / second_ns;
    sent_until += owed * second_ns / rate_;
    const auto count = static_cast<std::size_t>(owed);
    for (std::size_t i = 0; i < flows; ++i) send((turn + i) % flows, count / flows + (i < count % flows ? 1 : 0));
    turn = (turn + count) % flows;
    take_arrivals();
  }
}

/// So many datagrams of the flow, in as few calls as it takes.
void Traffic::send(std::size_t flow, std::size_t count) {
  std::array<Label, batch_size> labels;
  std::array<iovec, batch_size> parts;
  std::array<mmsghdr, batch_size> messages{};
  for (std::size_t size = 0; count > 0; count -= size) {
    size = std::min(count, batch_size);
    const std::int64_t now = now_ms();
    for (std::size_t i = 0; i < size; ++i) {
      labels[i] = {static_cast<std::uint32_t>(flow), static_cast<std::uint32_t>(sent_[flow].size())};
      sent_[flow].push_back({now, 0});
      parts[i] = {&labels[i], sizeof(Label)};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    (void)::sendmmsg(senders_[flow].get(), messages.data(), static_cast<unsigned>(size), 0);
  }
}

/// Takes all that has come.
void Traffic::take_arrivals() {
  std::array<Label, batch_size> labels;
  std::array<iovec, batch_size> parts;
  std::array<mmsghdr, batch_size> messages{};
  for (std::size_t i = 0; i < batch_size; ++i) {
    parts[i] = {&labels[i], sizeof(Label)};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (int got = batch_size; got == static_cast<int>(batch_size);) {
    got = ::recvmmsg(receiver_.get(), messages.data(), batch_size, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < got; ++i) {
      const Label& label = labels[static_cast<std::size_t>(i)];
      if (messages[static_cast<std::size_t>(i)].msg_len != sizeof(Label)) continue;
      if (label.flow >= flows || label.number >= sent_[label.flow].size()) continue;
      ++sent_[label.flow][label.number].arrivals;
      ++arrived_;
    }
  }
}

Traffic::Report Traffic::report(std::int64_t since, std::int64_t until) const {
  Report report;
  for (const std::vector<Datagram>& flow : sent_) {
    std::int64_t last_arrived = since;
    for (const Datagram& datagram : flow) {
      if (datagram.sent_at < since || datagram.sent_at >= until) continue;
      ++report.sent;
      if (datagram.arrivals == 0) {
        const std::int64_t after = datagram.sent_at - since;
        report.first_loss_ms = report.lost == 0 ? after : std::min(report.first_loss_ms, after);
        ++report.lost;
        report.longest_gap_ms =
            std::max(report.longest_gap_ms, datagram.sent_at + (rate_ > 0 ? 1 : gap_ms) - last_arrived);
      } else {
        last_arrived = datagram.sent_at;
      }
      if (datagram.arrivals > 1) ++report.doubled;
    }
  }
  return report;
}

}  // namespace bondbox::live

#include "tests/live/lacp/traffic.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace bondbox::live {
namespace {

constexpr std::uint16_t service = 9'000;
constexpr std::uint16_t first_source = 40'000;
constexpr std::int64_t under_way_ms = 500;

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
    : sent_(flows) {
  if (rate > 0) {
    const int rounds_a_second = std::max(rate / static_cast<int>(flows), 1);
    gap_ms_ = std::max(1'000 / rounds_a_second, 1);
    rounds_ = std::max(rounds_a_second * gap_ms_ / 1'000, 1);
  }
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
  while (!stopping_) {
    for (int i = 0; i < rounds_; ++i) send_round();
    // What was slept through is not made up for: that would be a burst.
    next = std::max(next + gap_ms_, now_ms());
    wait_until(next);
  }
  wait_until(now_ms() + under_way_ms);
}

void Traffic::send_round() {
  for (std::size_t flow = 0; flow < flows; ++flow) {
    const Label label{static_cast<std::uint32_t>(flow), static_cast<std::uint32_t>(sent_[flow].size())};
    sent_[flow].push_back({now_ms(), 0});
    (void)::send(senders_[flow].get(), &label, sizeof label, 0);
  }
}

void Traffic::take_arrivals() {
  Label label;
  while (::recv(receiver_.get(), &label, sizeof label, 0) == static_cast<ssize_t>(sizeof label)) {
    if (label.flow >= flows || label.number >= sent_[label.flow].size()) continue;
    ++sent_[label.flow][label.number].arrivals;
    ++arrived_;
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
        report.longest_gap_ms = std::max(report.longest_gap_ms, datagram.sent_at + gap_ms_ - last_arrived);
      } else {
        last_arrived = datagram.sent_at;
      }
      if (datagram.arrivals > 1) ++report.doubled;
    }
  }
  return report;
}

}  // namespace bondbox::live

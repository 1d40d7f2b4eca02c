#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/bench/counters.hpp"
#include "tests/bench/interrupt.hpp"
#include "tests/bench/sockets.hpp"
#include "tests/bench/statistics.hpp"
#include "tests/bench/traffic.hpp"

namespace bondbox::bench {
namespace {

constexpr std::size_t payload = 64;
constexpr unsigned batch = 32;
constexpr int patience_ms = 100;
constexpr double warm_up_s = 0.1;
constexpr std::size_t sequences_max = std::size_t{1} << 24;

/// Messages of `payload` bytes with a number in front, and what the system calls want of them.
class Messages {
 public:
  Messages() {
    for (unsigned i = 0; i < batch; ++i) {
      parts_[i] = {bytes_[i].data(), payload};
      headers_[i] = {};
      headers_[i].msg_hdr.msg_iov = &parts_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  void set(unsigned index, std::uint64_t number) { std::memcpy(bytes_[index].data(), &number, sizeof number); }
  std::uint64_t get(unsigned index) const {
    std::uint64_t number = 0;
    std::memcpy(&number, bytes_[index].data(), sizeof number);
    return number;
  }
  mmsghdr* headers() noexcept { return headers_.data(); }

 private:
  std::array<std::array<char, payload>, batch> bytes_{};
  std::array<iovec, batch> parts_{};
  std::array<mmsghdr, batch> headers_{};
};

/// Sends numbered packets as fast as it can until it goes.
class Flood {
 public:
  Flood(const lab::Namespace& from, const sockaddr_in& to) : fd_(open_socket(from, SOCK_DGRAM, patience_ms)) {
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("UDP does not connect");
    thread_ = std::thread([this] { work(); });
  }
  ~Flood() {
    stopping_ = true;
    thread_.join();
  }
  std::uint64_t sent() const noexcept { return sent_.load(std::memory_order_relaxed); }

 private:
  void work() {
    Messages messages;
    std::uint64_t next = 0;
    while (!stopping_.load(std::memory_order_relaxed)) {
      for (unsigned i = 0; i < batch; ++i) messages.set(i, next + i);
      const int done = ::sendmmsg(fd_.get(), messages.headers(), batch, 0);
      if (done <= 0) continue;
      next += static_cast<unsigned>(done);
      sent_.store(next, std::memory_order_relaxed);
    }
  }

  lnx::UniqueFd fd_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> sent_ = 0;
  std::thread thread_;
};

/// Reads what comes and remembers which numbers it has seen.
class Reader {
 public:
  Reader(const lab::Namespace& space, const std::string& address)
      : fd_(open_socket(space, SOCK_DGRAM, patience_ms)), seen_(sequences_max / 64) {
    set_option(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20);
    address_ = bind_any(fd_.get(), address);
    thread_ = std::thread([this] { work(); });
  }
  ~Reader() {
    stopping_ = true;
    thread_.join();
  }
  const sockaddr_in& address() const noexcept { return address_; }
  std::uint64_t distinct() const noexcept { return distinct_.load(std::memory_order_relaxed); }
  std::uint64_t duplicates() const noexcept { return duplicates_.load(std::memory_order_relaxed); }

 private:
  void work() {
    Messages messages;
    while (!stopping_.load(std::memory_order_relaxed)) {
      const int got = ::recvmmsg(fd_.get(), messages.headers(), batch, MSG_WAITFORONE, nullptr);
      std::uint64_t fresh = 0;
      for (int i = 0; i < got; ++i) {
        const std::uint64_t number = messages.get(static_cast<unsigned>(i)) % sequences_max;
        std::uint64_t& word = seen_[number / 64];
        const std::uint64_t bit = std::uint64_t{1} << (number % 64);
        if ((word & bit) == 0) ++fresh;
        word |= bit;
      }
      if (got <= 0) continue;
      distinct_.fetch_add(fresh, std::memory_order_relaxed);
      duplicates_.fetch_add(static_cast<std::uint64_t>(got) - fresh, std::memory_order_relaxed);
    }
  }

  lnx::UniqueFd fd_;
  sockaddr_in address_{};
  std::vector<std::uint64_t> seen_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> distinct_ = 0;
  std::atomic<std::uint64_t> duplicates_ = 0;
  std::thread thread_;
};

void stay_on_cpu_0() {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  (void)::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
}

/// Sends back whatever comes.
class Echo {
 public:
  Echo(const lab::Namespace& space, const std::string& address) : fd_(open_socket(space, SOCK_DGRAM, patience_ms)) {
    address_ = bind_any(fd_.get(), address);
    thread_ = std::thread([this] { work(); });
  }
  ~Echo() {
    stopping_ = true;
    thread_.join();
  }
  const sockaddr_in& address() const noexcept { return address_; }

 private:
  void work() {
    stay_on_cpu_0();
    std::array<char, payload> bytes{};
    while (!stopping_.load(std::memory_order_relaxed)) {
      sockaddr_in peer{};
      socklen_t length = sizeof peer;
      const ssize_t got =
          ::recvfrom(fd_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&peer), &length);
      if (got > 0)
        (void)::sendto(fd_.get(), bytes.data(), static_cast<std::size_t>(got), 0,
                       reinterpret_cast<const sockaddr*>(&peer), length);
    }
  }

  lnx::UniqueFd fd_;
  sockaddr_in address_{};
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

struct Ping {
  std::vector<double> us;
  std::uint64_t lost = 0;
};

/// Asks and waits for the answer, again and again, until the time is over or ten questions in a row stay unanswered.
Ping ping(int fd, double seconds) {
  constexpr std::uint64_t lost_in_a_row_max = 10;
  Ping result;
  result.us.reserve(1 << 17);
  std::array<char, payload> bytes{};
  std::uint64_t number = 0;
  std::uint64_t in_a_row = 0;
  const double end = now_s() + seconds;
  for (double begin = now_s(); begin < end && in_a_row < lost_in_a_row_max && !is_interrupted(); begin = now_s()) {
    ++number;
    std::memcpy(bytes.data(), &number, sizeof number);
    (void)::send(fd, bytes.data(), bytes.size(), 0);
    std::uint64_t answered = 0;
    // An answer that comes late belongs to a question that was given up.
    while (answered != number && ::recv(fd, bytes.data(), bytes.size(), 0) > 0)
      std::memcpy(&answered, bytes.data(), sizeof answered);
    if (answered == number) {
      result.us.push_back((now_s() - begin) * 1e6);
      in_a_row = 0;
    } else {
      ++result.lost;
      ++in_a_row;
    }
  }
  return result;
}

}  // namespace

UdpRate udp_delivered(const Way& way, double seconds) {
  const Reader reader(way.to, way.address);
  const Flood flood(way.from, reader.address());
  pause_for(warm_up_s);
  const std::uint64_t before = reader.distinct();
  const double begin = now_s();
  pause_for(seconds);
  const std::uint64_t after = reader.distinct();
  const double end = now_s();
  if (after == before) throw std::runtime_error("no UDP packet arrives");
  return {static_cast<double>(after - before) / (end - begin), reader.duplicates(), flood.sent()};
}

double udp_arriving_per_s(const Way& way, double seconds) {
  const lnx::UniqueFd nobody = open_socket(way.to, SOCK_DGRAM, patience_ms);
  set_option(nobody.get(), SOL_SOCKET, SO_RCVBUF, 2048);
  const Flood flood(way.from, bind_any(nobody.get(), way.address));
  pause_for(warm_up_s);
  const std::uint64_t before = udp_arrived(way.to);
  const double begin = now_s();
  pause_for(seconds);
  const std::uint64_t after = udp_arrived(way.to);
  const double end = now_s();
  if (after == before) throw std::runtime_error("no UDP packet arrives");
  return static_cast<double>(after - before) / (end - begin);
}

RoundTrip round_trip(const Way& way, double seconds) {
  const Echo echo(way.to, way.address);
  const lnx::UniqueFd fd = open_socket(way.from, SOCK_DGRAM, patience_ms);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&echo.address()), sizeof(sockaddr_in)) != 0)
    fail("UDP does not connect");
  Ping result;
  std::thread([&] {
    stay_on_cpu_0();
    (void)ping(fd.get(), warm_up_s);
    result = ping(fd.get(), seconds);
  }).join();
  stop_if_interrupted();
  if (result.us.empty()) throw std::runtime_error("no answer to a ping");
  return {median(result.us), percentile(result.us, 0.99), result.lost};
}

bool comes_through(const Way& way, double limit_s) {
  const Echo echo(way.to, way.address);
  const lnx::UniqueFd fd = open_socket(way.from, SOCK_DGRAM, patience_ms);
  for (const double end = now_s() + limit_s; now_s() < end; pause_for(0.02)) {
    // Without an address of its own yet there is no route.
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&echo.address()), sizeof(sockaddr_in)) != 0) continue;
    if (!ping(fd.get(), 0.02).us.empty()) return true;
  }
  return false;
}

}  // namespace bondbox::bench

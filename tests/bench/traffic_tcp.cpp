#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/bench/interrupt.hpp"
#include "tests/bench/sockets.hpp"
#include "tests/bench/traffic.hpp"

namespace bondbox::bench {
namespace {

constexpr std::size_t block = 128 * 1024;  // as iperf3
constexpr int patience_ms = 3'000;
constexpr double warm_up_s = 0.2;  // slow start is over, buffers have grown

/// One connection with a thread at each end.
class Stream {
 public:
  Stream(const Way& way, const std::string& congestion) {
    const lnx::UniqueFd listener = open_socket(way.to, SOCK_STREAM, patience_ms);
    const sockaddr_in address = bind_any(listener.get(), way.address);
    if (::listen(listener.get(), 1) != 0) fail("cannot listen");
    sender_ = open_socket(way.from, SOCK_STREAM, patience_ms);
    if (!congestion.empty() && ::setsockopt(sender_.get(), IPPROTO_TCP, TCP_CONGESTION, congestion.data(),
                                            static_cast<socklen_t>(congestion.size())) != 0)
      fail("no congestion control " + congestion);
    if (::connect(sender_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      fail("TCP does not connect to " + way.address);
    receiver_ = lnx::UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!receiver_.valid()) fail("TCP does not accept");
    reader_ = std::thread([this] { read(); });
    writer_ = std::thread([this] { write(); });
  }
  ~Stream() {
    for (const int fd : {sender_.get(), receiver_.get()}) ::shutdown(fd, SHUT_RDWR);
    writer_.join();
    reader_.join();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  std::uint64_t received() const noexcept { return received_.load(std::memory_order_relaxed); }

 private:
  void write() {
    const std::vector<char> bytes(block, 'b');
    while (::send(sender_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0) {
    }
  }
  void read() {
    std::vector<char> bytes(block);
    for (ssize_t got = 1; got > 0;) {
      got = ::recv(receiver_.get(), bytes.data(), bytes.size(), 0);
      if (got > 0) received_.fetch_add(static_cast<std::uint64_t>(got), std::memory_order_relaxed);
    }
  }

  lnx::UniqueFd sender_;
  lnx::UniqueFd receiver_;
  std::atomic<std::uint64_t> received_ = 0;
  std::thread reader_;
  std::thread writer_;
};

}  // namespace

double tcp_bytes_per_s(const Way& way, int streams, const std::string& congestion, double seconds,
                       const Window& window) {
  std::vector<std::unique_ptr<Stream>> all;
  for (int i = 0; i < streams; ++i) all.push_back(std::make_unique<Stream>(way, congestion));
  const auto received = [&] {
    std::uint64_t sum = 0;
    for (const auto& stream : all) sum += stream->received();
    return sum;
  };
  pause_for(warm_up_s);
  window.begin();
  const std::uint64_t before = received();
  const double begin = now_s();
  pause_for(seconds);
  const std::uint64_t after = received();
  const double end = now_s();
  window.end();
  if (after == before) throw std::runtime_error("TCP came to a stop");
  return static_cast<double>(after - before) / (end - begin);
}

}  // namespace bondbox::bench

// Numbered UDP packets between two namespaces, both ways at once, and what became of each.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "hal/linux/unique_fd.hpp"
#include "tests/lab/support/namespace.hpp"

namespace bondbox::bench {

/// CLOCK_REALTIME, in which the kernel stamps what it receives.
std::int64_t wall_ns();

/// One direction. Sent by one thread, received by another; to be read when both have ended.
class NumberedFlow {
 public:
  /// Room for `capacity` packets. Throws where the sockets cannot be opened.
  NumberedFlow(const lab::Namespace& from, const std::string& from_address, const lab::Namespace& to,
               const std::string& to_address, std::uint16_t port, std::size_t capacity);

  void send();
  /// Takes all that has come.
  void receive();

  struct Packet {
    std::int64_t sent_ns = 0;
    std::int64_t arrived_ns = 0;  ///< 0: never
    std::uint16_t copies = 0;     ///< that arrived
    bool reordered = false;
  };
  const std::vector<Packet>& packets() const noexcept { return packets_; }
  std::size_t sent() const noexcept { return sent_; }
  /// The number after the highest that has arrived; may be asked while it runs.
  std::uint64_t highest() const noexcept { return highest_; }
  std::uint64_t refused() const noexcept { return refused_; }
  std::uint64_t overrun() const noexcept { return overrun_; }

 private:
  void note(std::uint64_t number, std::int64_t arrived_ns);

  lnx::UniqueFd sender_;
  lnx::UniqueFd receiver_;
  std::vector<Packet> packets_;
  std::size_t sent_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t overrun_ = 0;
  std::atomic<std::uint64_t> highest_ = 0;
};

/// Sends on some flows at a steady rate and receives, in two threads, until it is destroyed or stop() is called.
class FlowDriver {
 public:
  FlowDriver(std::vector<NumberedFlow*> flows, int rate);
  ~FlowDriver() { stop(); }
  FlowDriver(const FlowDriver&) = delete;
  FlowDriver& operator=(const FlowDriver&) = delete;
  /// What is still on its way has half a second.
  void stop();

 private:
  void send_all();
  void receive_all();

  std::vector<NumberedFlow*> flows_;
  std::int64_t interval_ns_;
  std::atomic<bool> sending_ = true;
  std::atomic<bool> receiving_ = true;
  std::thread sender_;
  std::thread receiver_;
};

}  // namespace bondbox::bench

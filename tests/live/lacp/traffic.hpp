// Datagrams of many flows from one house to another, numbered, so that what was lost can be said, and since when.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "hal/linux/unique_fd.hpp"
#include "tests/lab/support/namespace.hpp"

namespace bondbox::live {

/// Milliseconds of a clock that only goes forward.
std::int64_t now_ms();

class Traffic {
 public:
  static constexpr std::size_t flows = 8;  ///< each from a port of its own
  static constexpr int gap_ms = 100;       ///< between two datagrams of a flow, where nothing else is asked for

  /// `rate`: datagrams a second, sent in a batch of each flow once a millisecond; what is slept through, up to a tenth
  /// of a second, is made up for. 0: one of each flow in gap_ms.
  Traffic(const lab::Namespace& from, const lab::Namespace& to, const std::string& to_address, int rate = 0);
  ~Traffic();
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  struct Report {
    std::size_t sent = 0;
    std::size_t lost = 0;
    std::size_t doubled = 0;
    std::int64_t first_loss_ms = 0;   ///< after `since`
    std::int64_t longest_gap_ms = 0;  ///< the longest that one flow was without an arrival, in sending times
  };
  /// Of what was sent from `since` to `until` (now_ms).
  Report report(std::int64_t since, std::int64_t until) const;
  /// How many have arrived until now.
  std::size_t arrived() const noexcept { return arrived_; }
  /// Sends no more, and waits until what is under way has arrived.
  void stop();

 private:
  struct Datagram {
    std::int64_t sent_at = 0;
    std::size_t arrivals = 0;
  };

  void work();
  void work_at_rate();
  void send(std::size_t flow, std::size_t count);
  void take_arrivals();

  int rate_ = 0;
  std::vector<lnx::UniqueFd> senders_;
  lnx::UniqueFd receiver_;
  std::vector<std::vector<Datagram>> sent_;  ///< by flow; the thread's alone until stop()
  std::atomic<std::size_t> arrived_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace bondbox::live

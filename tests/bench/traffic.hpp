// The traffic: senders and receivers as threads of the bench, each with a socket of the namespace it belongs to. All
// throw std::runtime_error when there is no way through, and Interrupted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tests/lab/support/namespace.hpp"

namespace bondbox::bench {

/// From one namespace to an address in another.
struct Way {
  const lab::Namespace& from;
  const lab::Namespace& to;
  std::string address;  ///< IPv4, of `to`
};

/// Called when the time that counts begins, and when it has ended.
struct Window {
  std::function<void()> begin = [] {};
  std::function<void()> end = [] {};
};

/// Bytes per second that arrive in `streams` connections together. `congestion`: the algorithm; empty: the machine's.
double tcp_bytes_per_s(const Way& way, int streams, const std::string& congestion, double seconds,
                       const Window& window = {});

struct UdpRate {
  double per_s = 0;              ///< different packets that were read
  std::uint64_t duplicates = 0;  ///< packets that were read again
  std::uint64_t sent = 0;
};
/// One sender as fast as it can, 64 bytes of payload, and a program that reads.
UdpRate udp_delivered(const Way& way, double seconds);
/// The same with nobody reading: what the stack of `to` gets for a socket that is full, per second.
double udp_arriving_per_s(const Way& way, double seconds);

struct RoundTrip {
  double median_us = 0;
  double p99_us = 0;
  std::uint64_t lost = 0;
};
/// 64-byte ping-pong over UDP. Both programs run on CPU 0: a wake-up across CPUs costs a virtual machine tens of
/// microseconds, which would hide what is measured.
RoundTrip round_trip(const Way& way, double seconds);

/// Waits until packets come through, at most so long; whether they did.
bool comes_through(const Way& way, double limit_s);

}  // namespace bondbox::bench

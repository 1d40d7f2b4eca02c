// What the two cables of a machine under QEMU lead to, without any privilege: a learning switch and, behind it, a host
// at 192.168.10.254 that answers ARP and pings and pings the machine itself. QEMU hands over every frame of a network
// card as one datagram of a Unix socket.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "hal/linux/unique_fd.hpp"
#include "hal/wire/bytes.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"
#include "tests/image/support/web_client.hpp"

namespace bondbox::image {

class FarSide {
 public:
  static constexpr std::size_t cables = 2;

  /// Sockets are made in the directory; throws when they cannot be.
  explicit FarSide(const std::string& directory);
  ~FarSide();
  FarSide(const FarSide&) = delete;
  FarSide& operator=(const FarSide&) = delete;

  /// QEMU's words for the cables net0 and net1.
  std::vector<std::string> qemu_words() const;

  /// Pings the machine each 20 ms from now on.
  void start_pinging() { pinging_ = true; }
  /// The number of the ping that is sent next.
  std::size_t next_ping() const;
  /// How many of the pings from `from` up to `to` were never answered.
  std::size_t unanswered(std::size_t from, std::size_t to) const;
  /// Whether a ping sent at `from` or later has been answered, or is within the limit.
  bool is_answered(std::size_t from, int limit_ms) const;
  /// The same, the answer having come by the cable.
  bool is_answered_by(std::size_t cable, std::size_t from, int limit_ms) const;

  /// Asks the machine's web server for a path, as the host behind the switch; headers and body, empty: no answer within
  /// the limit. It has to have pinged the machine.
  std::string fetch(const std::string& path, int limit_ms);

 private:
  using Clock = std::chrono::steady_clock;
  struct Ping {
    bool answered = false;
    std::size_t cable = 0;
  };

  void work();
  void take(std::size_t cable, wire::Bytes frame);
  void take_arp(wire::Bytes payload);
  void take_ip(std::size_t cable, wire::Bytes frame, wire::Bytes payload);
  void ping();
  void speak_to_server();
  void send(wire::Bytes frame);
  void send_by(std::size_t cable, wire::Bytes frame);

  std::string directory_;
  std::array<lnx::UniqueFd, cables> sockets_;
  std::map<std::array<std::uint8_t, 6>, std::size_t> learned_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> pinging_{false};
  bool knows_machine_ = false;
  MacAddress machine_;
  mutable std::mutex mutex_;
  std::vector<Ping> pings_;
  std::optional<WebClient> client_;
  std::uint16_t fetches_ = 0;
  std::thread thread_;
};

}  // namespace bondbox::image

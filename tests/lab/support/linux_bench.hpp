// What the lab tests of hal/linux share: a port cabled to a peer, a bond0, and something that moves frames between.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "hal/linux/linux_hardware.hpp"
#include "tests/lab/support/namespace.hpp"

namespace bondbox::lab {

using lnx::LinuxHardware;
using Frame = std::vector<std::uint8_t>;

inline constexpr MacAddress station{{0x02, 0, 0, 0, 0x0a, 0x01}};
inline constexpr MacAddress stranger{{0x02, 0, 0, 0, 0x0a, 0x99}};
inline constexpr int patience_ms = 3'000;

/// A frame from somebody else, with `after_addresses` behind its addresses (the ethertype, or tags and the ethertype)
/// and filled up with 0x5a.
Frame make_frame(MacAddress destination, const std::vector<std::uint8_t>& after_addresses, std::size_t size = 80);

/// p0 in the appliance's namespace, down, cabled to q0 in the peer's, up. Both have the same interface index.
struct Bench {
  Namespace host;
  Namespace peer;
  ScratchDirectory run;
  std::vector<std::string> log;

  Bench();
  LinuxHardware hardware() {
    return LinuxHardware(run.path(), [this](std::string text) { log.push_back(std::move(text)); });
  }
  /// All that a claim may change about an interface, as the tools show it, and the journals there are.
  std::string portrait(const std::string& name = "p0") const;
};

std::unique_ptr<Nic> open_p0(LinuxHardware& hardware);
std::unique_ptr<HostPort> open_bond0(LinuxHardware& hardware);

bool comes_up(Nic& nic);

/// Up, and a frame has passed each way: for a few milliseconds after the link has come, both kernels still drop what
/// they are given to send (linkwatch starts the queues later).
bool carries(const Bench& bench, Nic& nic);

/// One packet in a batch of its own.
class OnePacket {
 public:
  explicit OnePacket(const Frame& frame) : batch_(1) {
    BOOST_REQUIRE(batch_.prepare().assign(frame));
    batch_.commit();
    packet_ = &batch_[0];
  }
  std::span<const Packet* const> span() const { return {&packet_, 1}; }

 private:
  PacketBatch batch_;
  const Packet* packet_ = nullptr;
};

/// The first received frame that carries `marker` as its last byte; empty when none comes.
Frame receive_marked(Nic& nic, std::uint8_t marker, int limit_ms = patience_ms);

/// Moves frames between a host port and a NIC in a thread, as the forwarder would, and notes what it saw.
class Pump {
 public:
  Pump(HostPort& host, Nic& nic) : host_(host), nic_(nic), thread_([this] { work(); }) {}
  ~Pump() { stop(); }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  struct Side {
    std::size_t longest = 0;
    std::size_t gso_frames = 0;
    std::size_t partial_checksums = 0;
    std::size_t refused = 0;
    int last_error = 0;
  };
  Side out;  ///< valid after stop()
  Side in;

 private:
  template <class From, class To>
  void move(From& from, To& to, Side& side);
  void work();

  HostPort& host_;
  Nic& nic_;
  PacketBatch batch_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

/// bond0 with one port and the addresses that the tests speak to: 10.9.0.1 and fd09::1 here, .2 and ::2 on the peer.
struct Appliance {
  Bench bench;
  Namespace::Stay inside{bench.host};
  LinuxHardware hardware = bench.hardware();
  std::unique_ptr<HostPort> bond0 = open_bond0(hardware);
  std::unique_ptr<Nic> nic = open_p0(hardware);

  explicit Appliance(std::uint32_t mtu = 1500);
};

/// Sends `total` bytes of a pattern over TCP from one namespace to another, and says whether they all arrived intact.
bool stream(const Namespace& from, const Namespace& to, const char* address, std::size_t total);

}  // namespace bondbox::lab

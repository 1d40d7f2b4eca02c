// A bond's ports and host whose further channels make numbered frames and check what is sent on them: what the tests of
// several loops forward between.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "firmware/bond_loops.hpp"
#include "firmware/worker.hpp"
#include "tests/support/fake_host_port.hpp"
#include "tests/support/fake_nic.hpp"

namespace bondbox::test {

/// Runs no thread: a test calls the workers' serve() itself, or from threads that it makes.
class HandLoops final : public LoopHost {
 public:
  explicit HandLoops(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) workers_.push_back(std::make_unique<Worker>(i, tables_));
  }
  Worker& worker(std::size_t number) { return *workers_[number]; }

  std::size_t workers() const noexcept override { return workers_.size(); }
  std::optional<std::size_t> add(LoopShare& share) override {
    table_[slot] = &share;
    tables_.publish(table_);
    return slot;
  }
  void remove(std::size_t) override {
    table_[slot] = nullptr;
    const ShareTables::Epoch epoch = tables_.publish(table_);
    while (!tables_.passed(epoch)) pause();
  }
  void watch(std::size_t worker, std::size_t, std::size_t, int handle) override { watched.insert({worker, handle}); }
  void forget(std::size_t worker, int handle) override { watched.erase({worker, handle}); }
  void pause() override {
    std::this_thread::yield();
    if (during_pause) during_pause();
  }
  int wake_handle() const noexcept override { return -1; }
  void take_wake() override {}

  static constexpr std::size_t slot = 5;
  std::set<std::pair<std::size_t, int>> watched;  ///< worker and descriptor
  std::function<void()> during_pause;

 private:
  ShareTables tables_;
  ShareTable table_{};
  std::vector<std::unique_ptr<Worker>> workers_;
};

/// What channels of a bench do and see; the threads' alone or atomic.
struct LoopTraffic {
  std::atomic<std::uint64_t> made_by_host = 0;
  std::atomic<std::uint64_t> made_by_ports = 0;
  std::atomic<std::uint64_t> sent = 0;       ///< frames that ports were given
  std::atomic<std::uint64_t> delivered = 0;  ///< frames that the host was given
  std::atomic<std::uint64_t> wrong_port = 0;
  std::atomic<std::uint64_t> after_close = 0;
  std::array<bool, max_ports> lost_link{};  ///< of a port, as its channels tell
  int waiting = 0;                          ///< batches that are told to wait in the host's channel
  int handles = 0;                          ///< that were given to channels
};

/// The address that the plan of a generation has frames leave with.
inline MacAddress generation_mac(std::uint64_t generation) {
  return {{0x02, 0xee, static_cast<std::uint8_t>(generation >> 24), static_cast<std::uint8_t>(generation >> 16),
           static_cast<std::uint8_t>(generation >> 8), static_cast<std::uint8_t>(generation)}};
}
inline std::uint64_t mac_generation(const std::uint8_t* at) {
  return std::uint64_t{at[2]} << 24 | std::uint64_t{at[3]} << 16 | std::uint64_t{at[4]} << 8 | at[5];
}

constexpr std::size_t bench_ports = 4;
/// In the plan of a generation this one alone sends.
inline PortId generation_port(std::uint64_t generation) {
  return {static_cast<std::uint8_t>(generation % bench_ports)};
}

/// Makes frames of which every 16th is ARP. What is sent on a port must be as the plan that it names by its source
/// address says.
class BenchChannel final : public Channel {
 public:
  BenchChannel(LoopTraffic& traffic, std::optional<PortId> port)
      : traffic_(traffic), port_(port), handle_(++traffic.handles) {}
  ~BenchChannel() override { alive_ = false; }

  std::size_t receive(PacketBatch& batch) override {
    if (!alive_) ++traffic_.after_close;
    constexpr std::size_t count = 8;
    std::array<std::uint8_t, 60> frame{0x02, 0, 0, 0, 0x0b, 1, 0x02, 0, 0, 0, 0x0a, 1};
    for (std::size_t i = 0; i < count; ++i) {
      const bool arp = ++made_ % 16 == 0;
      frame[12] = 0x08;
      frame[13] = arp ? 0x06 : 0x01;
      batch.prepare().assign(frame);
      batch.commit();
    }
    (port_ ? traffic_.made_by_ports : traffic_.made_by_host) += count;
    if (!port_ && traffic_.waiting > 0) --traffic_.waiting;
    return count;
  }
  TransmitResult transmit(std::span<const Packet* const> packets) override {
    if (!alive_) ++traffic_.after_close;
    for (const Packet* const packet : packets) {
      if (!port_) continue;
      const std::uint64_t generation = mac_generation(packet->frame().data() + 6);
      // A frame that its own port could not take has moved, and has that port's address; see plan_of().
      if (packet->frame()[6 + 1] != 0xee || !(generation_port(generation) == *port_)) ++traffic_.wrong_port;
    }
    (port_ ? traffic_.sent : traffic_.delivered) += packets.size();
    return {packets.size(), 0};
  }
  bool has_link() override { return !has_lost_link(); }
  bool has_lost_link() override { return port_ && traffic_.lost_link[port_->index]; }
  bool has_waiting() const noexcept override { return !port_ && traffic_.waiting > 0; }
  int wait_handle() const noexcept override { return handle_; }
  const NicCounters& counters() const noexcept override { return counters_; }

 private:
  LoopTraffic& traffic_;
  std::optional<PortId> port_;
  NicCounters counters_;
  int handle_;
  std::uint64_t made_ = 0;
  bool alive_ = true;
};

class BenchNic final : public FakeNic {
 public:
  BenchNic(LoopTraffic& traffic, PortId port) : traffic_(traffic), port_(port) {}
  Result<std::unique_ptr<Channel>> open_channel() override {
    return std::unique_ptr<Channel>(std::make_unique<BenchChannel>(traffic_, port_));
  }
  Outcome spread_flows(bool on) override {
    spreads = on;
    return Outcome::done();
  }
  bool spreads = false;

 private:
  LoopTraffic& traffic_;
  PortId port_;
};

class BenchHost final : public FakeHostPort {
 public:
  explicit BenchHost(LoopTraffic& traffic) : traffic_(traffic) {}
  Result<std::unique_ptr<Channel>> open_channel() override {
    if (refuses) return Outcome::failed(EPERM, "not for you");
    return std::unique_ptr<Channel>(std::make_unique<BenchChannel>(traffic_, std::nullopt));
  }
  Outcome spread_flows(bool on) override {
    spreads = on;
    return Outcome::done();
  }
  bool spreads = false;
  bool refuses = false;

 private:
  LoopTraffic& traffic_;
};

/// Everything leaves on the generation's port under the generation's address; ARP of the host goes to the policy.
inline ForwardingPlan plan_of(std::uint64_t generation) {
  ForwardingPlan plan;
  plan.generation = generation;
  plan.transmit.spread = Spread::single;
  const PortId port = generation_port(generation);
  plan.transmit.usable.push_back(port);
  for (PortRule& rule : plan.ports) rule.deliver = deliver_unicast;
  plan.ports[port.index].source_mac = generation_mac(generation);
  plan.punt = punt_arp_sent;
  return plan;
}

}  // namespace bondbox::test

// A short cut that carries nothing and remembers everything: what a bond asked of it, in order, and what a test puts
// into its counters.
#pragma once

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hal/sim/sim_hardware.hpp"

namespace bondbox::test {

/// Outlives the offloads that are opened with it.
struct OffloadRecord {
  Outcome open_answer = Outcome::failed(EOPNOTSUPP, "there is nothing below");
  Outcome publish_answer;
  Outcome progress;          ///< the answer of keep_up and finish
  std::string pending;       ///< what has yet to come before a plan is executed
  std::string refused_port;  ///< by name; empty: none
  OffloadCounters counters;  ///< of the one that is open
  bool link_doubt = false;
  int opened = 0;
  int open = 0;
  int renewals = 0;
  int reads = 0;
  std::vector<std::string> calls;         ///< "open", "add e0", "publish serves", "publish", "remove e0", "close"
  std::vector<wire::FastPlan> published;  ///< of all that were opened
  std::array<std::string, max_ports> ports;

  const wire::FastPlan& plan() const { return published.back(); }
  bool serves() const { return open != 0 && !published.empty() && plan().serves != 0; }
};

class FakeOffload final : public Offload {
 public:
  explicit FakeOffload(OffloadRecord& record) : record_(record) {
    ++record_.opened;
    ++record_.open;
    record_.counters = {};
    record_.calls.push_back("open");
  }
  ~FakeOffload() override {
    --record_.open;
    record_.ports = {};
    record_.calls.push_back("close");
  }

  std::string_view kind() const noexcept override { return "fake"; }
  Outcome add_port(PortId port, Nic& nic) override {
    if (nic.name() == record_.refused_port) return Outcome::failed(EPERM, "the kernel refuses it");
    record_.ports[port.index] = nic.name();
    record_.calls.push_back("add " + std::string(nic.name()));
    return Outcome::done();
  }
  void remove_port(PortId port) override {
    record_.calls.push_back("remove " + record_.ports[port.index]);
    record_.ports[port.index].clear();
  }
  Outcome publish(const wire::FastPlan& plan) override {
    if (!record_.publish_answer.ok()) return record_.publish_answer;
    record_.published.push_back(plan);
    record_.calls.push_back(plan.serves != 0 ? "publish serves" : "publish");
    return Outcome::done();
  }
  Outcome keep_up() override { return record_.progress; }
  Outcome finish() override {
    record_.pending.clear();
    return record_.progress;
  }
  std::string_view pending() const noexcept override { return record_.pending; }
  void renew_lease() override { ++record_.renewals; }
  Outcome read(OffloadCounters& counters) override {
    ++record_.reads;
    counters = record_.counters;
    return Outcome::done();
  }
  bool take_link_doubt() override { return std::exchange(record_.link_doubt, false); }
  int wait_handle() const noexcept override { return -1; }
  int progress_handle() const noexcept override { return -1; }

 private:
  OffloadRecord& record_;
};

/// The simulated machine with something below its host ports.
class OffloadingHardware final : public Hardware {
 public:
  explicit OffloadingHardware(sim::SimWorld& world) : machine_(world) {}

  OffloadRecord record;

  Result<std::unique_ptr<Nic>> open_nic(std::string_view name, LinkSource source) override {
    return machine_.open_nic(name, source);
  }
  bool has_interface(std::string_view name) override { return machine_.has_interface(name); }
  Result<std::unique_ptr<HostPort>> open_host_port(std::string_view name, std::size_t queues = 1,
                                                   std::size_t = 1) override {
    return machine_.open_host_port(name, queues);
  }
  Result<std::unique_ptr<Offload>> open_offload(HostPort&) override {
    if (!record.open_answer.ok()) return record.open_answer;
    return std::unique_ptr<Offload>(std::make_unique<FakeOffload>(record));
  }
  void poll_events(FixedVector<HardwareEvent, 64>& events) override { machine_.poll_events(events); }
  int wait_handle() const noexcept override { return machine_.wait_handle(); }

 private:
  sim::SimHardware machine_;
};

}  // namespace bondbox::test

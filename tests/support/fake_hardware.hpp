// A machine of fakes: every NIC exists, and nothing happens but what a test puts in.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hal/hardware.hpp"
#include "tests/support/fake_host_port.hpp"
#include "tests/support/fake_nic.hpp"

namespace bondbox::test {

class FakeHardware final : public Hardware {
 public:
  /// What was opened last under each name; owned by whoever opened it.
  std::map<std::string, FakeNic*> nics;
  std::map<std::string, FakeHostPort*> hosts;
  std::vector<HardwareEvent> waiting;
  int handle = -1;

  Result<std::unique_ptr<Nic>> open_nic(std::string_view name, LinkSource source) override {
    const MacAddress mac{{0x02, 0, 0, 0, 0x0a, static_cast<std::uint8_t>(nics.size())}};
    auto nic = std::make_unique<FakeNic>(std::string(name), mac);
    nic->source = source;
    nics[std::string(name)] = nic.get();
    return std::unique_ptr<Nic>(std::move(nic));
  }
  bool has_interface(std::string_view) override { return true; }
  Result<std::unique_ptr<HostPort>> open_host_port(std::string_view name, std::size_t = 1, std::size_t = 1) override {
    auto host = std::make_unique<FakeHostPort>(std::string(name));
    hosts[std::string(name)] = host.get();
    return std::unique_ptr<HostPort>(std::move(host));
  }
  void poll_events(FixedVector<HardwareEvent, 64>& events) override {
    while (!waiting.empty() && events.push_back(waiting.front())) waiting.erase(waiting.begin());
  }
  int wait_handle() const noexcept override { return handle; }
};

}  // namespace bondbox::test

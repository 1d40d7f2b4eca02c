#include <memory>

#include "firmware/forwarder.hpp"
#include "tests/bench/micro/frames.hpp"
#include "tests/bench/micro/items.hpp"
#include "tests/support/fake_host_port.hpp"
#include "tests/support/fake_nic.hpp"

namespace bondbox::bench {
namespace {

/// Takes every frame and forgets it.
class OpenNic final : public test::FakeNic {
 public:
  TransmitResult transmit(std::span<const Packet* const> packets) override { return {packets.size(), 0}; }
};
class OpenHostPort final : public test::FakeHostPort {
 public:
  TransmitResult transmit(std::span<const Packet* const> packets) override { return {packets.size(), 0}; }
};

struct Scene {
  explicit Scene(ForwardingPlan the_plan) : plan(std::move(the_plan)) {
    for (std::size_t i = 0; i < plan.transmit.usable.size(); ++i) nics[i] = &ports[i];
    for (std::uint32_t i = 0; i < PacketBatch::frames_max; ++i) {
      (void)batch.prepare().assign(tcp_frame(i, 0, 80));
      batch.commit();
    }
  }
  ForwardingPlan plan;
  std::array<OpenNic, max_ports> ports;
  NicTable nics{};
  OpenHostPort host;
  PacketBatch batch;
  Forwarder forwarder;
};

Item out(std::string key, std::string title, ForwardingPlan plan) {
  const auto scene = std::make_shared<Scene>(std::move(plan));
  return {std::move(key), std::move(title), PacketBatch::frames_max,
          [scene] { scene->forwarder.host_to_ports(scene->batch, scene->plan, scene->nics); }};
}

Item in(std::string key, std::string title, ForwardingPlan plan) {
  const auto scene = std::make_shared<Scene>(std::move(plan));
  return {std::move(key), std::move(title), PacketBatch::frames_max, [scene] {
            scene->forwarder.port_to_host(scene->batch, PortId{0}, scene->plan, scene->host, scene->host.mac());
          }};
}

}  // namespace

std::vector<Item> forwarder_items() {
  std::vector<Item> items;
  for (const Mode mode : {Mode::balance_rr, Mode::active_backup, Mode::balance_xor, Mode::broadcast, Mode::lacp_8023ad,
                          Mode::balance_tlb, Mode::balance_alb}) {
    const std::string name = mode_name(mode);
    items.push_back(out("forward_out_" + name, "forward out, " + name, plan_of(mode, 2)));
    items.push_back(in("forward_in_" + name, "forward in, " + name, plan_of(mode, 2)));
  }
  for (const std::size_t ports : {1U, 2U, 4U, 8U})
    items.push_back(out("forward_out_ports_" + std::to_string(ports),
                        "forward out, balance-xor, " + std::to_string(ports) + (ports == 1 ? " port" : " ports"),
                        plan_of(Mode::balance_xor, ports)));
  return items;
}

}  // namespace bondbox::bench

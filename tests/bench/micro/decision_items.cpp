#include <memory>

#include "policies/choice.hpp"
#include "policies/transmit_hash.hpp"
#include "tests/bench/micro/frames.hpp"
#include "tests/bench/micro/items.hpp"

namespace bondbox::bench {
namespace {

constexpr std::array modes{Mode::balance_rr,  Mode::active_backup, Mode::balance_xor, Mode::broadcast,
                           Mode::lacp_8023ad, Mode::balance_tlb,   Mode::balance_alb};

/// Chooses a port for one frame after the other.
Item choice(std::string key, std::string title, ForwardingPlan plan, std::vector<FrameBytes> frames) {
  struct State {
    ForwardingPlan plan;
    std::vector<FrameBytes> frames;
    std::uint32_t number = 0;
  };
  const auto state = std::make_shared<State>(State{std::move(plan), std::move(frames)});
  return {std::move(key), std::move(title), static_cast<std::uint32_t>(state->frames.size()), [state] {
            for (const FrameBytes& frame : state->frames) {
              const Choice chosen = choose_port(state->plan, frame, ++state->number, 0);
              keep(&chosen);
            }
          }};
}

std::vector<FrameBytes> flows(std::uint32_t count, bool tagged = false) {
  std::vector<FrameBytes> frames;
  for (std::uint32_t i = 0; i < count; ++i)
    frames.push_back(tcp_frame(i, static_cast<std::uint16_t>(tagged ? i % 4094 + 1 : 0), 80));
  return frames;
}

}  // namespace

std::vector<Item> hash_items() {
  constexpr std::array<std::pair<HashPolicy, const char*>, 6> policies{{{HashPolicy::layer2, "layer2"},
                                                                        {HashPolicy::layer23, "layer2+3"},
                                                                        {HashPolicy::layer34, "layer3+4"},
                                                                        {HashPolicy::encap23, "encap2+3"},
                                                                        {HashPolicy::encap34, "encap3+4"},
                                                                        {HashPolicy::vlan_srcmac, "vlan+srcmac"}}};
  std::vector<Item> items;
  for (const auto& [policy, name] : policies) {
    items.push_back(
        {std::string("hash_") + name, std::string("hash ") + name, 1, [policy = policy, frame = tcp_frame(7)] {
           const std::uint32_t hash = transmit_hash(policy, frame);
           keep(&hash);
         }});
  }
  items.push_back({"hash_destination_ip", "bucket by destination", 1, [frame = tcp_frame(7)] {
                     const auto bucket = transmit_bucket(BucketKey::destination_ip, HashPolicy::layer2, frame);
                     keep(&bucket);
                   }});
  return items;
}

std::vector<Item> decision_items() {
  std::vector<Item> items;
  for (const Mode mode : modes)
    items.push_back(choice(std::string("choose_") + mode_name(mode), std::string("choose, ") + mode_name(mode),
                           plan_of(mode, 2), flows(64)));
  for (const std::size_t ports : {1U, 2U, 4U, 8U})
    items.push_back(choice("choose_xor_ports_" + std::to_string(ports),
                           "choose, balance-xor, " + std::to_string(ports) + (ports == 1 ? " port" : " ports"),
                           plan_of(Mode::balance_xor, ports), flows(64)));
  for (const std::uint32_t vlans : {1U, 64U, 1024U, 4094U})
    items.push_back(choice("choose_xor_vlans_" + std::to_string(vlans),
                           "choose, balance-xor, " + std::to_string(vlans) + (vlans == 1 ? " VLAN" : " VLANs"),
                           plan_of(Mode::balance_xor, 2), flows(vlans, true)));
  return items;
}

}  // namespace bondbox::bench

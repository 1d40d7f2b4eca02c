// Options at random: those that a bond is made with, and those that are written while it runs.
#include "tests/swarm/generate.hpp"

namespace bondbox::swarm {
namespace {

std::string word(const char* name, const std::string& value) {
  return std::string(name) + "=" + value;
}
std::string word(const char* name, std::int64_t value) {
  return word(name, std::to_string(value));
}

constexpr const char* hash_policies[] = {"layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"};
constexpr const char* on_off[] = {"on", "off"};
constexpr const char* selects[] = {"stable", "bandwidth", "count", "actor_port_prio"};
constexpr const char* reselects[] = {"always", "better", "failure"};
constexpr const char* validations[] = {"none", "active", "backup", "all", "filter", "filter_active", "filter_backup"};
/// In modes where every port is asked over, and answers come back on one: who validates would give the others up.
constexpr const char* spread_validations[] = {"none", "none", "filter"};

constexpr const char* rules[] = {"any", "all", "all", "quorum:2"};

void draw_damping(Draft& draft, Words& words) {
  Random& random = draft.random;
  if (!random.chance(200)) return;
  words.push_back(word("flap_damping", random.between(500, 5'000)));
  words.push_back(word("flap_hold_max", random.between(1'000, 10'000)));
  if (random.chance(300)) words.push_back(word("flap_suppress", random.between(1'001, 4'000)));
  if (random.chance(300)) words.push_back(word("flap_reuse", random.between(1, 1'000)));
}

/// The first station's, or the bond's at the other end.
const char* ipv6_target(const Draft& draft, bool is_far) {
  return !draft.stations.empty() ? "fd10::b" : is_far ? "fd10::1" : "fd10::2";
}

void draw_monitor(Draft& draft, bool is_far, Words& words) {
  Random& random = draft.random;
  if (random.chance(100)) words.push_back("use_carrier=0");
  if (!draft.arp) {
    constexpr std::int64_t polls[] = {0, 0, 0, 1, 2, 5};
    if (draft.mode < 4 && random.chance(40)) {
      words.insert(words.end(), {"unmonitored=1", "miimon=0"});
      return;
    }
    words.push_back(word("miimon", draft.interval_ms));
    words.push_back(word("updelay", draft.interval_ms * random.pick(polls)));
    words.push_back(word("downdelay", draft.interval_ms * random.pick(polls)));
    if (random.chance(300)) words.push_back(word("peer_notif_delay", draft.interval_ms * random.pick(polls)));
    return;
  }
  const bool combined = random.chance(350);
  if (combined) {
    words.push_back(word("monitor", random.pick(rules)));
    words.push_back(word("miimon", draft.interval_ms));
    if (random.chance(300)) words.push_back(word("updelay", draft.interval_ms * 2));
  }
  words.push_back(word("arp_interval", draft.interval_ms));
  const bool second = draft.stations.size() > 1 && random.chance(400);
  const std::string station = second ? "10.0.0.11,10.0.0.12" : "10.0.0.11";
  const bool v6 = random.chance(300);
  if (v6) words.push_back(word("ns_ip6_target", ipv6_target(draft, is_far)));
  // Two bonds that ask each other hear each other's questions, while no answer can leave: of one kind.
  if (!v6 || draft.stations.empty() || random.chance(700))
    words.push_back(word("arp_ip_target", !draft.stations.empty() ? station : is_far ? "10.0.0.1" : "10.0.0.2"));
  words.push_back(word("arp_missed_max", random.between(2, 4)));
  if (!combined && random.chance(500))
    words.push_back(word("arp_validate", draft.mode == 1 ? random.pick(validations) : random.pick(spread_validations)));
  if (draft.mode == 1 && random.chance(300)) words.push_back("arp_all_targets=all");
}

void draw_lacp(Draft& draft, const std::string& bond, bool is_far, Words& words) {
  Random& random = draft.random;
  if (random.chance(600)) words.push_back("lacp_rate=fast");
  if (is_far && random.chance(250)) words.push_back("lacp_active=off");
  if (!is_far && random.chance(50)) words.push_back("lacp_active=off");
  if (random.chance(400)) words.push_back(word("ad_select", random.pick(selects)));
  if (random.chance(200)) words.push_back("coupled_control=off");
  if (random.chance(150)) words.push_back(word("monitor", random.pick(rules)));
  if (random.chance(150)) words.push_back("lacp_strict=on");
  if (random.chance(200)) words.push_back("lacp_fallback=off");
  if (random.chance(200)) words.push_back("broadcast_neighbor=on");
  if (random.chance(200)) words.push_back(word("min_links", random.between(0, 2)));
  if (random.chance(200)) words.push_back(word("ad_user_port_key", random.between(0, 1023)));
  if (random.chance(200)) words.push_back(word("ad_actor_sys_prio", random.between(1, 65'535)));
  if (random.chance(150)) words.push_back(word("ad_actor_system", std::string("02:00:00:00:0d:0") + bond.back()));
}

/// Words that make no bond, each for a reason of its own, in most modes.
constexpr const char* wrong_words[] = {"miimon=banana",
                                       "mode=9",
                                       "packets_per_slave=70000",
                                       "arp_interval=-1",
                                       "primary=",
                                       "lacp_rate=medium",
                                       "xmit_hash_policy=layer9",
                                       "no_such_option=1",
                                       "min_links=x",
                                       "ad_actor_sys_prio=0",
                                       "lp_interval=0",
                                       "arp_missed_max=0",
                                       "offload=bpf",
                                       "miimon=0",
                                       "ns_ip6_target=10.0.0.2"};

}  // namespace

Words draw_options(Draft& draft, const std::string& bond, const Words& ports, bool is_far) {
  Random& random = draft.random;
  Words words{word("mode", draft.mode)};
  draw_monitor(draft, is_far, words);
  draw_damping(draft, words);
  const auto any_port = [&] { return ports[random.below(static_cast<std::uint32_t>(ports.size()))]; };
  if (random.chance(300)) words.push_back(word("num_grat_arp", random.between(0, 3)));
  if (random.chance(100)) words.push_back(word("resend_igmp", random.between(0, 3)));
  if (draft.mode == 0) {
    constexpr std::int64_t packets[] = {0, 1, 2, 7, 100};
    if (random.chance(500)) words.push_back(word("packets_per_slave", random.pick(packets)));
  }
  if (draft.mode == 1) {
    constexpr const char* rules[] = {"none", "none", "active", "follow"};
    words.push_back(word("fail_over_mac", random.pick(rules)));
  }
  if (random.chance(50)) words.push_back("all_slaves_active=1");
  if (draft.mode == 2 || draft.mode == 4) {
    words.push_back(word("xmit_hash_policy", random.pick(hash_policies)));
    if (random.chance(300)) words.push_back("xmit_hash_resilient=1");
  }
  if (draft.mode == 1 || draft.mode >= 5) {
    if (random.chance(400)) words.push_back(word("primary", any_port()));
    if (random.chance(300)) words.push_back(word("primary_reselect", random.pick(reselects)));
    if (random.chance(200)) words.push_back(word("revert_delay", random.between(1, 5'000)));
  }
  if (draft.mode == 4) draw_lacp(draft, bond, is_far, words);
  if (draft.mode >= 5) {
    if (random.chance(300)) words.push_back("tlb_dynamic_lb=0");
    if (random.chance(300)) words.push_back("rebalance=kernel");
    if (random.chance(300)) words.push_back(word("lp_interval", random.between(1, 10)));
    if (draft.mode == 6 && random.chance(300)) words.push_back("nd_balance=0");
    if (random.chance(300)) words.push_back(word("xmit_hash_policy", random.pick(hash_policies)));
  }
  if (random.chance(15)) words.push_back(random.pick(wrong_words));
  return words;
}

namespace {

Words draw_timing(Draft& draft) {
  Random& random = draft.random;
  if (draft.arp) {
    constexpr const char* intervals[] = {"50", "100", "200", "400"};
    switch (random.below(7)) {
      case 4:
        return {"ns_ip6_target", random.chance(500) ? "+fd10::2" : random.chance(500) ? "+fd10::b" : "-fd10::2"};
      case 5:
        if (draft.stations.size() > 1) return {"arp_ip_target", random.chance(500) ? "+10.0.0.12" : "-10.0.0.12"};
        return {"arp_ip_target", "+10.0.0.99"};
      case 6:
        return {"miimon", random.pick(intervals)};  // and the ARP monitor is off, until it has an interval again
      case 0:
        return {"arp_interval", random.pick(intervals)};
      case 1:
        return {"arp_missed_max", std::to_string(random.between(2, 5))};
      case 2:
        return {"arp_validate", draft.mode == 1 ? random.pick(validations) : random.pick(spread_validations)};
      default:
        return {"arp_all_targets", random.chance(500) ? "all" : "any"};
    }
  }
  constexpr const char* polls[] = {"20", "50", "100", "200", "77"};
  constexpr const char* delays[] = {"0", "100", "200", "400", "1000", "333"};
  switch (random.below(4)) {
    case 0:
      return {"miimon", random.pick(polls)};
    case 1:
      return {"updelay", random.pick(delays)};
    case 2:
      return {"downdelay", random.pick(delays)};
    default:
      return {"peer_notif_delay", random.pick(delays)};
  }
}

/// What most bonds have to refuse.
Words draw_wrong(Draft& draft) {
  constexpr const char* wrong[][2] = {{"mode", "3"},
                                      {"miimon", "0"},
                                      {"miimon", "-1"},
                                      {"updelay", "banana"},
                                      {"fail_over_mac", "1"},
                                      {"lacp_rate", "medium"},
                                      {"primary", "nobody9"},
                                      {"no_such_option", "1"},
                                      {"ad_actor_system", "01:00:00:00:00:00"},
                                      {"arp_ip_target", "+999.1.1.1"},
                                      {"slaves", "+nobody9"},
                                      {"slaves", "-nobody9"},
                                      {"queue_id", "e0:99"},
                                      {"prio", "e0"},
                                      {"active_slave", "nobody9"},
                                      {"tlb_dynamic_lb", "5"},
                                      {"num_grat_arp", "256"}};
  const auto& [name, value] = wrong[draft.random.below(std::size(wrong))];
  return {name, value};
}

/// What every bond has, whatever its mode makes of it.
Words draw_common(Draft& draft, const std::string& port) {
  Random& random = draft.random;
  constexpr const char* numbers[][4] = {{"num_unsol_na", "0", "1", "3"},         {"resend_igmp", "0", "1", "3"},
                                        {"all_slaves_active", "0", "0", "1"},    {"use_carrier", "0", "1", "1"},
                                        {"busy_poll_us", "0", "50", "10000"},    {"offload", "off", "auto", "bpf"},
                                        {"flap_damping", "0", "500", "3000"},    {"flap_suppress", "1500", "2500", "9"},
                                        {"flap_reuse", "1", "700", "2000"},      {"flap_hold_max", "1000", "4000", "0"},
                                        {"unmonitored", "0", "1", "1"},          {"num_grat_arp", "0", "2", "4"},
                                        {"peer_notif_delay", "0", "100", "200"}, {"packets_per_slave", "0", "1", "3"}};
  const std::uint32_t kind = random.below(std::size(numbers) + 3);
  if (kind < std::size(numbers)) return {numbers[kind][0], numbers[kind][1 + random.below(3)]};
  if (kind == std::size(numbers)) return {"queue_id", port + ":" + std::to_string(random.below(4))};
  return {"slaves", (random.chance(500) ? "-" : "+") + port};
}

Words draw_active_port_write(Draft& draft, const std::string& port) {
  Random& random = draft.random;
  switch (random.below(7)) {
    case 5:
      return {"revert_delay", std::to_string(random.below(3'000))};
    case 6:
      if (draft.mode == 1) return {"monitor", random.chance(300) ? "off" : random.pick(rules)};
      return {"xmit_hash_policy", random.pick(hash_policies)};
    case 0:
      return {"primary", port};
    case 1:
      return {"primary"};
    case 2:
      return {"primary_reselect", random.pick(reselects)};
    case 3:
      return {"prio", port + ":" + std::to_string(random.between(0, 4) - 2)};
    default:
      return {"active_slave", port};
  }
}

Words draw_lacp_write(Draft& draft, const std::string& port) {
  Random& random = draft.random;
  switch (random.below(14)) {
    case 7:
      return {"lacp_active", random.pick(on_off)};
    case 8:
      return {"lacp_strict", random.pick(on_off)};
    case 9:
      return {"ad_actor_sys_prio", std::to_string(random.below(65'536))};
    case 10:
      return {"ad_actor_system", random.chance(500) ? "00:00:00:00:00:00" : "02:00:00:00:0d:0" + port.substr(1)};
    case 11:
      return {"xmit_hash_policy", random.pick(hash_policies)};
    case 12:
      return {"monitor", random.chance(300) ? "off" : random.pick(rules)};
    case 0:
      return {"lacp_rate", random.chance(500) ? "slow" : "fast"};
    case 1:
      return {"ad_select", random.pick(selects)};
    case 2:
      return {"coupled_control", random.pick(on_off)};
    case 3:
      return {"ad_user_port_key", std::to_string(random.below(1024))};
    case 4:
      return {"actor_port_prio", port + ":" + std::to_string(random.below(65'536))};
    case 5:
      return {"min_links", std::to_string(random.below(3))};
    case 6:
      return {"lacp_fallback", random.pick(on_off)};
    default:
      return {"broadcast_neighbor", random.pick(on_off)};
  }
}

}  // namespace

Words draw_write(Draft& draft, const Words& ports) {
  Random& random = draft.random;
  const std::string& port = ports[random.below(static_cast<std::uint32_t>(ports.size()))];
  if (random.chance(150)) return draw_wrong(draft);
  if (random.chance(350)) return draw_timing(draft);
  if (random.chance(250)) return draw_common(draft, port);
  switch (draft.mode) {
    case 0:
      return {"packets_per_slave", std::to_string(random.below(9))};
    case 1:
      return draw_active_port_write(draft, port);
    case 2:
      if (random.chance(300)) return {"xmit_hash_resilient", random.chance(500) ? "1" : "0"};
      return {"xmit_hash_policy", random.pick(hash_policies)};
    case 4:
      if (random.chance(200)) return {"xmit_hash_resilient", random.chance(500) ? "1" : "0"};
      return draw_lacp_write(draft, port);
    case 5:
    case 6:
      if (random.chance(500)) return draw_active_port_write(draft, port);
      if (random.chance(300)) return {"tlb_dynamic_lb", random.chance(500) ? "1" : "0"};
      if (random.chance(300)) return {"nd_balance", random.chance(500) ? "1" : "0"};
      if (random.chance(300)) return {"lp_interval", std::to_string(random.between(1, 5))};
      return {"rebalance", random.chance(500) ? "kernel" : "bounded"};
    default:
      return {"num_grat_arp", std::to_string(random.below(4))};
  }
}

}  // namespace bondbox::swarm

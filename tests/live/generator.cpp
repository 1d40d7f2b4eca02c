#include "tests/live/generator.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <random>

#include "policies/modes.hpp"

namespace bondbox::live {
namespace {

// bondbox uses a port that comes back when the kernel has started its queue, up to a second after its carrier.
constexpr int queue_start_ms = 1'000;
constexpr int margin_ms = 400;

class Generator {
 public:
  Generator(Mode mode, std::uint32_t seed) : engine_(seed * 7919U + static_cast<std::uint32_t>(mode)) {
    scenario_.mode = mode;
    scenario_.title = std::string("seed ") + std::to_string(seed);
    scenario_.ports = 2 + below(3);
  }

  Scenario make() {
    choose_options();
    if (is_mode({Mode::lacp_8023ad})) monitor_ms_ = 5'500;  // expired, defaulted, chosen
    link_.fill(true);
    enslaved_.fill(true);
    const int count = 4 + below(is_mode({Mode::lacp_8023ad}) ? 2 : 4);
    for (int i = 0; i < count; ++i) choose_step();
    send();
    return std::move(scenario_);
  }

 private:
  int below(int bound) { return static_cast<int>(engine_() % static_cast<std::uint32_t>(bound)); }
  bool once_in(int n) { return below(n) == 0; }
  std::string pick(std::initializer_list<const char*> values) {
    return *(values.begin() + below(static_cast<int>(values.size())));
  }
  std::string port_name() { return "e" + std::to_string(below(scenario_.ports)); }
  bool is_mode(std::initializer_list<Mode> modes) const {
    return std::find(modes.begin(), modes.end(), scenario_.mode) != modes.end();
  }

  void option(const char* name, const std::string& value) { scenario_.options.emplace_back(name, value); }
  void step(int ms, const std::string& action) { scenario_.steps.push_back({ms, action}); }

  void choose_options() {
    if (has_arp_monitor(scenario_.mode) && once_in(4)) {
      choose_arp_monitor();
    } else {
      option("miimon", pick({"50", "100", "100", "100"}));
      // Mode 4 has waits enough of its own, and after a minute its churn states move too.
      const bool may_wait = !is_mode({Mode::lacp_8023ad});
      if (may_wait && once_in(4)) option("downdelay", std::to_string(downdelay_ = 2'500));
      if (may_wait && once_in(4)) option("updelay", std::to_string(updelay_ = 3'000));
    }
    if (is_mode({Mode::active_backup})) {
      if (once_in(2)) option("num_grat_arp", std::to_string(announcements_ = below(4)));
      if (once_in(3)) option("peer_notif_delay", std::to_string(announcement_gap_ = 200 + 100 * below(2)));
      if (once_in(3)) option("fail_over_mac", pick({"active", "follow", "none"}));
    }
    if (has_active_port(scenario_.mode) && once_in(3))
      option("primary_reselect", pick({"better", "failure", "always"}));
    if (is_mode({Mode::balance_xor, Mode::lacp_8023ad, Mode::balance_tlb, Mode::balance_alb}) && !once_in(3))
      option("xmit_hash_policy", pick({"layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"}));
    if (is_mode({Mode::balance_tlb, Mode::balance_alb}) && once_in(2)) option("tlb_dynamic_lb", pick({"0", "1"}));
    if (is_mode({Mode::balance_rr}) && once_in(2)) option("packets_per_slave", pick({"1", "2", "3", "7"}));
    if (is_mode({Mode::lacp_8023ad})) {
      if (once_in(2)) option("lacp_rate", pick({"fast", "slow"}));
      if (once_in(4)) option("lacp_active", pick({"off", "on"}));
      if (once_in(3)) option("ad_select", pick({"bandwidth", "count", "stable"}));
      if (once_in(4)) option("min_links", std::to_string(below(3)));
      if (once_in(4)) option("ad_actor_sys_prio", pick({"1", "1000", "0", "65535"}));
      if (once_in(4)) option("ad_user_port_key", pick({"1", "1000", "1023", "1024"}));
      if (once_in(4)) option("ad_actor_system", pick({"02:00:00:00:0f:01", "01:00:00:00:0f:01", "00:00:00:00:00:00"}));
    }
    if (once_in(5)) option("all_slaves_active", "1");
    if (once_in(8)) option(pick({"lacp_rate", "packets_per_slave", "tlb_dynamic_lb", "arp_validate"}).c_str(), "1");
  }

  void choose_arp_monitor() {
    option("arp_ip_target", std::string("+") + arp_target);
    option("arp_interval", "200");
    if (is_mode({Mode::active_backup}) && once_in(2))
      option("arp_validate", pick({"active", "backup", "all", "filter", "filter_active", "filter_backup"}));
    if (once_in(3)) option("arp_missed_max", pick({"1", "3"}));
    // Until the last answer is too old, and until one candidate after the other has been asked.
    monitor_ms_ = 2'000;
  }

  /// Long enough for a failover and all that is said because of it.
  int settle_ms() const {
    if (scenario_.mode != Mode::active_backup) return 600 + monitor_ms_;
    return 600 + monitor_ms_ + announcements_ * std::max(110, announcement_gap_ + 20);
  }

  void choose_step() {
    const int which = below(20);
    if (which < 6) return change_link(below(scenario_.ports));
    if (which < 8) return send();
    if (which < 10) return receive();
    if (which < 11) return step(400, "ask " + std::to_string(below(scenario_.ports)));
    if (which < 13) return change_membership(below(scenario_.ports));
    if (which < 14 && has_active_port(scenario_.mode) && once_in(3)) {
      // The kernel takes it over netlink alone, where a wrong mode has no errno of its own.
      return step(settle_ms(), "set prio " + port_name() + ":" + pick({"5", "10", "-3", "0"}));
    }
    if (which < 14 && has_active_port(scenario_.mode)) return step(settle_ms(), "set active_slave " + port_name());
    if (which < 15 && has_active_port(scenario_.mode)) return step(settle_ms(), "set primary " + port_name());
    write_option();
  }

  void change_link(int port) {
    const std::size_t at = static_cast<std::size_t>(port);
    const std::string name = std::to_string(port);
    if (link_[at]) {
      step(settle_ms(), "down " + name);
      link_[at] = false;
      if (downdelay_ == 0) return;
      if (once_in(2)) send();
      if (monitor_ms_ == 0 && once_in(4)) {
        // It comes back before its delay is over.
        link_[at] = true;
        step(queue_start_ms + margin_ms, "up " + name);
      } else {
        step(downdelay_ + settle_ms(), "wait");
      }
      return;
    }
    link_[at] = true;
    if (updelay_ == 0) return step(queue_start_ms + settle_ms(), "up " + name);
    step(queue_start_ms + margin_ms, "up " + name);
    if (once_in(2)) receive();
    step(updelay_ + settle_ms(), "wait");
  }

  void change_membership(int port) {
    const std::size_t at = static_cast<std::size_t>(port);
    const bool is_in = enslaved_[at];
    if (is_in && std::count(enslaved_.begin(), enslaved_.begin() + scenario_.ports, true) < 2) return;
    enslaved_[at] = !is_in;
    step(queue_start_ms + settle_ms() + (is_in ? 0 : updelay_),
         (is_in ? "release " : "enslave ") + std::to_string(port));
  }

  void send() {
    step(300, "send " + pick({"mix", "mix", "mix", "flows", "one", "igmp"}) + " " + std::to_string(8 + below(9)) + " " +
                  std::to_string(below(1000)));
  }

  void receive() { step(300, "receive " + std::to_string(below(scenario_.ports)) + " " + std::to_string(below(1000))); }

  void write_option() {
    struct Write {
      const char* option;
      std::initializer_list<const char*> values;
    };
    // Legal and not, in this mode or in none; what bondbox answers otherwise on purpose stands in the option matrix.
    static const Write writes[] = {
        {"primary_reselect", {"always", "better", "failure", "2", "never"}},
        {"primary", {"e0", "e1", "eth9"}},
        {"active_slave", {"e0", "e1", "e7"}},
        {"all_slaves_active", {"0", "1", "2"}},
        {"fail_over_mac", {"active", "none"}},
        {"mode", {"active-backup", "4", "9"}},
        {"xmit_hash_policy", {"layer3+4", "layer2", "layer2+3", "vlan+srcmac", "layer9"}},
        {"packets_per_slave", {"1", "2", "5", "65536"}},
        {"tlb_dynamic_lb", {"0", "1"}},
        {"lp_interval", {"1", "2", "0"}},
        {"resend_igmp", {"0", "3", "256"}},
        {"num_grat_arp", {"256", "-1", "x"}},
        {"peer_notif_delay", {"300001", "x"}},
        {"min_links", {"0", "1", "2", "-1"}},
        {"lacp_rate", {"fast", "slow"}},
        {"ad_select", {"bandwidth", "stable"}},
        {"ad_actor_sys_prio", {"5", "0"}},
        {"arp_ip_target", {"+10.77.0.99", "10.77.0.99", "-10.77.0.98", "+255.255.255.255"}},
        {"arp_validate", {"active", "none", "7"}},
        {"arp_all_targets", {"all", "any", "2"}},
        {"queue_id", {"e0:1", "e1:2", "e1:1", "e0:0", "e1:99", "e0"}},
        {"use_carrier", {"1", "2"}},
        {"nothing_like_it", {"1"}},
    };
    const Write& write = writes[below(static_cast<int>(std::size(writes)))];
    step(settle_ms() - monitor_ms_, std::string("set ") + write.option + " " + pick(write.values));
  }

  std::mt19937 engine_;
  Scenario scenario_;
  std::array<bool, ports_max> link_{};
  std::array<bool, ports_max> enslaved_{};
  int updelay_ = 0;
  int downdelay_ = 0;
  int monitor_ms_ = 0;
  int announcements_ = 1;
  int announcement_gap_ = 0;
};

}  // namespace

std::vector<Mode> modes_here() {
  std::vector<Mode> modes;
  for (int number = 0; number <= static_cast<int>(Mode::balance_alb); ++number)
    modes.push_back(static_cast<Mode>(number));
  return modes;
}

Scenario generate(Mode mode, std::uint32_t seed) {
  return Generator(mode, seed).make();
}

}  // namespace bondbox::live

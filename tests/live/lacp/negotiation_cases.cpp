// Who speaks first, how often, and with which keys.
#include "policies/lacp/status.hpp"
#include "tests/lab/support/daemon.hpp"
#include "tests/live/lacp/cases.hpp"

namespace bondbox::live {
namespace {

using namespace lacp_state;

void both_active(Pair& pair) {
  start_and_come_together(pair);
}

void left_passive(Pair& pair) {
  pair.left_options.active = false;
  start_and_come_together(pair);
}

void right_passive(Pair& pair) {
  pair.right_options.active = false;
  pair.right_options.ovs_mode = "balance-slb";
  start_and_come_together(pair);
}

void both_slow(Pair& pair) {
  pair.left_options.fast = pair.right_options.fast = false;
  start_and_come_together(pair);
}

void fast_and_slow(Pair& pair) {
  pair.right_options.fast = false;
  start_and_come_together(pair);
}

void slow_and_fast(Pair& pair) {
  pair.left_options.fast = false;
  start_and_come_together(pair);
}

/// Nobody begins. The kernel's driver tells every change of its own all the same, so that two of them come together and
/// lose each other again each time their timeouts run out; Open vSwitch waits, and passes no frames until then.
void both_passive(Pair& pair) {
  pair.left_options.active = pair.right_options.active = false;
  pair.start();
  pair.watch(10'000);
  const View left = pair.left->view();
  for (const PortView& port : left.ports)
    pair.findings.check((port.actor & activity) == 0, port.name + " is active: " + std::to_string(port.actor));
  pair.findings.check(left.ports.size() == Street::cables && left.carrier, "no carrier on the left");
  pair.findings.note("left has " + std::to_string(left.ports_in_active) + " in its active aggregator");
  if (pair.right_kind != Kind::ovs) {
    pair.findings.check(pair.reaches(5'000), "no answer to a ping");
  } else {
    pair.findings.check(left.ports_in_active == 1, "not one port alone on the left");
  }
}

/// One switch with the ports in two groups: two bonds of one system, each with a key and a port of its own.
class TwoGroups final : public Party {
 public:
  TwoGroups(const Pair& pair, std::string second_system) : space_(pair.street.right()) {
    ip_batch(space_, "link add town type bridge stp_state 0 forward_delay 0 mcast_snooping 0\naddr add " +
                         pair.right_options.address + " dev town\nlink set town up\n");
    for (const unsigned group : {1U, 2U}) {
      PartyOptions options;
      options.bond = "bond" + std::to_string(group - 1);
      options.ports = {pair.right_options.ports[group - 1]};
      options.user_key = group;
      options.system = group == 1 ? "02:00:00:00:0b:aa" : second_system;
      bonds_.push_back(make_party(pair.right_kind, space_, options));
      ip_batch(space_, "link set " + options.bond + " master town\n");
    }
  }

  View view() override {
    View both = bonds_[0]->view();
    const View second = bonds_[1]->view();
    both.ports.insert(both.ports.end(), second.ports.begin(), second.ports.end());
    both.text += second.text;
    return both;
  }
  void start() override {}
  void stop() override { bonds_.clear(); }

 private:
  const lab::Namespace& space_;
  std::vector<std::unique_ptr<Party>> bonds_;
};

/// The ports can never be one aggregator: each is one, one of them is active, and traffic goes on over that.
/// `reason`: what bondbox explains of the port that does not carry.
void check_two_aggregators(Pair& pair, const char* reason) {
  const std::int64_t took =
      lab::wait_until([&] { return pair.left->view().carrying() == 1; }, negotiation_ms) ? negotiation_ms : -1;
  pair.findings.require(took >= 0, "no port carries");
  pair.watch(4'000);
  const View left = pair.left->view();
  pair.findings.check(left.carrier, "no carrier");
  pair.findings.check(left.carrying() == 1, "not one port alone carries");
  if (pair.left_kind != Kind::ovs) {
    pair.findings.check(left.ports_in_active == 1, "not one port in the active aggregator");
    pair.findings.check(left.ports.size() == 2 && left.ports[0].aggregator != left.ports[1].aggregator,
                        "one aggregator with two keys");
  }
  for (const PortView& port : left.ports)
    pair.findings.note(port.name + " has actor state " + std::to_string(port.actor) + ", partner's " +
                       std::to_string(port.partner) + (port.carries ? ", carries" : ""));
  if (pair.left_kind == Kind::bondbox) {
    for (const PortView& port : left.ports) {
      const std::string why = pair.left->explain(port.name);
      const bool right = lab::contains(why, port.carries ? " carries traffic" : " does not carry traffic") &&
                         (port.carries || lab::contains(why, reason));
      pair.findings.check(right, "explained otherwise: " + why);
      if (!port.carries) pair.findings.note("explained: " + why.substr(0, why.find('\n')));
    }
  }
  pair.findings.check(pair.reaches(5'000), "no answer to a ping");
}

void two_keys(Pair& pair) {
  if (pair.right_kind == Kind::ovs) {
    // It says of a port without a bond that it cannot be aggregated at all.
    pair.right_options.apart = true;
    pair.start();
    return check_two_aggregators(pair, "individual");
  }
  pair.start([&] { return std::make_unique<TwoGroups>(pair, "02:00:00:00:0b:aa"); });
  check_two_aggregators(pair, "partner key");
}

void two_switches(Pair& pair) {
  pair.start([&] { return std::make_unique<TwoGroups>(pair, "02:00:00:00:0b:bb"); });
  check_two_aggregators(pair, "partner");
}

constexpr Case all[] = {
    {"two_active_partners_come_together", both_active},
    {"an_active_partner_wins_a_passive_left_one", left_passive},
    {"an_active_left_one_wins_a_passive_partner", right_passive},
    {"two_slow_partners_come_together", both_slow},
    {"a_fast_one_and_a_slow_partner_come_together", fast_and_slow},
    {"a_slow_one_and_a_fast_partner_come_together", slow_and_fast},
    {"two_passive_partners_do_not_lose_the_network", both_passive, With::not_ovs_alone},
    {"a_partner_with_two_keys_leaves_one_port_to_carry", two_keys, With::not_ovs_alone},
    {"two_switches_leave_one_port_to_carry", two_switches, With::not_ovs},
};

}  // namespace

std::span<const Case> negotiation_cases() {
  return all;
}

}  // namespace bondbox::live

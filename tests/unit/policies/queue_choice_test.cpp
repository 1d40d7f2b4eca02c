// Frames that the host put into a port's queue (queue_id), by the plans of the modes that know it.
#include <array>
#include <boost/test/unit_test.hpp>

#include "policies/choice.hpp"
#include "policies/modes.hpp"
#include "tests/unit/policies/paper_facts.hpp"

namespace {

using namespace bondbox;
using test::PaperFacts;

constexpr std::array<std::uint8_t, 60> frame{};

/// eth0, eth1 and eth2, of which eth2 has queue 3.
struct Queued : PaperFacts {
  explicit Queued(Mode mode) : PaperFacts(3), policy(make_policy(mode)) {
    options.mode = mode;
    facts.ports[2].options.queue_id = 3;
    for (const PortFacts& port : facts.ports) tell(PortAdded{port.id});
  }
  void tell(const PolicyEvent& event) {
    ActionList actions;
    std::visit([&](auto& mode) { mode.handle(event, facts, Tick{}, actions); }, policy);
  }
  void link(std::size_t port, LinkState to) {
    const LinkState from = facts.ports[port].link;
    facts.ports[port].link = to;
    tell(LinkChanged{facts.ports[port].id, from, to});
    tell(MonitorPass{});
  }
  Choice choose(std::uint16_t queue) const {
    const ForwardingPlan plan = std::visit([this](const auto& mode) { return mode.plan(facts); }, policy);
    return choose_port(plan, frame, 0, queue);
  }

  AnyPolicy policy;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(queue_choice)

BOOST_AUTO_TEST_CASE(a_frame_in_a_ports_queue_leaves_there_while_the_port_is_up_backup_or_not) {
  for (const Mode mode : {Mode::balance_rr, Mode::active_backup, Mode::balance_xor}) {
    Queued bond(mode);
    BOOST_TEST((bond.choose(3).reason == ChoiceReason::queue), mode_name(mode));
    BOOST_REQUIRE(bond.choose(3).port.has_value());
    BOOST_TEST(int{bond.choose(3).port->index} == 2, mode_name(mode));
    for (const LinkState state : {LinkState::fail, LinkState::down, LinkState::back}) {
      bond.link(2, state);
      BOOST_TEST((bond.choose(3).reason != ChoiceReason::queue), mode_name(mode));
      BOOST_REQUIRE(bond.choose(3).port.has_value());
      BOOST_TEST(int{bond.choose(3).port->index} != 2, mode_name(mode));
    }
    bond.link(2, LinkState::up);
    BOOST_TEST((bond.choose(3).reason == ChoiceReason::queue), mode_name(mode));
  }
}

BOOST_AUTO_TEST_CASE(other_queues_and_none_go_by_the_mode) {
  for (const Mode mode : {Mode::balance_rr, Mode::active_backup, Mode::balance_xor}) {
    const Queued bond(mode);
    for (const std::uint16_t queue : {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{4}})
      BOOST_TEST((bond.choose(queue).reason != ChoiceReason::queue), mode_name(mode) << ", queue " << queue);
  }
}

BOOST_AUTO_TEST_CASE(broadcast_knows_no_queues) {
  const Queued bond(Mode::broadcast);
  BOOST_TEST((bond.choose(3).reason == ChoiceReason::copies));
}

BOOST_AUTO_TEST_SUITE_END()

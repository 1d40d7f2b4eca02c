// A bond that goes on from what another one knew: as if it had never been interrupted. The same random story runs once
// in one piece and once with the bonds killed and resumed now and then; everything that can be seen has to be the same.
#include <array>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "firmware/render.hpp"
#include "tests/support/neighbours.hpp"
#include "tests/support/random_frames.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using namespace bondbox::test;

constexpr std::array near_cards{"e0", "e1", "e2", "e3"};
constexpr std::array far_cards{"p0", "p1", "p2", "p3"};

struct Written {
  Mode mode;  ///< in which it means most; it is written in all
  const char* option;
  const char* value;
};
constexpr std::array written{
    Written{Mode::active_backup, "primary", "e2"},
    Written{Mode::active_backup, "primary_reselect", "better"},
    Written{Mode::active_backup, "active_slave", "e1"},
    Written{Mode::active_backup, "num_grat_arp", "5"},
    Written{Mode::active_backup, "peer_notif_delay", "300"},
    Written{Mode::active_backup, "resend_igmp", "4"},
    Written{Mode::active_backup, "updelay", "400"},
    Written{Mode::active_backup, "downdelay", "200"},
    Written{Mode::active_backup, "miimon", "50"},
    Written{Mode::active_backup, "arp_interval", "200"},
    Written{Mode::active_backup, "arp_interval", "0"},
    Written{Mode::active_backup, "monitor", "all"},
    Written{Mode::lacp_8023ad, "monitor", "any"},
    Written{Mode::active_backup, "revert_delay", "700"},
    Written{Mode::active_backup, "flap_damping", "800"},
    Written{Mode::balance_rr, "packets_per_slave", "3"},
    Written{Mode::balance_xor, "xmit_hash_policy", "layer3+4"},
    Written{Mode::balance_xor, "xmit_hash_resilient", "1"},
    Written{Mode::lacp_8023ad, "ad_select", "bandwidth"},
    Written{Mode::lacp_8023ad, "lacp_rate", "fast"},
    Written{Mode::lacp_8023ad, "min_links", "2"},
    Written{Mode::balance_alb, "rebalance", "kernel"},
    Written{Mode::balance_alb, "rebalance", "bounded"},
    Written{Mode::balance_alb, "nd_balance", "0"},
    Written{Mode::balance_alb, "nd_balance", "1"},
    Written{Mode::balance_tlb, "lp_interval", "3"},
};

/// Four cards of bond0 on cables to four cards of another bond (mode 4), or to a switch with four stations.
class Story : public SimBench {
 public:
  Story(Mode mode, std::uint32_t seed, bool interrupted) : SimBench({}), chance_(seed), interrupted_(interrupted) {
    BondConfig near = config({}, "bond0");
    BondConfig far = config({}, "bondB");
    BOOST_REQUIRE(world.add_switch("sw").ok());
    for (std::uint8_t i = 0; i < near_cards.size(); ++i) {
      BOOST_REQUIRE(world.add_nic({.name = near_cards[i], .mac = card_mac(i), .speed_mbps = 10'000}).ok());
      BOOST_REQUIRE(world.add_nic({.name = far_cards[i], .mac = station_mac(i), .speed_mbps = 10'000}).ok());
      const bool direct = mode == Mode::lacp_8023ad;
      BOOST_REQUIRE(world.connect(near_cards[i], direct ? far_cards[i] : "sw").ok());
      if (!direct) BOOST_REQUIRE(world.connect(far_cards[i], "sw").ok());
      // One port joins later, or never.
      if (i != 3) near.ports.push_back(near_cards[i]);
      far.ports.push_back(far_cards[i]);
      addresses_.push_back(card_mac(i));
      addresses_.push_back(station_mac(i));
    }
    near.options.mode = far.options.mode = mode;
    near.options.lacp_rate = far.options.lacp_rate = LacpRate::fast;
    near.options.arp_ip_targets.push_back(*IpAddress::parse("10.0.0.20"));
    near.addresses.push_back(*IpPrefix::parse("10.0.0.1/24"));
    near.addresses.push_back(*IpPrefix::parse("fd10::1/64"));
    world.set_tap([this](const std::string& card, bool outgoing, Tick at, wire::Bytes frame) {
      if (outgoing) seen_ += std::to_string(at.number) + " " + card + " " + hex(frame) + "\n";
    });
    add(near);
    if (mode == Mode::lacp_8023ad) add(far);
  }
  ~Story() { world.set_tap({}); }

  /// All that could be seen of it.
  std::string tell(int turns) {
    for (int turn = 0; turn < turns; ++turn) {
      const std::uint32_t span = 1 + chance_.below(chance_.one_in(4) ? 900 : 90);
      run_for(span);
      something_happens();
      for (const std::string& event : take_events()) seen_ += event + "\n";
      seen_ += look();
      // The chance is asked in both runs, so that they stay one story.
      if (chance_.one_in(5) && interrupted_) interrupt();
    }
    return std::move(seen_);
  }
  int interruptions() const { return interruptions_; }

 private:
  static std::string hex(wire::Bytes frame) {
    std::string text;
    constexpr const char* digits = "0123456789abcdef";
    for (const std::uint8_t byte : frame) text += {digits[byte >> 4], digits[byte & 15]};
    return text;
  }

  std::string look() {
    std::string text;
    for (const auto& one : scheduler.bonds()) {
      const BondStatus known = one->status(clock.now());
      text += "plan " + std::to_string(known.plan_generation) + "\n" + render_proc(known);
      text += render_json(std::array{known}, SchedulerStatus{}, WallClock{});
    }
    return text;
  }

  const char* any_card() { return chance_.one_in(4) ? chance_.one_of(far_cards) : chance_.one_of(near_cards); }

  void something_happens() {
    const char* const near = chance_.one_of(near_cards);
    const char* const any = any_card();
    const Written& write = chance_.one_of(written);
    const std::string peer = "10.0.0." + std::to_string(20 + chance_.below(6));
    const MacAddress station = station_mac(static_cast<std::uint8_t>(chance_.below(4)));
    const Frame noise = random_wire_frame(chance_, addresses_);
    switch (chance_.below(12)) {
      case 0:
      case 1:
        link(any, !world.nic(any)->has_link);
        break;
      case 2:
        (void)set(write.option, write.value);
        break;
      case 3:
        (void)command([&](Bond& bond) { return bond.enslave(near); });
        break;
      case 4:
        if (chance_.one_in(2)) (void)command([&](Bond& bond) { return bond.release(near); });
        break;
      case 5:
        host_sends(arp_reply(host().mac(), "10.0.0.1", station, peer));
        break;
      case 6:
        card_receives(near, arp_request(station, peer, "10.0.0.1"));
        break;
      case 7:
        host_sends(arp_request(host().mac(), "10.0.0.1", peer));
        break;
      case 8:
        if (chance_.one_in(3)) (void)world.set_mac(near, station_mac(9));
        break;
      case 9:
        if (chance_.one_in(3)) (void)host().set_up(chance_.one_in(2));
        settle();
        break;
      default:
        for (int i = 0; i < 20; ++i) host_sends(random_wire_frame(chance_, addresses_));
        card_receives(near, noise);
        break;
    }
  }

  /// All bonds are killed, and others go on in their places.
  void interrupt() {
    struct Kept {
      BondConfig config;
      std::vector<std::uint8_t> bytes;
    };
    std::vector<Kept> kept;
    for (const auto& one : scheduler.bonds()) {
      kept.push_back({one->running_config(), {}});
      one->save(kept.back().bytes, clock.now());
      for (std::size_t i = 0; i < one->port_count(); ++i)
        BOOST_REQUIRE(world.abandon(std::string(one->port_name(i))).ok());
      BOOST_REQUIRE(world.abandon(one->name()).ok());
    }
    for (const Kept& one : kept) scheduler.remove_bond(one.config.name);
    for (const Kept& one : kept) {
      const BondMemory memory{one.bytes, clock.now()};
      const Outcome outcome = scheduler.add_bond(one.config, &memory);
      BOOST_REQUIRE_MESSAGE(outcome.ok(), outcome.reason);
    }
    // What it knows now is what the other one knew, byte for byte.
    for (const Kept& one : kept) {
      std::vector<std::uint8_t> again;
      bond(one.config.name.c_str()).save(again, clock.now());
      BOOST_TEST((again == one.bytes));
    }
    ++interruptions_;
  }

  Chance chance_;
  bool interrupted_;
  std::vector<MacAddress> addresses_;
  std::string seen_;
  int interruptions_ = 0;
};

/// The first line in which they differ.
std::string difference(const std::string& one, const std::string& other) {
  std::size_t at = 0;
  while (at < one.size() && at < other.size() && one[at] == other[at]) ++at;
  const std::size_t line = at == 0 ? 0 : one.rfind('\n', at - 1) + 1;
  return one.substr(line, 300) + "\n---\n" + other.substr(std::min(line, other.size()), 300);
}

void compare(Mode mode, std::uint32_t seed) {
  Story whole(mode, seed, false);
  Story broken(mode, seed, true);
  whole.is_replayed_from_all = seed == 1;
  constexpr int turns = 120;
  const std::string first = whole.tell(turns);
  const std::string second = broken.tell(turns);
  BOOST_TEST(broken.interruptions() > 10);
  BOOST_TEST((first == second), mode_name(mode) << ", seed " << seed << ": " << difference(first, second));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resume)

BOOST_AUTO_TEST_CASE(a_bond_of_any_mode_that_is_resumed_goes_on_as_if_nothing_had_happened) {
  for (std::uint8_t mode = 0; mode <= 6; ++mode)
    for (std::uint32_t seed = 1; seed <= 4; ++seed) compare(Mode{mode}, seed);
}

BOOST_AUTO_TEST_SUITE_END()

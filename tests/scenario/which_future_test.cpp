// "If eth1 dies it moves to eth0": what `which` foretells of a flow, held against where its frames leave when the cable
// is really pulled.
#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "firmware/which.hpp"
#include "tests/support/lacp_bench.hpp"
#include "tests/support/random_frames.hpp"

namespace bondbox::test {
namespace {

/// An answer, taken apart.
struct Told {
  std::string leaves;  ///< the port's name; "-": none
  std::string moves;   ///< "": nothing is said of that; "-": nothing takes over
  std::string after;   ///< "300 ms"
};

Told parse(const std::string& line) {
  Told told;
  const std::size_t name = line.find('\t', line.find('\t') + 1) + 1;
  told.leaves = line.substr(name, line.find('\t', name) - name);
  constexpr std::string_view moves = " dies it moves to ";
  if (line.find(" dies nothing takes over") != std::string::npos) told.moves = "-";
  const std::size_t at = line.find(moves);
  if (at == std::string::npos) return told;
  std::string rest = line.substr(at + moves.size(), line.size() - at - moves.size() - 1);
  const std::size_t after = rest.find(" after ");
  if (after != std::string::npos) told.after = rest.substr(after + 7);
  told.moves = rest.substr(0, after);
  return told;
}

/// Where frames leave: the newest frame of each card that is not of a protocol of the bond's own.
class Watch {
 public:
  explicit Watch(SimBench& bench) : bench_(bench) {
    bench.world.set_tap([this](const std::string& card, bool outgoing, Tick, wire::Bytes frame) {
      if (outgoing && frame.size() >= 14) seen_.emplace_back(card, Frame(frame.begin() + 12, frame.end()));
    });
  }
  ~Watch() { bench_.world.set_tap({}); }

  /// The card that this frame left by; its addresses may have been written anew on the way.
  std::string send(const Frame& frame) {
    seen_.clear();
    BOOST_REQUIRE(bench_.host_sends(frame));
    const Frame rest(frame.begin() + 12, frame.end());
    for (const auto& [card, bytes] : seen_)
      if (bytes == rest && card.starts_with("e")) return card;
    return "-";
  }

 private:
  SimBench& bench_;
  std::vector<std::pair<std::string, Frame>> seen_;
};

/// IPv4 and IPv6 of any addresses and ports, and frames of no IP.
std::vector<Frame> some_frames(std::uint32_t seed, std::size_t count) {
  Chance chance(seed);
  const std::vector<MacAddress> addresses{station_mac(1), station_mac(2), station_mac(3), card_mac(0)};
  std::vector<Frame> frames;
  while (frames.size() < count) {
    Frame frame = random_wire_frame(chance, addresses);
    if (frame.size() < 60 || frame.size() > 1'500) continue;
    const std::uint16_t type = wire::load_be16(frame.data() + 12);
    const bool is_ours = type == 0x8809 || type == 0x0806 || (frame[0] & 1) != 0;
    if (is_ours) continue;
    frames.push_back(std::move(frame));
  }
  return frames;
}

/// Every frame that leaves on `victim` has to leave, when its cable is pulled, as was foretold. How many did.
std::size_t check(SimBench& bench, const char* victim, const std::vector<Frame>& frames, const std::string& what) {
  BondStatus bond = bench.status();
  WhichPlan at = WhichPlan::of(bond);
  at.foresee = [&](PortId port) { return bench.bond().foresee_without(port); };
  const bool takes_turns = bond.plan.transmit.spread == Spread::round_robin;
  std::vector<std::pair<const Frame*, Told>> foretold;
  for (const Frame& frame : frames) {
    const std::uint32_t turns = at.turns;
    const std::string line = which_line(1, frame, at);
    const Told told = parse(line);
    if (told.leaves == victim) foretold.emplace_back(&frame, told);
    // Its turn comes once: only the first can be sent.
    if (takes_turns && !foretold.empty()) break;
    if (takes_turns) {
      Watch(bench).send(frame);
      BOOST_TEST(bench.status().turns == turns + 1);
    }
  }
  bench.link(victim, false);
  Watch watch(bench);
  for (const auto& [frame, told] : foretold) {
    if (!told.after.empty()) bench.run_for(std::stoi(told.after) * (told.after.ends_with(" ms") ? 1 : 1'000) + 100);
    const std::string left = watch.send(*frame);
    BOOST_TEST(left == told.moves, what << ", " << victim << " dies: foretold " << told.moves << ", left by " << left);
  }
  return foretold.size();
}

struct Setting {
  const char* name;
  std::function<void(BondConfig&)> change;
};

const Setting settings[] = {
    {"balance-rr", [](BondConfig& config) { config.options.mode = Mode::balance_rr; }},
    {"balance-rr, 3 packets each",
     [](BondConfig& config) {
       config.options.mode = Mode::balance_rr;
       config.options.packets_per_slave = 3;
     }},
    {"active-backup", [](BondConfig&) {}},
    {"active-backup, primary",
     [](BondConfig& config) {
       config.options.primary = "e2";
       config.port_options["e3"].prio = 5;
     }},
    {"active-backup, prio", [](BondConfig& config) { config.port_options["e3"].prio = 5; }},
    {"active-backup, fail_over_mac", [](BondConfig& config) { config.options.fail_over_mac = FailOverMac::follow; }},
    {"balance-xor", [](BondConfig& config) { config.options.mode = Mode::balance_xor; }},
    {"balance-xor, layer3+4",
     [](BondConfig& config) {
       config.options.mode = Mode::balance_xor;
       config.options.xmit_hash_policy = HashPolicy::layer34;
     }},
    {"balance-xor, resilient",
     [](BondConfig& config) {
       config.options.mode = Mode::balance_xor;
       config.options.xmit_hash_policy = HashPolicy::layer34;
       config.options.xmit_hash_resilient = true;
     }},
    {"balance-tlb", [](BondConfig& config) { config.options.mode = Mode::balance_tlb; }},
    {"balance-tlb by hash",
     [](BondConfig& config) {
       config.options.mode = Mode::balance_tlb;
       config.options.tlb_dynamic_lb = false;
     }},
    {"balance-tlb as the kernel",
     [](BondConfig& config) {
       config.options.mode = Mode::balance_tlb;
       config.options.rebalance = Rebalance::kernel;
     }},
    {"balance-alb", [](BondConfig& config) { config.options.mode = Mode::balance_alb; }},
    {"balance-alb, prio",
     [](BondConfig& config) {
       config.options.mode = Mode::balance_alb;
       config.port_options["e1"].prio = 7;
     }},
};

constexpr const char* victims[] = {"e0", "e1", "e2", "e3"};

}  // namespace

BOOST_AUTO_TEST_SUITE(which_future)

BOOST_AUTO_TEST_CASE(a_flow_moves_where_it_was_foretold) {
  std::map<std::string, std::size_t> checked;
  std::uint32_t seed = 1;
  for (const Setting& setting : settings) {
    for (const char* victim : victims) {
      // With all cables, and with one of the others pulled before.
      for (const char* gone : {"", "e1", "e3"}) {
        if (std::string_view(gone) == victim) continue;
        SimBench bench({"e0", "e1", "e2", "e3"});
        BondConfig config = SimBench::config({"e0", "e1", "e2", "e3"});
        setting.change(config);
        bench.add(config);
        bench.run_for(100);
        const std::vector<Frame> before = some_frames(++seed, 20);
        {
          Watch watch(bench);
          for (const Frame& frame : before) watch.send(frame);
        }
        bench.run_for(1'000);
        if (*gone != '\0') bench.link(gone, false);
        bench.run_for(200);
        // Among them flows that have been seen: with rebalance=kernel the others have no port yet.
        std::vector<Frame> frames = before;
        for (Frame& frame : some_frames(++seed, 20)) frames.push_back(std::move(frame));
        checked[setting.name] += check(bench, victim, frames, setting.name);
      }
    }
  }
  for (const Setting& setting : settings)
    BOOST_TEST(checked[setting.name] >= 4U, setting.name << ": " << checked[setting.name]);
}

BOOST_AUTO_TEST_CASE(a_flow_of_an_aggregation_moves_within_its_aggregator) {
  std::size_t checked = 0;
  for (const char* victim : {"e0", "e1", "e2"}) {
    for (const bool resilient : {false, true}) {
      LacpBench bench(3);
      bench.near.options.xmit_hash_policy = HashPolicy::layer34;
      bench.near.options.xmit_hash_resilient = resilient;
      bench.start();
      BOOST_REQUIRE(bench.run_until_all_carry() > 0);
      checked += check(bench, victim, some_frames(7, 40), "802.3ad");
    }
  }
  BOOST_TEST(checked >= 40U);
}

BOOST_AUTO_TEST_CASE(a_flow_of_the_last_port_moves_to_the_other_partner) {
  for (const AdSelect select : {AdSelect::stable, AdSelect::bandwidth}) {
    LacpBench bench(2);
    bench.near.options.ad_select = select;
    BondConfig third = bench.far;
    third.name = "bondC";
    third.ports = {"p1"};
    bench.far.ports = {"p0"};
    bench.start();
    bench.add(third);
    bench.run_for(8'000);
    BOOST_TEST(bench.carrying() == 1U);
    BOOST_TEST(check(bench, "e0", some_frames(9, 5), "802.3ad, two partners") == 5U);
  }
}

BOOST_AUTO_TEST_CASE(the_last_port_has_no_successor) {
  for (const Mode mode : {Mode::balance_rr, Mode::active_backup, Mode::balance_xor, Mode::balance_tlb}) {
    SimBench bench({"e0"});
    BondConfig config = SimBench::config({"e0"});
    config.options.mode = mode;
    bench.add(config);
    WhichPlan at = WhichPlan::of(bench.status());
    at.foresee = [&](PortId port) { return bench.bond().foresee_without(port); };
    BOOST_TEST(parse(which_line(1, some_frames(3, 1)[0], at)).moves == "-");
  }
}

BOOST_AUTO_TEST_CASE(to_foretell_changes_nothing) {
  for (const Setting& setting : settings) {
    SimBench bench({"e0", "e1", "e2", "e3"});
    BondConfig config = SimBench::config({"e0", "e1", "e2", "e3"});
    setting.change(config);
    bench.add(config);
    bench.run_for(500);
    std::vector<std::uint8_t> before;
    bench.bond().save(before, bench.clock.now());
    WhichPlan at = WhichPlan::of(bench.status());
    at.foresee = [&](PortId port) { return bench.bond().foresee_without(port); };
    for (const Frame& frame : some_frames(5, 20)) (void)which_line(1, frame, at);
    std::vector<std::uint8_t> after;
    bench.bond().save(after, bench.clock.now());
    BOOST_TEST((before == after), setting.name);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

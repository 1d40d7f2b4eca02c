// Bonds as a whole, who forwards for them, and what else is noteworthy.
#include <algorithm>
#include <cerrno>

#include "hal/wire/ethernet.hpp"
#include "tests/scenario/explain/situations.hpp"
#include "tests/support/udp_frames.hpp"

namespace bondbox::test {
namespace {

constexpr const char* see_ports = "Each port says below what would help";
constexpr const char* nothing = "Nothing needs to be done";

using Change = std::function<void(LacpBench&)>;

Explanation of_lacp_bond(const Change& before, const Change& after = {}, bool with_far = false) {
  LacpBench bench;
  if (before) before(bench);
  bench.start_near();
  if (with_far) bench.start_far();
  bench.run_for(6'000);
  if (after) after(bench);
  return explain_bond(bench.status());
}

/// The remark that begins with this sentence, among all that are made.
Explanation remark(const BondStatus& bond, Said wanted, const PrivilegeStatus* privileges = nullptr) {
  const std::vector<Explanation> all = explain_remarks(bond, privileges);
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Explanation& one) { return one.said[0] == wanted; });
  return found != all.end() ? *found : Explanation{};
}

Explanation remark_on(const BondConfig& config, Said wanted, const std::function<void(SimBench&)>& story = {}) {
  SimBench bench({"e0", "e1"});
  bench.add(config);
  if (story) story(bench);
  return remark(bench.status(), wanted);
}

/// Over half a minute the host sends `heavy` frames of one flow and `light` ones of other flows.
void send_flows(SimBench& bench, unsigned heavy, unsigned light) {
  constexpr std::size_t payload = 1'400;
  for (unsigned i = 0; i < heavy + light; ++i) {
    test::Flow flow;
    if (i >= heavy) flow.to.octets[5] = static_cast<std::uint8_t>(i);
    FrameBytes frame = finished_datagram(flow, i, payload);
    if (i >= heavy) frame[33] = static_cast<std::uint8_t>(i * 7);  // the last byte of the IPv4 destination
    BOOST_REQUIRE(bench.host_sends(frame));
  }
  bench.run_for(30'000);
}

Explanation forwarded(const std::function<void(SimBench&)>& before, const std::function<void(SimBench&)>& after,
                      OffloadUse use = OffloadUse::automatic) {
  SimBench bench({"e0", "e1"});
  before(bench);
  BondConfig config = two_ports(Mode::active_backup);
  config.options.offload = use;
  bench.add(config);
  if (after) after(bench);
  return explain_forwarding(bench.status());
}

void allow_offload(SimBench& bench) {
  bench.hardware.record.open_answer = Outcome::done();
}

}  // namespace

static Situations whole_bonds() {
  return {
      {"all well",
       {Said::bond_works, Said::bond_works_active},
       "both ports are up, e0 is active",
       nothing,
       [] { return told_of_bond(two_ports(Mode::active_backup)); }},
      {"one port, and no partner",
       {Said::bond_one_port, Said::bond_works_alone},
       "its only port is up, though no partner speaks LACP",
       "A second port would take over when this one fails",
       [] { return of_lacp_bond([](LacpBench& bench) { bench.near.ports = {"e0"}; }); }},
      {"set down",
       {Said::bond_set_down},
       "it is set down on the host",
       "Set it up: ip link set bond0 up",
       [] {
         return told_of_bond(two_ports(Mode::balance_alb), [](SimBench& bench) {
           (void)bench.host().set_up(false);
           bench.settle();
         });
       }},
      {"no ports",
       {Said::bond_no_ports},
       "it has no ports",
       "Give it one: bondbox enslave bond0 PORT",
       [] { return told_of_bond(SimBench::config({})); }},
      {"more links asked for than there are ports",
       {Said::bond_min_links_unreachable},
       "min_links is 3, and it has but 2 ports",
       "Write a smaller min_links, or give it more ports",
       [] { return of_lacp_bond([](LacpBench& bench) { bench.near.options.min_links = 3; }); }},
      {"too few links",
       {Said::bond_min_links},
       "min_links is 2, and its active aggregator has 1 port",
       "Repair the other ports, or write a smaller min_links",
       [] {
         return of_lacp_bond([](LacpBench& bench) { bench.near.options.min_links = 2; },
                             [](LacpBench& bench) { bench.link("e1", false); }, true);
       }},
      {"strict, and nobody distributes",
       {Said::bond_strict},
       "no port collects and distributes, which lacp_strict asks for",
       see_ports,
       [] { return of_lacp_bond([](LacpBench& bench) { bench.near.options.lacp_strict = true; }); }},
      {"strict, and too few distribute",
       {Said::bond_strict_few},
       "min_links is 2, and 1 port collects and distributes (lacp_strict)",
       see_ports,
       [] {
         return of_lacp_bond(
             [](LacpBench& bench) {
               bench.near.options.lacp_strict = true;
               bench.near.options.min_links = 2;
             },
             [](LacpBench& bench) {
               BOOST_REQUIRE(bench.world.set_mute("p1", true).ok());
               bench.run_until([&] { return bench.carrying() == 1; }, 8'000);
             },
             true);
       }},
      {"no partner, and no fallback",
       {Said::bond_no_partner},
       "no partner speaks LACP, and lacp_fallback is off",
       see_ports,
       [] { return of_lacp_bond([](LacpBench& bench) { bench.near.options.lacp_fallback = false; }); }},
      {"no aggregator yet",
       {Said::bond_no_aggregator},
       "no aggregator is active",
       see_ports,
       [] {
         return of_lacp_bond([](LacpBench& bench) {
           for (const char* card : {"e0", "e1"}) BOOST_REQUIRE(bench.world.set_speed(card, 0, Duplex::unknown).ok());
         });
       }},
      {"no port up",
       {Said::bond_no_port_up, Said::trouble_no_link, Said::trouble_set_down, Said::used_at_once},
       "no port is up: e0 has no link and e1 is set down",
       "Repair one of them; it is used as soon as it has link again",
       [] {
         return told_of_bond(two_ports(Mode::broadcast), [](SimBench& bench) {
           (void)bench.world.set_up("e1", false);
           bench.link("e0", false);
           bench.run_for(500);
         });
       }},
      {"no port up, with updelay",
       {Said::bond_no_port_up, Said::trouble_no_link, Said::trouble_no_link, Said::used_after_updelay},
       "no port is up: e0 has no link and e1 has no link",
       "Repair one of them; it is used 5 s after it has link again (updelay)",
       [] {
         BondConfig config = two_ports(Mode::balance_rr);
         config.options.updelay_ms = 5'000;
         return told_of_bond(config, [](SimBench& bench) {
           for (const char* card : {"e0", "e1"}) bench.link(card, false);
           bench.run_for(500);
         });
       }},
      {"nobody looks at links",
       {Said::bond_unmonitored},
       "no link monitor is on: a port that loses its link stays in use",
       "Turn one on, for instance miimon=100",
       [] {
         BondConfig config = two_ports(Mode::active_backup);
         config.options.unmonitored = true;
         config.options.miimon_ms = 0;
         return told_of_bond(config);
       }},
      {"a port going down and one missing",
       {Said::bond_degraded, Said::trouble_failing, Said::trouble_awaited},
       "e1 is going down and e9 is awaited",
       see_ports,
       [] {
         BondConfig config = SimBench::config({"e0", "e1", "e9"});
         config.options.downdelay_ms = 1'000;
         return told_of_bond(config, [](SimBench& bench) {
           bench.link("e1", false);
           bench.run_for(300);
         });
       }},
      {"a port going back",
       {Said::bond_degraded, Said::trouble_returning},
       "e1 is going back",
       see_ports,
       [] {
         BondConfig config = two_ports(Mode::active_backup);
         config.options.updelay_ms = 1'000;
         return told_of_bond(config, [](SimBench& bench) {
           bench.link("e1", false);
           bench.run_for(300);
           bench.link("e1", true);
           bench.run_for(300);
         });
       }},
      {"a silent port",
       {Said::bond_degraded, Said::trouble_no_answer},
       "e1 gets no answer",
       see_ports,
       [] {
         NeighbourBench bench({"e0", "e1"});
         bench.add(NeighbourBench::arp_config({"e0", "e1"}));
         bench.run_to(1'000);
         bench.silence("e1");
         bench.run_to(3'000);
         return explain_bond(bench.status());
       }},
      {"a port outside",
       {Said::bond_degraded, Said::trouble_not_aggregated},
       "e1 has link and is not aggregated",
       see_ports,
       [] {
         return of_lacp_bond(
             {},
             [](LacpBench& bench) {
               BOOST_REQUIRE(bench.world.set_mute("p1", true).ok());
               bench.run_for(8'000);
             },
             true);
       }},
  };
}

static Situations forwarding() {
  return {
      {"carried below",
       {Said::in_kernel},
       "BPF programs carry its frames (fake)",
       "Nothing needs to be done; \"bondbox capture bond0 -w FILE\" sees every frame, tcpdump on bond0 does not",
       [] { return forwarded(allow_offload, {}); }},
      {"switched off",
       {Said::in_daemon_off},
       "offload is off",
       "\"bondbox set bond0 offload auto\" lets the kernel carry its frames",
       [] { return forwarded(allow_offload, {}, OffloadUse::off); }},
      {"in the way for now",
       {Said::in_daemon_now},
       "a queueing discipline on the bond, which BPF would pass by",
       "The kernel carries its frames when that is over",
       [] {
         return forwarded(allow_offload, [](SimBench& bench) {
           bench.host().host_set_queueing(true);
           bench.run_for(200);
         });
       }},
      {"refused",
       {Said::in_daemon_refused},
       "BPF is refused: the kernel refuses the program (needs CAP_BPF)",
       "It works without, at the cost of more CPU",
       [] {
         return forwarded(
             [](SimBench& bench) {
               bench.hardware.record.open_answer =
                   Outcome::failed(EPERM, "the kernel refuses the program (needs CAP_BPF)");
             },
             {});
       }},
  };
}

static Situations remarks() {
  return {
      {"one flow by layer3+4",
       {Said::skewed},
       "100 % of the bytes of the last 30 s left on e1; by how many flows is not known, and one flow stays on one port",
       "Nothing needs to be done if few connections make them; else another xmit_hash_policy tells more flows apart",
       [] {
         BondConfig config = two_ports(Mode::balance_xor);
         config.options.xmit_hash_policy = HashPolicy::layer34;
         return remark_on(config, Said::skewed, [](SimBench& bench) { send_flows(bench, 800, 0); });
       }},
      {"one station by layer2",
       {Said::skewed_router},
       "90 % of the bytes of the last 30 s left on e0; xmit_hash_policy=layer2 takes all that goes to one station, a "
       "router for instance, for one flow",
       "\"bondbox set bond0 xmit_hash_policy layer3+4\" tells connections apart",
       [] {
         return remark_on(two_ports(Mode::balance_xor), Said::skewed_router,
                          [](SimBench& bench) { send_flows(bench, 800, 200); });
       }},
      {"one bucket",
       {Said::skewed_bucket},
       "89 % of the bytes of the last 30 s left on e0, 79 % in one bucket of 256: one flow, or several that fall "
       "together",
       "One flow cannot be spread over ports; as far as it is several, another xmit_hash_policy may tell them apart",
       [] {
         return remark_on(two_ports(Mode::balance_tlb), Said::skewed_bucket,
                          [](SimBench& bench) { send_flows(bench, 800, 200); });
       }},
      {"refused frames",
       {Said::refused_frames},
       "e0 refused 5 of them, and no other port could take them",
       "See whether it is too slow for what is sent: ip -s link show e0, ethtool -S e0",
       [] {
         return remark_on(two_ports(Mode::active_backup), Said::refused_frames, [](SimBench& bench) {
           BOOST_REQUIRE(bench.world.refuse_transmits("e0", 5, ENOBUFS).ok());
           for (std::uint32_t i = 0; i < 7; ++i) bench.host_sends(data_frame(station_mac(0), card_mac(0), i));
         });
       }},
      {"a loop behind the active port",
       {Said::hears_itself},
       "7 frames that have left by e0 have come back by it",
       "Look for a loop: a second cable or a bridge that leads back; in modes 0, 2 and 3 the switch has to group the "
       "ports",
       [] {
         return remark_on(two_ports(Mode::active_backup), Said::hears_itself, [](SimBench& bench) {
           bench.run_for(100);  // its own frames are kept from the host on a port that has just begun
           for (std::uint32_t i = 0; i < 7; ++i) {
             bench.card_receives("e0", data_frame({{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, card_mac(0), i));
             bench.card_receives("e1", data_frame({{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, card_mac(0), i));
           }
           bench.run_for(1'000);
         });
       }},
      {"a card with a small MTU",
       {Said::long_frames},
       "e2 does not take the MTU 9000",
       "Write an MTU that all ports take: ip link set bond0 mtu NUMBER",
       [] {
         SimBench bench({"e0"});
         BOOST_REQUIRE(bench.world.add_nic({.name = "e2", .mac = card_mac(2), .mtu_max = 1'500}).ok());
         bench.add({"e0", "e2"});
         BOOST_REQUIRE(bench.host().set_mtu(9'000).ok());
         bench.run_for(200);
         return remark(bench.status(), Said::long_frames);
       }},
      {"the address of a port that left",
       {Said::lent_address},
       "e0 was released, and its own address 02:00:00:00:0a:00 is still the bond's",
       "Before e0 is used elsewhere, give one of them another address: ip link set e0 address MAC",
       [] {
         return remark_on(two_ports(Mode::active_backup), Said::lent_address, [](SimBench& bench) {
           BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.release("e0"); }).ok());
         });
       }},
      {"a card that keeps its address",
       {Said::forced_address},
       "a port cannot change its own, so that fail_over_mac is active",
       "Nothing needs to be done: neighbours are told of the new address with each failover",
       [] {
         SimBench bench({"e1"});
         BOOST_REQUIRE(bench.world.add_nic({.name = "e0", .mac = card_mac(7), .can_set_mac = false}).ok());
         BondConfig config = SimBench::config({"e0", "e1"});
         config.mac = card_mac(9);
         bench.add(config);
         return remark(bench.status(), Said::forced_address);
       }},
      {"nobody is told",
       {Said::unannounced},
       "num_grat_arp is 0: after a failover switches and neighbours send to the old port until they hear from the host",
       "Write num_grat_arp=1",
       [] {
         BondConfig config = two_ports(Mode::active_backup);
         config.options.num_peer_notif = 0;
         return remark_on(config, Said::unannounced);
       }},
      {"everything twice",
       {Said::duplicates},
       "with all_slaves_active=1 what a switch floods comes once by each port",
       "Write all_slaves_active=0, unless something listens for that",
       [] {
         BondConfig config = two_ports(Mode::active_backup);
         config.options.all_slaves_active = true;
         return remark_on(config, Said::duplicates);
       }},
      {"an option for other modes",
       {Said::idle_option},
       "xmit_hash_policy=layer3+4 does nothing in mode balance-rr",
       "Leave it out, or choose another mode",
       [] {
         BondConfig config = two_ports(Mode::balance_rr);
         config.options.xmit_hash_policy = HashPolicy::layer34;
         return remark_on(config, Said::idle_option);
       }},
      {"a primary from elsewhere",
       {Said::primary_missing},
       "its primary e7 is not one of its ports",
       "Enslave e7, or write another primary",
       [] {
         BondConfig config = two_ports(Mode::active_backup);
         config.options.primary = "e7";
         return remark_on(config, Said::primary_missing);
       }},
      {"two rates",
       {Said::rates_differ},
       "on e0 we ask for an LACPDU each second and the far end for one in 30 s: a silent partner is noticed after 3 s "
       "here and 90 s there",
       "Give both ends the same lacp_rate",
       [] {
         LacpBench bench;
         bench.far.options.lacp_rate = LacpRate::slow;
         bench.start();
         bench.run_for(6'000);
         return remark(bench.status(), Said::rates_differ);
       }},
      {"the sandbox at work",
       {Said::sandbox_refused},
       "the sandbox has refused 2 of bondbox's system calls",
       "It goes on; the log names the call, please report it",
       [] {
         SimBench bench({"e0", "e1"});
         bench.add({"e0", "e1"});
         PrivilegeStatus privileges;
         privileges.refused_calls = 2;
         return remark(bench.status(), Said::sandbox_refused, &privileges);
       }},
  };
}

Situations bond_situations() {
  Situations all = whole_bonds();
  for (Situation& one : forwarding()) all.push_back(std::move(one));
  for (Situation& one : remarks()) all.push_back(std::move(one));
  return all;
}

}  // namespace bondbox::test

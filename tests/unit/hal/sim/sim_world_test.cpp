#include "hal/sim/sim_world.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <string>

#include "hal/sim/sim_hardware.hpp"
#include "tests/unit/hal/nic_fixture.hpp"

namespace bondbox::sim {

namespace {

using test::contract::make_frame;

constexpr MacAddress mac_of(std::uint8_t last) {
  return {{0x02, 0, 0, 0, 0x0a, last}};
}

struct World {
  SimClock clock;
  SimWorld world{clock};
  SimHardware hardware{world};

  explicit World(std::initializer_list<const char*> nics) {
    std::uint8_t last = 0;
    for (const char* name : nics) BOOST_REQUIRE(world.add_nic({.name = name, .mac = mac_of(last++)}).ok());
    drain();
  }
  void connect(const char* one, const char* other) {
    BOOST_REQUIRE(world.connect(one, other).ok());
    drain();
  }
  /// "kind name" for each event since the last call, in a line.
  std::string drain() {
    FixedVector<HardwareEvent, 64> events;
    hardware.poll_events(events);
    std::string line;
    for (const HardwareEvent& event : events) {
      constexpr const char* kinds[] = {"link ", "gone ", "new ", "host "};
      line += (line.empty() ? "" : ", ") + std::string(kinds[static_cast<std::size_t>(event.kind)]) + event.name;
    }
    return line;
  }
  bool carrier(const char* name) const { return world.nic(name).value().carrier; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_world)

BOOST_AUTO_TEST_CASE(time_passes_only_when_told_and_never_backwards) {
  SimClock clock;
  clock.advance_to(Tick{100});
  clock.advance_to(Tick{50});
  BOOST_TEST(clock.now().number == 100);
  clock.advance(Ticks{5});
  BOOST_TEST(clock.now().number == 105);
}

BOOST_AUTO_TEST_CASE(impossible_worlds_are_refused) {
  World w{"e0", "e1"};
  BOOST_TEST(w.world.add_nic({.name = "e0", .mac = mac_of(9)}).error == EEXIST);
  BOOST_TEST(w.world.add_nic({.name = "a/b", .mac = mac_of(9)}).error == EINVAL);
  BOOST_TEST(w.world.add_nic({.name = "sixteen-letters-", .mac = mac_of(9)}).error == EINVAL);
  BOOST_TEST(w.world.add_nic({.name = "e2", .mac = broadcast_mac}).error == EINVAL);
  BOOST_TEST(w.world.add_switch("e0").error == EEXIST);
  BOOST_TEST(w.world.connect("e0", "e9").error == ENODEV);
  BOOST_TEST(w.world.connect("e0", "e0").error == EINVAL);
  w.connect("e0", "e1");
  BOOST_REQUIRE(w.world.add_switch("s1").ok());
  BOOST_TEST(w.world.connect("s1", "e0").error == EBUSY);
  BOOST_TEST(w.world.set_link("e9", true).error == ENODEV);
}

BOOST_AUTO_TEST_CASE(carrier_needs_both_ends_of_the_cable) {
  World w{"e0", "e1", "e2"};
  BOOST_TEST(w.carrier("e2"));
  w.connect("e0", "e1");
  BOOST_TEST(w.carrier("e0"));
  BOOST_REQUIRE(w.world.set_link("e1", false).ok());
  BOOST_TEST(!w.carrier("e0"));
  BOOST_TEST(!w.carrier("e1"));
  BOOST_TEST(w.drain() == "link e0, link e1");
  BOOST_REQUIRE(w.world.set_link("e1", true).ok());
  BOOST_REQUIRE(w.world.set_up("e0", false).ok());
  BOOST_TEST(!w.carrier("e1"));
  BOOST_REQUIRE(w.world.set_up("e0", true).ok());
  BOOST_REQUIRE(w.world.remove_nic("e1").ok());
  BOOST_TEST(!w.carrier("e0"));
}

BOOST_AUTO_TEST_CASE(a_card_is_taken_out_and_put_back_as_it_was_made) {
  World w{"e0", "e1"};
  w.connect("e0", "e1");
  auto opened = w.hardware.open_nic("e0", LinkSource::carrier);
  BOOST_REQUIRE(opened.ok());
  const std::unique_ptr<Nic> nic = std::move(opened.value());
  BOOST_REQUIRE(nic->set_mac(mac_of(0x77)).ok());
  BOOST_REQUIRE(w.world.remove_nic("e0").ok());
  BOOST_TEST(w.drain() == "gone e0, link e1");
  BOOST_TEST(!w.hardware.has_interface("e0"));
  BOOST_TEST(w.world.remove_nic("e0").error == ENODEV);
  BOOST_REQUIRE(w.world.restore_nic("e0").ok());
  BOOST_TEST(w.drain() == "new e0, link e0, link e1");
  BOOST_TEST(w.world.restore_nic("e0").error == EEXIST);
  BOOST_TEST((w.world.nic("e0").value().mac == mac_of(0)));
  BOOST_TEST(w.carrier("e1"));
  BOOST_TEST(!nic->link().present);  // a handle on the old card does not come back to life
  BOOST_TEST(nic->set_mtu(1400).error == ENODEV);
  auto again = w.hardware.open_nic("e0", LinkSource::carrier);
  BOOST_REQUIRE(again.ok());
  BOOST_TEST(again.value()->link().up);
}

BOOST_AUTO_TEST_CASE(releasing_a_card_that_came_back_leaves_the_new_one_alone) {
  World w{"e0"};
  auto old = std::move(w.hardware.open_nic("e0", LinkSource::carrier).value());
  BOOST_REQUIRE(w.world.remove_nic("e0").ok());
  BOOST_REQUIRE(w.world.restore_nic("e0").ok());
  auto fresh = std::move(w.hardware.open_nic("e0", LinkSource::carrier).value());
  BOOST_REQUIRE(fresh->set_mac(mac_of(0x55)).ok());
  old.reset();
  BOOST_TEST(w.world.nic("e0").value().claimed);
  BOOST_TEST((w.world.nic("e0").value().mac == mac_of(0x55)));
}

BOOST_AUTO_TEST_CASE(events_can_be_turned_off) {
  World w{"e0"};
  w.world.events_enabled = false;
  BOOST_REQUIRE(w.world.set_link("e0", false).ok());
  BOOST_REQUIRE(w.world.remove_nic("e0").ok());
  BOOST_TEST(w.drain() == "");
}

BOOST_AUTO_TEST_CASE(too_many_events_become_one_that_says_look_at_everything) {
  World w{"e0"};
  for (int i = 0; i < 65; ++i) BOOST_REQUIRE(w.world.set_link("e0", i % 2 == 1).ok());
  BOOST_TEST(w.drain() == "link ");
  BOOST_TEST(w.drain() == "");
}

BOOST_AUTO_TEST_CASE(events_wait_for_a_full_list_to_be_emptied) {
  World w{"e0"};
  FixedVector<HardwareEvent, 64> events;
  while (events.size() < 63) events.push_back({HardwareEvent::Kind::host_changed, "x"});
  BOOST_REQUIRE(w.world.set_link("e0", false).ok());
  BOOST_REQUIRE(w.world.remove_nic("e0").ok());
  w.hardware.poll_events(events);
  BOOST_TEST(events.full());
  BOOST_TEST(w.drain() == "gone e0");
}

BOOST_AUTO_TEST_CASE(a_switch_learns_floods_and_forgets) {
  World w{"a", "b", "c"};
  BOOST_REQUIRE(w.world.add_switch("s1").ok());
  for (const char* name : {"a", "b", "c"}) {
    w.connect(name, "s1");
    BOOST_REQUIRE(w.world.set_promiscuous(name, true).ok());
  }
  const auto counts = [&w] {
    return std::to_string(w.world.take_received("a").size()) + std::to_string(w.world.take_received("b").size()) +
           std::to_string(w.world.take_received("c").size());
  };
  BOOST_TEST(w.world.send("a", make_frame(mac_of(1), mac_of(0), 1)) == 0);
  BOOST_TEST(counts() == "011");
  BOOST_TEST(w.world.send("b", make_frame(mac_of(0), mac_of(1), 2)) == 0);
  BOOST_TEST(counts() == "100");
  BOOST_REQUIRE(w.world.set_link("a", false).ok());
  BOOST_REQUIRE(w.world.set_link("a", true).ok());
  BOOST_TEST(w.world.send("b", make_frame(mac_of(0), mac_of(1), 3)) == 0);
  BOOST_TEST(counts() == "101");
  BOOST_TEST(w.world.send("c", make_frame(MacAddress{{1, 0x80, 0xc2, 0, 0, 2}}, mac_of(2), 4)) == 0);
  BOOST_TEST(counts() == "000");
}

BOOST_AUTO_TEST_CASE(a_loop_of_switches_does_not_run_for_ever) {
  World w{"a", "b"};
  for (const char* name : {"s1", "s2"}) BOOST_REQUIRE(w.world.add_switch(name).ok());
  w.connect("s1", "s2");
  w.connect("s1", "s2");
  w.connect("a", "s1");
  w.connect("b", "s2");
  BOOST_TEST(w.world.send("a", make_frame(broadcast_mac, mac_of(0), 1)) == 0);
  const std::uint64_t copies = w.world.nic("b").value().counters.received;
  BOOST_TEST(copies >= 1U);
  BOOST_TEST(copies < 1'000U);
}

BOOST_AUTO_TEST_CASE(of_what_leaves_on_an_open_cable_the_newest_frames_are_kept) {
  World w{"e0"};
  for (std::size_t i = 0; i < Card::queue_frames_max + 2; ++i) {
    auto frame = make_frame(mac_of(9), mac_of(0), 0);
    wire::store_be16(&frame[14], static_cast<std::uint16_t>(i));
    BOOST_REQUIRE(w.world.send("e0", frame) == 0);
  }
  const Frames sent = w.world.sent("e0");
  BOOST_REQUIRE(sent.size() == Card::queue_frames_max);
  BOOST_TEST(wire::load_be16(&sent.front()[14]) == 2);
  BOOST_TEST(wire::load_be16(&sent.back()[14]) == Card::queue_frames_max + 1);
  BOOST_TEST(w.world.nic("e0").value().counters.sent == Card::queue_frames_max + 2);
  w.world.clear_sent("e0");
  BOOST_TEST(w.world.sent("e0").empty());
}

BOOST_AUTO_TEST_CASE(frames_beyond_the_receive_queue_are_counted_as_lost) {
  World w{"e0"};
  const auto nic = std::move(w.hardware.open_nic("e0", LinkSource::carrier).value());
  for (std::size_t i = 0; i < Card::queue_frames_max; ++i)
    BOOST_REQUIRE(w.world.deliver("e0", make_frame(mac_of(0), mac_of(9), 0)));
  BOOST_TEST(!w.world.deliver("e0", make_frame(mac_of(0), mac_of(9), 1)));
  BOOST_TEST(nic->counters().receive_lost == 1U);
}

BOOST_AUTO_TEST_CASE(an_offload_header_travels_with_its_frame) {
  World w{"e0", "e1"};
  w.connect("e0", "e1");
  const auto nic = std::move(w.hardware.open_nic("e1", LinkSource::carrier).value());
  const OffloadHeader offload{OffloadHeader::needs_checksum, 1, 54, 1448, 34, 16};
  BOOST_TEST(w.world.send("e0", make_frame(mac_of(1), mac_of(0), 0, 60'000), offload) == 0);
  BOOST_TEST(w.world.send("e0", make_frame(mac_of(1), mac_of(0), 0, 60'000)) == EMSGSIZE);
  PacketBatch batch(2);
  BOOST_REQUIRE(nic->receive(batch) == 1U);
  BOOST_TEST(batch[0].frame().size() == 60'000U);
  BOOST_TEST((batch[0].offload() == offload));
}

BOOST_AUTO_TEST_CASE(the_asked_for_number_of_transmits_is_refused) {
  World w{"e0"};
  const auto nic = std::move(w.hardware.open_nic("e0", LinkSource::carrier).value());
  BOOST_TEST(w.world.send("e0", make_frame(mac_of(9), mac_of(0), 0)) == EBUSY);
  BOOST_REQUIRE(w.world.refuse_transmits("e0", 2, ENOBUFS).ok());
  const test::FrameBytes frame = make_frame(mac_of(9), mac_of(0), 0);
  for (const int expected : {ENOBUFS, ENOBUFS, 0}) {
    const TransmitResult result = test::contract::send(*nic, {frame});
    BOOST_TEST(result.error == expected);
    BOOST_TEST(result.accepted == (expected == 0 ? 1U : 0U));
  }
}

BOOST_AUTO_TEST_CASE(a_card_that_cannot_change_its_address_says_so) {
  World w{};
  BOOST_REQUIRE(w.world.add_nic({.name = "ib0", .mac = mac_of(1), .can_set_mac = false}).ok());
  const auto nic = std::move(w.hardware.open_nic("ib0", LinkSource::carrier).value());
  BOOST_TEST(nic->set_mac(mac_of(2)).error == EOPNOTSUPP);
  BOOST_TEST((nic->mac() == mac_of(1)));
}

BOOST_AUTO_TEST_CASE(speed_and_duplex_keep_their_last_value_without_link) {
  World w{"e0"};
  const auto nic = std::move(w.hardware.open_nic("e0", LinkSource::carrier).value());
  BOOST_REQUIRE(w.world.set_speed("e0", 10'000, Duplex::half).ok());
  BOOST_TEST((nic->link() == LinkSample{true, true, 10'000, Duplex::half}));
  BOOST_REQUIRE(w.world.set_link("e0", false).ok());
  BOOST_REQUIRE(w.world.set_speed("e0", 100, Duplex::full).ok());
  BOOST_TEST((nic->link() == LinkSample{true, false, 10'000, Duplex::half}));
  BOOST_REQUIRE(w.world.set_link("e0", true).ok());
  BOOST_TEST((nic->link() == LinkSample{true, true, 100, Duplex::full}));
}

BOOST_AUTO_TEST_CASE(the_tap_sees_every_frame_on_each_cable_end_with_the_tick) {
  World w{"e0", "e1"};
  w.connect("e0", "e1");
  std::string seen;
  w.world.set_tap([&seen](const std::string& nic, bool outgoing, Tick now, wire::Bytes frame) {
    seen += nic + (outgoing ? ">" : "<") + std::to_string(now.number) + ":" + std::to_string(frame.size()) + " ";
  });
  w.clock.advance_to(Tick{7});
  BOOST_TEST(w.world.send("e0", make_frame(mac_of(9), mac_of(0), 0, 64)) == 0);
  BOOST_TEST(seen == "e0>7:64 e1<7:64 ");
  BOOST_TEST(w.world.nic("e1").value().counters.filtered == 1U);
}

BOOST_AUTO_TEST_CASE(the_same_story_gives_the_same_bytes) {
  const auto story = [] {
    World w{"a", "b", "c"};
    BOOST_REQUIRE(w.world.add_switch("s1").ok());
    for (const char* name : {"c", "a", "b"}) w.connect(name, "s1");
    std::string log;
    w.world.set_tap([&log](const std::string& nic, bool outgoing, Tick now, wire::Bytes frame) {
      log += nic + (outgoing ? ">" : "<") + std::to_string(now.number) + std::string(frame.begin(), frame.end());
    });
    for (std::uint8_t i = 0; i < 50; ++i) {
      w.clock.advance(Ticks{i});
      w.world.set_link(i % 2 == 0 ? "a" : "b", i % 5 != 0).ok();
      w.world.send(i % 3 == 0 ? "a" : "c", make_frame(mac_of(i % 4), mac_of(i % 3), i));
    }
    return log + w.drain();
  };
  BOOST_TEST(story() == story());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::sim

// Frames carried inside the kernel while the daemon comes, goes, is killed and changes its mind: none is lost or
// doubled that need not be, and nothing is left of it afterwards.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "tests/bench/numbered_flow.hpp"
#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

using bench::FlowDriver;
using bench::NumberedFlow;

constexpr int rate = 2'000;

void pass_ms(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

bool serves(const Daemon& daemon) {
  return wait_until([&] { return daemon.status("/bonds/0/offload/serving") == "true"; }, 3'000);
}

/// False, with the reason told, where this kernel or this build carries nothing: there is nothing to test then.
bool can_serve(const Daemon& daemon) {
  if (serves(daemon)) return true;
  BOOST_TEST_MESSAGE("skipped, BPF is refused here: " << daemon.status("/bonds/0/offload/reason"));
  return false;
}

/// Numbered packets both ways, from now on.
struct Traffic {
  explicit Traffic(const House& house)
      : out(house.box, House::box_v4, house.town, House::town_v4, 7001, 200'000),
        in(house.town, House::town_v4, house.box, House::box_v4, 7002, 200'000),
        driver({&out, &in}, rate) {}

  struct Loss {
    std::size_t lost = 0;
    std::size_t doubled = 0;
  };
  static Loss of(const NumberedFlow& flow) {
    Loss loss;
    for (std::size_t i = 0; i < flow.sent(); ++i) {
      const NumberedFlow::Packet& packet = flow.packets()[i];
      if (packet.copies == 0) ++loss.lost;
      if (packet.copies > 1) ++loss.doubled;
    }
    return loss;
  }
  /// Ends it and checks what became of it.
  void check(std::size_t lost_max) {
    driver.stop();
    for (const NumberedFlow* flow : {&out, &in}) {
      const Loss loss = of(*flow);
      const char* const way = flow == &out ? "out" : "in";
      BOOST_TEST_MESSAGE(way << ": " << flow->sent() << " sent, " << loss.lost << " lost, " << loss.doubled
                             << " doubled");
      BOOST_TEST(flow->sent() > 100U, way);
      BOOST_TEST(loss.lost <= lost_max, way << ": " << loss.lost << " of " << flow->sent() << " are lost");
      BOOST_TEST(loss.doubled == 0U, way);
    }
  }

  NumberedFlow out;
  NumberedFlow in;
  FlowDriver driver;
};

std::string index_of_bond0(const House& house) {
  return house.box.run("cat /sys/class/net/bond0/ifindex").output;
}

/// A daemon that the machine lets wait does not read; what the TAP device then has no room for, it counts.
std::size_t dropped_by_the_host(const House& house) {
  return std::stoul(house.box.must("cat /sys/class/net/bond0/statistics/tx_dropped"));
}

std::string left_in(const std::string& directory) {
  return run_command("cd " + directory + " && find state ! -type d ! -name bonds.events").output;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_offload)

BOOST_AUTO_TEST_CASE(switching_to_and_fro_under_load_loses_and_doubles_nothing) {
  const House house;
  Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  if (!can_serve(daemon)) return;
  const std::size_t dropped = dropped_by_the_host(house);
  Traffic traffic(house);
  pass_ms(200);
  for (int i = 0; i < 15; ++i) {
    BOOST_TEST(daemon.ask("set bond0 offload off").status == 0);
    pass_ms(30);
    BOOST_TEST(daemon.ask("set bond0 offload bpf").status == 0);
    // Now and then it is switched off again while programs are being loaded.
    if (i % 5 != 4) BOOST_TEST(serves(daemon));
    pass_ms(30);
  }
  traffic.driver.stop();
  traffic.check(0);
  BOOST_TEST(dropped_by_the_host(house) == dropped);
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(left_in(daemon.run_dir()).empty(), left_in(daemon.run_dir()));
}

BOOST_AUTO_TEST_CASE(what_the_kernel_carries_is_in_the_counters_and_not_in_the_daemon) {
  const House house;
  Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  if (!can_serve(daemon)) return;
  const auto number = [&](const char* pointer) { return std::stoll(daemon.status(pointer)); };
  const long long tx = number("/bonds/0/ports/0/tx/frames");
  const long long rx = number("/bonds/0/ports/0/rx/frames");
  const long long below = number("/bonds/0/offload/tx_frames");
  house.box.must("ping -q -c 100 -i 0.002 192.168.10.254");
  BOOST_TEST(number("/bonds/0/ports/0/tx/frames") >= tx + 100);
  BOOST_TEST(number("/bonds/0/ports/0/rx/frames") >= rx + 100);
  BOOST_TEST(number("/bonds/0/offload/tx_frames") >= below + 100);
  const std::string text = daemon.ask("status bond0").out;
  BOOST_TEST(contains(text, "\n  forwarding: in the kernel (BPF, "), text);
  BOOST_TEST(daemon.ask("set bond0 offload off").status == 0);
  BOOST_TEST(contains(daemon.ask("status bond0").out, "\n  forwarding: in the daemon (offload is off)\n"));
  BOOST_TEST(number("/bonds/0/ports/0/tx/frames") >= tx + 100);
  BOOST_TEST(reaches(house.box, House::town_v4));
}

BOOST_AUTO_TEST_CASE(killed_it_goes_on_fails_over_and_is_taken_over_by_the_next_start) {
  const House house;
  const std::string before = house.portraits();
  Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  BOOST_REQUIRE(reaches(house.town, House::box_v4));
  if (!can_serve(daemon)) return;
  const std::string index = index_of_bond0(house);
  const std::string addresses = house.box.must("ip -o addr show dev bond0");
  {
    Traffic traffic(house);
    pass_ms(200);
    BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
    pass_ms(500);
    traffic.check(0);
  }
  {
    // Nobody is there who would look at the link, or tell the switch: what comes in waits for what goes out.
    Traffic traffic(house);
    pass_ms(200);
    house.pull(0);
    pass_ms(500);
    traffic.check(20);
    house.put_back(0);
    pass_ms(1'500);  // the far end starts its queue up to a second late
  }
  {
    Traffic traffic(house);
    pass_ms(200);
    daemon.start();
    pass_ms(500);
    traffic.check(500);  // what comes while a filter is exchanged for another, on a busy machine
  }
  BOOST_TEST(contains(daemon.log(), "bond0: taken over as a killed bondbox left it"), daemon.log());
  BOOST_TEST(index_of_bond0(house) == index);
  BOOST_TEST(house.box.must("ip -o addr show dev bond0") == addresses);
  BOOST_TEST(serves(daemon));
  house.pull(0);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(reaches(house.box, House::town_v4));
  house.put_back(0);
  BOOST_TEST(daemon.comes_to("eth0"));
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
  BOOST_TEST(!house.box.run("ip link show bond0").ok());
  BOOST_TEST(left_in(daemon.run_dir()).empty(), left_in(daemon.run_dir()));
}

BOOST_AUTO_TEST_CASE(what_a_killed_one_left_goes_when_the_next_start_has_no_use_for_it) {
  const House house;
  const std::string before = house.portraits();
  house.config();
  Daemon daemon(house.box, "-c " + house.config_path());
  if (!can_serve(daemon)) return;
  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  BOOST_TEST(house.box.run("ip link show bond0").ok());
  write_text(house.config_path(), "[bond.bond7]\nports = [\"eth1\"]\noffload = \"off\"\n");
  daemon.start();
  const auto is_told = [&] {
    return contains(daemon.log(), "bond0: left by a bondbox that was killed, taken away") &&
           contains(daemon.log(), "eth0: given back as it was found");
  };
  BOOST_TEST(wait_until(is_told, 5'000), daemon.log());
  BOOST_TEST(!house.box.run("ip link show bond0").ok());
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
  BOOST_TEST(left_in(daemon.run_dir()).empty(), left_in(daemon.run_dir()));
}

BOOST_AUTO_TEST_CASE(a_next_start_without_an_offload_takes_over_and_leaves_no_program) {
  const House house;
  const std::string before = house.portraits();
  house.config();
  Daemon daemon(house.box, "-c " + house.config_path());
  if (!can_serve(daemon)) return;
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const std::string index = index_of_bond0(house);
  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  house.config("offload = \"off\"");
  daemon.start();
  BOOST_TEST(index_of_bond0(house) == index);
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(reaches(house.town, House::box_v4));
  BOOST_TEST(!contains(house.box.run("tc filter show dev bond0 egress").output, "bpf"));
  // Without programs nothing goes on by itself, and bond0 says so.
  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  BOOST_TEST(house.box.must("cat /sys/class/net/bond0/carrier") == "0\n");
  daemon.start();
  BOOST_TEST(index_of_bond0(house) == index);
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
}

BOOST_AUTO_TEST_CASE(a_deleted_bond0_is_made_again_and_carried_again) {
  const House house;
  const Daemon daemon(house.box, House::words);
  if (!can_serve(daemon)) return;
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  house.box.must("ip link del bond0");
  BOOST_TEST(wait_until([&] { return house.box.run("ip link show bond0").ok(); }, 5'000));
  BOOST_TEST(serves(daemon));
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(reaches(house.town, House::box_v4));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

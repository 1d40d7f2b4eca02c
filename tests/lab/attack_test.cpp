// Floods and forgeries: what holds a bond together holds, the tick goes on, memory stays what it was, and whatever was
// refused is counted by its name.
#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "hal/wire/arp.hpp"
#include "hal/wire/slow_protocols.hpp"
#include "tests/lab/support/lab_house.hpp"
#include "tests/lab/support/linux_bench.hpp"

namespace bondbox::lab {
namespace {

constexpr MacAddress intruder{{0x02, 0, 0, 0, 0x66, 0x66}};

/// These frames one after the other, as fast as the kernel takes them, for at most half a minute.
Process flood(const Namespace& from, const std::string& interface, const std::vector<Frame>& frames) {
  return from.fork_inside([&from, interface, frames] {
    Wiretap wire(from, interface);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < end)
      for (const Frame& frame : frames) (void)wire.send(frame);
    return 0;
  });
}

Frame whole(const wire::SmallFrame& frame) {
  return {frame.begin(), frame.end()};
}

/// What no partner sends: other slow protocols, LACPDUs cut off or with their parts in the wrong places.
std::vector<Frame> slow_nonsense() {
  std::vector<Frame> frames;
  const wire::LacpEnd nobody{};
  const Frame good = whole(wire::build_lacpdu(intruder, nobody, nobody));
  for (const std::uint8_t subtype : std::initializer_list<std::uint8_t>{3, 10, 0, 255}) {
    frames.push_back(good);
    frames.back()[14] = subtype;
  }
  for (const std::size_t at : {16U, 17U, 36U, 37U}) {
    frames.push_back(good);
    frames.back()[at] = 0x77;
  }
  frames.push_back(Frame(good.begin(), good.begin() + 60));
  return frames;
}

std::vector<Frame> arp_storm() {
  std::vector<Frame> frames;
  for (std::uint8_t i = 0; i < 16; ++i) {
    const IpAddress sender{IpAddress::Family::v4, {192, 168, 11, i}};
    const IpAddress target{IpAddress::Family::v4, {192, 168, 11, 200}};
    frames.push_back(
        whole(wire::build_arp({wire::ArpOperation::request, intruder, sender, {}, target}, broadcast_mac, {})));
  }
  return frames;
}

std::uint64_t number(const Daemon& daemon, const std::string& pointer) {
  const std::string text = daemon.status(pointer);
  return text.empty() ? 0 : std::stoull(text);
}

/// In kilobytes.
std::uint64_t resident(const Daemon& daemon) {
  const std::string status = read_text("/proc/" + std::to_string(daemon.pid()) + "/status");
  const std::size_t at = status.find("VmRSS:");
  return at == std::string::npos ? 0 : std::stoull(status.substr(at + 6));
}

std::size_t told(const Daemon& daemon, std::string_view text) {
  const std::string events = daemon.events();
  std::size_t count = 0;
  for (std::size_t at = 0; (at = events.find(text, at)) != std::string::npos; ++at) ++count;
  return count;
}

/// What a looped cable, or somebody who plays one, brings back: the box's own words.
std::vector<Frame> own_words(const Daemon& daemon) {
  const std::string lacp = "/bonds/0/ports/0/lacp/actor/";
  wire::LacpEnd us;
  us.system = *MacAddress::parse(daemon.status(lacp + "system"));
  us.system_priority = 1;
  us.key = static_cast<std::uint16_t>(std::stoul(daemon.status(lacp + "key")));
  us.state = 0x3f;
  std::vector<Frame> frames;
  for (std::uint16_t port = 1; port < 5; ++port) {
    us.port = port;
    frames.push_back(whole(wire::build_lacpdu(intruder, us, us)));
  }
  return frames;
}

/// All of it at once.
std::vector<Frame> everything(const Daemon& daemon) {
  std::vector<Frame> frames = arp_storm();
  for (const std::vector<Frame>& more : {slow_nonsense(), own_words(daemon)})
    frames.insert(frames.end(), more.begin(), more.end());
  return frames;
}

/// Longer than a partner is believed without a word.
constexpr auto flood_time = std::chrono::seconds(5);

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_attacks)

/// The left box's partners stay, nobody was ever told that one had gone, its steps are made in time but for what a
/// shared machine's scheduler takes, no memory is kept, and what was refused is counted by its name.
BOOST_DATA_TEST_CASE(
    lacp_partners_stay_together_while_arp_nonsense_of_their_protocol_and_their_own_words_come_as_fast_as_they_can,
    boost::unit_test::data::make({"offload=off", "offload=auto"}), path) {
  const TwoHouses boxes;
  const std::string words = std::string("mode=4 lacp_rate=fast miimon=50 ") + path;
  const Daemon left(boxes.left, TwoHouses::words(1, words));
  const Daemon right(boxes.right, TwoHouses::words(2, words));
  BOOST_REQUIRE(wait_until([&] { return partners_are_there(left) && partners_are_there(right); }, 10'000));
  const std::string port = "/bonds/0/ports/0";
  const std::size_t partners = told(left, "partner");
  const std::uint64_t before = resident(left);
  const std::uint64_t steps = number(left, "/scheduler/steps");
  const std::uint64_t came = number(left, port + "/rx/frames");
  Process attack = flood(boxes.right, "eth0", everything(left));
  const auto end = std::chrono::steady_clock::now() + flood_time;
  while (std::chrono::steady_clock::now() < end) {
    BOOST_TEST(partners_are_there(left));
    BOOST_TEST(partners_are_there(right));
    (void)run_command("sleep 0.3");
  }
  BOOST_TEST(left.ask("status").status == 0);
  attack.stop(9);
  const std::string all = left.ask("status --format json").out;
  BOOST_TEST(told(left, "partner") == partners, left.events() << all << right.ask("status --format json").out);
  BOOST_TEST(number(left, "/scheduler/steps") > steps + 50);
  BOOST_TEST(number(left, port + "/rx/frames") > came + 1'000, all);
  for (const std::string counter : {"illegal_received", "unknown_received", "own_lacpdus_received"})
    BOOST_TEST(number(left, port + "/lacp/" + counter) > 200u, counter << ": " << all);
  BOOST_TEST(told(left, "illegal loopback") == 1u, left.events());
  BOOST_TEST(resident(left) < before + 4'096);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

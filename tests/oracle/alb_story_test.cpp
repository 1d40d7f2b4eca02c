// The story of alb.p0.pcap and alb.p1.pcap played again: three clients behind a bridge ask for the host, the host asks
// for them, e0 loses its link and gets it back. Every ARP packet and every learning frame that the kernel driver sent
// is sent again: the same bytes, on the same port, in the same order, in the same tenth of a second.
//
// The recording kernel ran at 100 Hz, where the driver's timer of 100 ms fires each 110 ms: times are compared as
// numbers of its ticks, counted from a tick that sent learning frames.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "hal/pcap/capture_file.hpp"
#include "hal/wire/arp.hpp"
#include "hal/wire/ethernet.hpp"
#include "tests/support/sim_bench.hpp"

#ifndef BONDBOX_SOURCE_DIR
#define BONDBOX_SOURCE_DIR "."
#endif

namespace {

using namespace bondbox;
using test::card_mac;
using test::Frame;
using test::SimBench;

constexpr std::int64_t first_tick_us = 1'795'354'317'956'000;  ///< recorded; it sent learning frames
constexpr std::int64_t recorded_tick_us = 110'000;
constexpr std::int64_t loss_us = 1'795'354'325'546'300;    ///< e0's link was found lost
constexpr std::int64_t return_us = 1'795'354'330'054'000;  ///< and back, before that tick's learning frames

struct Seen {
  std::string port;
  std::int64_t time_us = 0;  ///< of the recording
  Frame frame;
};

bool is_ours(const Frame& frame) {
  const MacAddress source = MacAddress::load(frame.data() + 6);
  return source == card_mac(0) || source == card_mac(1);
}

std::uint16_t type_of(const Frame& frame) {
  return wire::load_be16(frame.data() + 12);
}

std::vector<Seen> recording() {
  std::vector<Seen> all;
  for (const std::string number : {"0", "1"}) {
    auto reader = pcapio::CaptureReader::open(BONDBOX_SOURCE_DIR "/tests/oracle/data/alb.p" + number + ".pcap");
    BOOST_REQUIRE_MESSAGE(reader.ok(), (reader.ok() ? "" : reader.failure().reason));
    for (;;) {
      const auto frame = reader.value().next();
      BOOST_REQUIRE(frame.ok());
      if (!frame.value()) break;
      const wire::Bytes bytes = frame.value()->bytes;
      Seen seen{"e" + number, frame.value()->time_ns / 1'000, {bytes.begin(), bytes.end()}};
      if (type_of(seen.frame) == wire::ethertype::arp || type_of(seen.frame) == 0x9000) all.push_back(std::move(seen));
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Seen& a, const Seen& b) { return a.time_us < b.time_us; });
  return all;
}

std::optional<wire::ArpView> arp_of(const Frame& frame) {
  return wire::ArpView::parse(wire::Bytes(frame).subspan(14));
}

/// What the host gave to the bond: the bond's address wherever the driver put a port's. The driver's own updates, two
/// replies in a row that answer nothing, are not the host's.
std::optional<Frame> as_host_sent(const Seen& seen, const std::vector<Seen>& all) {
  if (type_of(seen.frame) != wire::ethertype::arp || !is_ours(seen.frame)) return std::nullopt;
  const auto arp = arp_of(seen.frame);
  if (arp->is_reply()) {
    const bool answers = std::any_of(all.begin(), all.end(), [&](const Seen& other) {
      const std::int64_t later_us = seen.time_us - other.time_us;
      return !is_ours(other.frame) && type_of(other.frame) == wire::ethertype::arp &&
             arp_of(other.frame)->is_request() && arp_of(other.frame)->sender_ip() == arp->target_ip() &&
             later_us >= 0 && later_us < 1'000;
    });
    if (!answers) return std::nullopt;
  }
  Frame frame = seen.frame;
  card_mac(0).store(frame.data() + 6);
  card_mac(0).store(frame.data() + 22);
  return frame;
}

struct Played {
  std::string port;
  std::int64_t tick = 0;
  bool between_ticks = false;
  Frame frame;
};

class Story : public SimBench {
 public:
  Story() : SimBench({"e0", "e1"}) {
    BondConfig config = SimBench::config({"e0", "e1"});
    config.options.mode = Mode::balance_alb;
    config.addresses = {IpPrefix::parse("192.0.2.1/24").value()};
    add(config);
    run_to(950);
    world.set_tap([this](const std::string& card, bool outgoing, Tick now, wire::Bytes bytes) {
      Frame frame(bytes.begin(), bytes.end());
      if (outgoing && start_ < 0 && type_of(frame) == 0x9000) start_ = now.number;
      if (outgoing && start_ >= 0 && (type_of(frame) == 0x9000 || type_of(frame) == wire::ethertype::arp))
        sent_.push_back({card, (now.number - start_) / 100, (now.number - start_) % 100 != 0, std::move(frame)});
    });
    while (start_ < 0 && now() < 5'000) run_for(1);
  }

  /// To the moment of the recording.
  void play_to(std::int64_t time_us) {
    run_to(std::max(now(), start_ + (time_us - first_tick_us) * 100 / recorded_tick_us));
  }

  std::vector<Played> play(const std::vector<Seen>& all) {
    bool lost = false;
    bool back = false;
    for (const Seen& seen : all) {
      if (!lost && seen.time_us >= loss_us) {
        lost = true;
        play_to(loss_us);
        run_for(1);  // after the tick that it shares a millisecond with
        link("e0", false);
      }
      if (!back && seen.time_us >= return_us) {
        back = true;
        play_to(return_us);
        link("e0", true);
      }
      play_to(seen.time_us);
      if (!is_ours(seen.frame)) {
        (void)card_receives(seen.port.c_str(), seen.frame);
        (void)host().take_delivered();
      } else if (const auto frame = as_host_sent(seen, all)) {
        BOOST_REQUIRE(host_sends(*frame));
      }
    }
    run_for(50);
    return sent_;
  }

 private:
  std::int64_t start_ = -1;
  std::vector<Played> sent_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(alb_story)

BOOST_AUTO_TEST_CASE(the_same_frames_leave_on_the_same_ports_in_the_same_ticks) {
  const std::vector<Seen> all = recording();
  std::vector<Played> wanted;
  for (const Seen& seen : all) {
    constexpr std::int64_t slack_us = 2'000;
    if (is_ours(seen.frame))
      wanted.push_back({seen.port, (seen.time_us - first_tick_us + slack_us) / recorded_tick_us, false, seen.frame});
  }
  BOOST_REQUIRE_EQUAL(wanted.size(), 66U);
  Story story;
  std::vector<Played> played = story.play(all);
  // A port that comes back is taught at once, and again until the switch must have heard it; not only with the next
  // lesson.
  const std::size_t extra = std::erase_if(played, [](const Played& one) {
    return one.port == "e0" && one.tick >= 109 && one.between_ticks && type_of(one.frame) == 0x9000 &&
           MacAddress::load(one.frame.data()) == card_mac(1);
  });
  BOOST_TEST(extra == 9U);

  BOOST_TEST(played.size() == wanted.size());
  for (std::size_t i = 0; i < std::min(played.size(), wanted.size()); ++i) {
    BOOST_TEST_CONTEXT("frame " << i) {
      BOOST_TEST(played[i].port == wanted[i].port);
      BOOST_TEST(played[i].tick == wanted[i].tick);
      BOOST_TEST(played[i].frame == wanted[i].frame, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

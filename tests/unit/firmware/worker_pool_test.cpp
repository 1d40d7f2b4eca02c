// The loops as threads, on descriptors: socket pairs in place of interfaces.
#include "firmware/worker_pool.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>

#include "tests/support/loop_bench.hpp"

namespace bondbox::test {
namespace {

/// Frames go in at far_end() and come out of the channel; what is sent is counted.
class PairChannel final : public Channel {
 public:
  explicit PairChannel(std::atomic<std::uint64_t>& sent) : sent_(sent) {
    int fds[2]{-1, -1};
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds) == 0);
    near_ = lnx::UniqueFd(fds[0]);
    far_ = lnx::UniqueFd(fds[1]);
  }
  int far_end() const noexcept { return far_.get(); }

  std::size_t receive(PacketBatch& batch) override {
    std::size_t count = 0;
    while (!batch.full()) {
      Packet& packet = batch.prepare();
      const ssize_t got = ::read(near_.get(), packet.frame_bytes(), Packet::frame_size_max);
      if (got < 0) break;
      packet.set_length(static_cast<std::size_t>(got));
      batch.commit();
      ++count;
    }
    return count;
  }
  TransmitResult transmit(std::span<const Packet* const> packets) override {
    sent_ += packets.size();
    return {packets.size(), 0};
  }
  bool has_link() override { return true; }
  int wait_handle() const noexcept override { return near_.get(); }
  const NicCounters& counters() const noexcept override { return counters_; }

 private:
  std::atomic<std::uint64_t>& sent_;
  lnx::UniqueFd near_;
  lnx::UniqueFd far_;
  NicCounters counters_;
};

/// Opens PairChannels and remembers their far ends.
template <class Base>
class PairSource final : public Base {
 public:
  Result<std::unique_ptr<Channel>> open_channel() override {
    auto channel = std::make_unique<PairChannel>(sent);
    far_ends.push_back(channel->far_end());
    return std::unique_ptr<Channel>(std::move(channel));
  }
  std::atomic<std::uint64_t> sent = 0;
  std::vector<int> far_ends;
};

bool wait_for(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < end) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_pool)

BOOST_AUTO_TEST_CASE(a_machine_of_fewer_than_four_cpus_has_one_loop) {
  BOOST_TEST(automatic_loops(1) == 1U);
  BOOST_TEST(automatic_loops(3) == 1U);
  BOOST_TEST(automatic_loops(4) == 4U);
  BOOST_TEST(automatic_loops(64) == loops_max);
}

BOOST_AUTO_TEST_CASE(threads_forward_what_comes_while_plans_change_and_ports_come_and_go) {
  constexpr std::size_t loops = 3;
  constexpr std::uint64_t rounds = 300;
  WorkerPool pool;
  BOOST_REQUIRE(pool.start(loops).ok());
  BOOST_TEST(pool.workers() == loops - 1);
  PairSource<FakeHostPort> host;
  std::array<PairSource<FakeNic>, 2> nics;
  BondLoops bond(&pool);
  BOOST_REQUIRE(bond.open_host(host).ok());
  for (std::uint8_t i = 0; i < 2; ++i) BOOST_REQUIRE(bond.open_port({i}, nics[i]).ok());
  ForwardingPlan plan;
  plan.transmit.spread = Spread::single;
  plan.transmit.usable.push_back({0});
  plan.ports[0].deliver = deliver_all;
  const std::vector<int> far_ends = host.far_ends;
  std::array<std::uint8_t, 60> frame{0x02, 0, 0, 0, 0x0b, 1, 0x02, 0, 0, 0, 0x0a, 1, 0x08, 0x01};
  std::uint64_t made = 0;
  const auto counted = [&bond] {
    PortCounters sum;
    NicCounters nic;
    BondCounters lost;
    std::uint64_t punts_lost = 0;
    for (std::uint8_t i = 0; i < 2; ++i) bond.add_port({i}, sum);
    bond.add_bond(lost, nic, punts_lost);
    return sum.tx_frames + sum.tx_refused + lost.tx_no_port;
  };
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    plan.generation = round;
    plan.transmit.usable[0] = {static_cast<std::uint8_t>(round % 2)};
    bond.follow(plan, {}, {});
    bond.note_read(true);
    for (const int end : far_ends) made += ::write(end, frame.data(), frame.size()) > 0 ? 1 : 0;
    // Now and then all that was made leaves by this plan.
    if (round % 10 == 5) BOOST_REQUIRE(wait_for([&] { return counted() == made; }));
    if (round % 10 != 0) continue;
    bond.close_port({1});
    BOOST_REQUIRE(bond.open_port({1}, nics[1]).ok());
  }
  BOOST_TEST(made > rounds);
  BOOST_TEST(wait_for([&] { return counted() == made; }));
  BOOST_TEST(nics[0].sent > 0U);
  BOOST_TEST(nics[1].sent > 0U);
}

BOOST_AUTO_TEST_CASE(a_loop_wakes_the_main_thread_when_the_policy_is_to_see_a_frame) {
  WorkerPool pool;
  BOOST_REQUIRE(pool.start(2).ok());
  PairSource<FakeHostPort> host;
  PairSource<FakeNic> nic;
  BondLoops bond(&pool);
  BOOST_REQUIRE(bond.open_host(host).ok());
  BOOST_REQUIRE(bond.open_port({0}, nic).ok());
  ForwardingPlan plan = plan_of(4);
  bond.follow(plan, {}, {});
  bond.note_read(true);
  const std::array<std::uint8_t, 60> arp{0x02, 0, 0, 0, 0x0b, 1, 0x02, 0, 0, 0, 0x0a, 1, 0x08, 0x06};
  BOOST_REQUIRE(::write(host.far_ends[0], arp.data(), arp.size()) > 0);
  std::uint64_t count = 0;
  BOOST_TEST(wait_for([&] { return ::read(pool.wake_handle(), &count, sizeof count) == sizeof count; }));
  Forwarder forwarder;
  (void)bond.collect(forwarder);
  BOOST_TEST(forwarder.punted().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

// The main thread's side of a bond that several loops forward for: opens a channel of the host's interface and of each
// port for each further loop, publishes the plan to them, and gathers what they have counted and punted.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "firmware/loop_share.hpp"
#include "hal/host_port.hpp"
#include "hal/nic.hpp"
#include "policies/options.hpp"

namespace bondbox {

/// Why frames of this bond must pass one loop in one order; empty where they need not.
std::string_view one_order_reason(const ForwardingPlan& plan, const BondOptions& options) noexcept;

class BondLoops {
 public:
  /// `loops` null: the main thread's loop is the only one.
  explicit BondLoops(LoopHost* loops) noexcept : loops_(loops) {}
  ~BondLoops();
  BondLoops(const BondLoops&) = delete;
  BondLoops& operator=(const BondLoops&) = delete;

  /// How many loops are asked for, the main thread's included.
  std::size_t wanted() const noexcept { return loops_ == nullptr ? 1 : loops_->workers() + 1; }
  /// How many loops the bond's flows are spread over now.
  std::size_t serving() const noexcept { return open_ && one_order_.empty() ? wanted() : 1; }
  /// Why fewer than wanted; empty when not.
  std::string_view reason() const noexcept { return open_ ? one_order_ : std::string_view(refusal_); }

  /// Channels of the host's interface, at first or when it was made again. Both outlive them. A refusal leaves the bond
  /// with one loop until the host's interface is opened again.
  Outcome open_host(HostPort& host);
  Outcome open_port(PortId port, Nic& nic);
  /// Gives the bond one loop, and says why.
  void close(std::string_view why = {});
  /// The loops let go of the port: when it returns, no loop uses it, and all they had to say of it is in collect().
  /// Not before the next follow() do they know a plan without it; until then its frames go to the next usable port.
  void close_port(PortId port);

  /// The loops forward by this plan from their next batch on, which answers what they asked before the last collect().
  /// `one_order`: as one_order_reason(), a literal. True when the number of loops that serve has changed.
  bool follow(const ForwardingPlan& plan, MacAddress bond_mac, std::string_view one_order,
              const Newcomers& newcomers = {});
  /// The loops forward what waits on the port, by `last`; another plan is about to follow. Where `more_comes` it does
  /// not hold the main thread up for longer than some 20 ms, and else, as nothing is added, until it is read.
  void read_before(PortId port, const ForwardingPlan& last, const Newcomers& newcomers, bool more_comes);
  /// Something that a port brought has not been forwarded yet.
  bool has_waiting(PortId port) const;
  /// The main thread has read its own channels once more; `all`: until they were empty.
  void note_read(bool all);

  /// Gives what the loops have punted to `forwarder`. True: a loop has met a port without link, or asks about links.
  bool collect(Forwarder& forwarder);

  bool any() const noexcept { return share_ != nullptr; }
  /// Adds what the loops have counted.
  void add_port(PortId port, PortCounters& counters) const;
  void add_nic(PortId port, NicCounters& counters) const;
  void add_bond(BondCounters& counters, NicCounters& host, std::uint64_t& punts_lost) const;
  void add_traffic(BucketTraffic& traffic) const;
  /// Times that a loop's way to the main thread had no room.
  std::uint64_t queue_full() const;
  /// The port's counters begin at 0 again.
  void forget_port(PortId port);

 private:
  struct WorkerSide {
    std::unique_ptr<Channel> host;
    std::array<std::unique_ptr<Channel>, max_ports> ports{};
    /// Of the port that had the slot before.
    std::array<PortCounters, max_ports> ports_before{};
    std::array<NicCounters, max_ports> nics_before{};
    /// By channels that the port has had.
    std::array<std::uint64_t, max_ports> lost_below{};
    std::uint32_t asked = 0;  ///< questions that follow() answers
  };

  /// Flows keep their order over a change, because what waited in the old place is read before the new one is:
  enum class Phase : std::uint8_t {
    together,  ///< all frames come to the main thread
    parting,   ///< frames are spread, but the loops do not read: the main thread still has some of their flows
    apart,     ///< each loop reads its own
  };

  void publish();
  void wait_passed();
  void part();
  void join(std::size_t port);
  void unite();
  void watch_all();
  void forget_all();
  bool has_waiting() const;
  void close_channel(std::size_t worker, PortId port);
  const LoopCounts& counts(std::size_t worker) const { return share_->sides[worker]->counts.read(); }
  std::size_t workers() const noexcept { return loops_->workers(); }

  LoopHost* loops_;
  std::unique_ptr<LoopShare> share_;
  std::size_t slot_ = 0;
  bool open_ = false;
  Phase phase_ = Phase::together;
  int parting_turns_ = 0;
  std::string refusal_;
  std::string_view one_order_;
  LoopView view_;
  bool view_changed_ = false;
  std::size_t serving_told_ = 1;
  HostPort* host_ = nullptr;
  std::array<Nic*, max_ports> nics_{};
  std::array<bool, max_ports> joins_{};  ///< ports whose frames are not spread as the others' yet
  std::array<WorkerSide, workers_max> sides_{};
};

}  // namespace bondbox

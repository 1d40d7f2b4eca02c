// bond0 as the host sees it: a TAP device (Documentation/networking/tuntap.rst) that hands over whole 64 kB frames with
// their offload header, and what rtnetlink tells of the addresses on it, on VLANs on top of it, and on its bridge.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hal/host_port.hpp"
#include "hal/linux/context.hpp"
#include "hal/linux/tap_queues.hpp"
#include "hal/wire/fixed_vector.hpp"

namespace bondbox::lnx {

class TapHostPort : public HostPort {
 public:
  /// Interfaces that hold addresses of one host port, every VLAN among them, and addresses on them; what is beyond is
  /// not learned, and told.
  static constexpr std::size_t holders_max = 4'200;
  static constexpr std::size_t addresses_max = 8'192;

  /// As Hardware::open_host_port. The interface is made down, without carrier.
  static Result<std::unique_ptr<HostPort>> open(std::shared_ptr<Context> context, std::string_view name,
                                                std::size_t queues, std::size_t channels);
  ~TapHostPort() override;
  TapHostPort(const TapHostPort&) = delete;
  TapHostPort& operator=(const TapHostPort&) = delete;

  /// What the process that takes this one's place needs.
  void give(Handover& handover) const;

  std::string_view name() const noexcept override { return name_; }
  std::string_view interface_name() const noexcept override { return state_.name; }
  MacAddress mac() const noexcept override { return state_.mac; }
  Outcome set_mac(MacAddress mac) override;
  std::uint32_t mtu() const noexcept override { return state_.mtu; }
  Outcome set_mtu(std::uint32_t mtu) override;
  Outcome set_carrier(bool on) override;
  Outcome set_queues(std::size_t count) override;
  bool is_present() const noexcept override { return !gone_; }
  bool is_up() const noexcept override { return state_.up; }
  bool is_promiscuous() const noexcept override { return state_.promiscuous; }
  bool has_queueing() const noexcept override { return state_.queueing; }
  std::span<const HostAddress> addresses() const noexcept override { return state_.addresses; }
  std::span<const VlanId> vlans() const noexcept override { return state_.vlans; }
  Result<HostPath> path_to(const IpAddress& target) const override;
  void append_groups(FixedVector<HostGroup, 64>& groups) const override;
  Outcome add_address(const IpPrefix& prefix) override;
  Outcome remove_address(const IpPrefix& prefix) override;
  Outcome set_gateway(const IpAddress& gateway) override;
  Outcome remove_gateway(const IpAddress& gateway) override;
  Outcome set_up(bool up) override;
  std::size_t receive(PacketBatch& batch) override;
  TransmitResult transmit(std::span<const Packet* const> packets) override;
  int wait_handle() const noexcept override { return queues_.fd(0); }
  void append_wait_handles(std::vector<int>& handles) const override;
  const NicCounters& counters() const noexcept override { return counters_; }
  Result<std::unique_ptr<Channel>> open_channel() override;
  Outcome spread_flows(bool on) override;

  int index() const noexcept { return index_; }
  /// Whether programs carry its frames, which are not to be taken for leftovers of a killed process.
  void set_offloaded(bool on) noexcept { offloaded_ = on; }
  /// Its note is where the next start looks for it, again. errno, 0: done.
  int put_back_note() { return journal_.put_back(); }
  bool was_taken_over() const noexcept override { return adopted_; }
  bool was_handed_over() const noexcept override { return handed_; }
  bool shows_carrier() const noexcept override { return carrier_; }
  /// All bonds are made: whether an offload has replaced the programs of the process before. Without one they go.
  void end_adoption();
  /// To be called with every look for events: questions of the host that were lost all the same are forgotten, too.
  void look_after_questions();
  /// Whether a change of this interface, or of addresses on it, may change what this port reports.
  bool concerns(int index) const noexcept;
  bool concerns(const InterfaceInfo& info) const noexcept;
  /// Reads everything again. What the kernel does not tell stays as it was known.
  void learn();
  /// The same from what has been read: every interface and every address of the namespace.
  void learn(std::span<const InterfaceInfo> all, std::span<const InterfaceAddress> addresses);
  /// learn() is to look at the queueing disciplines too.
  void queueing_may_have_changed() noexcept { queueing_due_ = true; }
  /// Whether anything that it reports has changed since the last call.
  bool take_changed() noexcept;

 private:
  struct State {
    std::string name;  ///< short: it costs no memory
    MacAddress mac;
    std::uint32_t mtu = 0;
    bool up = false;
    bool promiscuous = false;
    bool queueing = false;
    std::vector<HostAddress> addresses;
    std::vector<VlanId> vlans;
    friend bool operator==(const State&, const State&) = default;
  };
  /// An interface whose addresses are the host's through this port.
  struct Holder {
    int index = 0;
    VlanId vlan;
    MacAddress mac;
    bool router = false;
    bool bridge = false;
  };

  TapHostPort(std::shared_ptr<Context> context, std::string_view name, TapQueues queues, int index);
  void learn_holders(const InterfaceInfo& own, std::span<const InterfaceInfo> all);
  void learn_addresses(std::span<const InterfaceAddress> all, State& state) const;
  void tell_too_many(const State& state);
  /// The holder of the interface with this index; nullptr: none of ours.
  const Holder* holder(int index) const noexcept;
  /// All zero when it has none.
  IpAddress first_address(const Holder& holder, IpAddress::Family family) const noexcept;
  static Result<std::unique_ptr<HostPort>> take_over(std::shared_ptr<Context> context, const InterfaceInfo& info,
                                                     Adoption::Host host, std::size_t queues, std::size_t channels);
  static Result<std::unique_ptr<HostPort>> take_from_handover(std::shared_ptr<Context> context, std::string_view name,
                                                              int index, std::size_t channels);
  /// Whether the interface outlives this process, should it be killed, without a cable then; a later process takes it
  /// over. It never outlives this object.
  Outcome set_persistent(bool on);
  void vanish();
  /// The next process, should this one be killed, is to know the interface again.
  void forget_questions();
  int write_journal();
  void receive_from(std::size_t queue, PacketBatch& batch);
  /// Learns the change that ended with `error`, or says why it was refused.
  Outcome finish(int error, const std::string& what);

  std::shared_ptr<Context> context_;
  std::string name_;
  HostJournal journal_;  ///< open while the interface is persistent
  TapQueues queues_;
  int index_;
  std::size_t turn_ = 0;  ///< the queue that receive() began behind last
  bool carrier_ = true;   ///< as last set; a new device shows a cable
  bool adopted_ = false;
  int looks_left_ = 0;  ///< of look_after_questions()
  std::int64_t next_look_ms_ = 0;
  bool handed_ = false;
  bool offloaded_ = false;
  bool gone_ = false;
  bool joins_ = true;
  bool changed_ = false;
  bool queueing_due_ = true;  ///< the kernel tells those of all interfaces at once, so they are read on news only
  bool queueing_ = false;
  State state_;
  std::vector<Holder> holders_;
  bool told_too_many_ = false;
  std::optional<IpAddress> gateway_v4_;
  std::optional<IpAddress> gateway_v6_;
  NicCounters counters_;
};

}  // namespace bondbox::lnx

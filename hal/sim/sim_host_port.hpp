// The simulated host's interface: bond0, with a host on the other side that tests and scenarios play.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hal/host_port.hpp"
#include "hal/sim/frame_queue.hpp"
#include "hal/sim/sim_world.hpp"

namespace bondbox::sim {

class SimHostPort final : public HostPort {
 public:
  SimHostPort(SimWorld& world, std::string_view name);
  /// Takes over what `killed` held; that one is dead from here on.
  explicit SimHostPort(SimHostPort& killed);
  ~SimHostPort() override;
  SimHostPort(const SimHostPort&) = delete;
  SimHostPort& operator=(const SimHostPort&) = delete;

  std::string_view name() const noexcept override { return name_; }
  std::string_view interface_name() const noexcept override { return interface_name_; }
  MacAddress mac() const noexcept override { return mac_; }
  Outcome set_mac(MacAddress mac) override;
  std::uint32_t mtu() const noexcept override { return mtu_; }
  Outcome set_mtu(std::uint32_t mtu) override;
  Outcome set_carrier(bool on) override;
  Outcome set_queues(std::size_t count) override;
  bool is_present() const noexcept override { return present_; }
  bool was_taken_over() const noexcept override { return taken_over_; }
  bool is_up() const noexcept override { return up_; }
  bool is_promiscuous() const noexcept override { return promiscuous_; }
  bool has_queueing() const noexcept override { return queueing_; }
  std::span<const HostAddress> addresses() const noexcept override { return addresses_; }
  std::span<const VlanId> vlans() const noexcept override { return vlans_; }
  Result<HostPath> path_to(const IpAddress& target) const override;
  void append_groups(FixedVector<HostGroup, 64>& groups) const override;
  Outcome add_address(const IpPrefix& prefix) override;
  Outcome remove_address(const IpPrefix& prefix) override;
  Outcome set_gateway(const IpAddress& gateway) override;
  Outcome remove_gateway(const IpAddress& gateway) override;
  Outcome set_up(bool up) override;
  std::size_t receive(PacketBatch& batch) override;
  TransmitResult transmit(std::span<const Packet* const> packets) override;
  int wait_handle() const noexcept override { return -1; }
  const NicCounters& counters() const noexcept override { return counters_; }

  // --- the host's side ---

  /// The host sends a frame. False when the port is down, the frame is no frame or too long, or the queue is full.
  /// Carrier is not asked: a stack sends in the moment before it notices, and the bond must cope. A queue that there is
  /// not is queue 0, as the kernel takes it.
  bool inject(wire::Bytes frame, const OffloadHeader& offload = {}, std::uint16_t queue = 0);
  std::size_t queues() const noexcept { return queues_; }
  /// What the host has been given since the last call, oldest first; the newest Card::queue_frames_max at most.
  Frames take_delivered();
  std::uint64_t delivered_count() const noexcept { return delivered_count_; }
  bool has_carrier() const noexcept { return carrier_; }
  const std::optional<IpAddress>& gateway(IpAddress::Family family) const noexcept {
    return gateways_[family == IpAddress::Family::v4 ? 0 : 1];
  }
  /// Somebody deletes the interface.
  void vanish();
  /// As another program of the host would: with a host_changed event.
  void host_rename(std::string_view name);
  void host_set_promiscuous(bool on);
  void host_set_queueing(bool on);
  /// Replaces all addresses, those on VLANs and bridges above included.
  void set_addresses(std::vector<HostAddress> addresses);
  void set_vlans(std::vector<VlanId> vlans);
  void set_groups(std::vector<HostGroup> groups) { groups_ = std::move(groups); }
  /// What path_to() answers for a target from now on; without one it is through here, from the first address of the
  /// target's family on no VLAN.
  void set_path(const IpAddress& target, const HostPath& path);

 private:
  void tell() { world_.tell(HardwareEvent::Kind::host_changed, name_); }

  SimWorld& world_;
  std::string name_;
  std::string interface_name_;
  MacAddress mac_;
  std::uint32_t mtu_ = 1500;
  bool present_ = true;
  bool taken_over_ = false;
  bool up_ = false;  ///< as a host's interface that was only just made
  bool carrier_ = false;
  bool promiscuous_ = false;
  bool queueing_ = false;
  std::size_t queues_ = 1;
  std::vector<HostAddress> addresses_;
  std::vector<VlanId> vlans_;
  std::vector<HostGroup> groups_;
  std::vector<std::pair<IpAddress, HostPath>> paths_;
  std::optional<IpAddress> gateways_[2];
  NicCounters counters_;
  FrameQueue from_host_{Card::queue_frames_max, Card::queue_bytes_max};
  FrameQueue to_host_{Card::queue_frames_max, Card::queue_bytes_max};
  std::uint64_t delivered_count_ = 0;
};

}  // namespace bondbox::sim

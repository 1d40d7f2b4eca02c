// A further channel of a PacketNic: a packet socket that shares the interface's frames with it (PACKET_FANOUT).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "hal/channel.hpp"
#include "hal/linux/carrier_losses.hpp"
#include "hal/linux/context.hpp"
#include "hal/linux/link_state.hpp"
#include "hal/linux/packet_socket.hpp"
#include "hal/linux/wait_set.hpp"

namespace bondbox::lnx {

class PacketChannel : public Channel {
 public:
  /// `socket` is bound and shares already. The losses are those of the same interface. While it lives it is in
  /// `siblings`.
  PacketChannel(std::shared_ptr<Context> context, int index, LinkSource source, PacketSocket socket,
                CarrierLosses losses, std::vector<PacketChannel*>& siblings);
  ~PacketChannel() override;
  PacketChannel(const PacketChannel&) = delete;
  PacketChannel& operator=(const PacketChannel&) = delete;

  std::size_t receive(PacketBatch& batch) override { return socket_.receive(batch, counters_); }
  /// As PacketNic: refuses frames for a dead cable, looked at every 0.1 ms at most.
  TransmitResult transmit(std::span<const Packet* const> packets) override;
  bool has_link() override;
  bool has_lost_link() override;
  int wait_handle() const noexcept override { return socket_.fd(); }
  const NicCounters& counters() const noexcept override { return counters_; }
  bool has_waiting() const noexcept override { return is_readable(socket_.fd()); }
  std::uint64_t lost_below() override { return lost_ += socket_.take_lost(); }

  PacketSocket& socket() noexcept { return socket_; }
  /// From any thread; as Nic::set_link_source, from the next look on.
  void set_link_source(LinkSource source) noexcept { wanted_source_ = source; }

 private:
  LinkProbes probes();
  void take_link_source() noexcept;

  std::shared_ptr<Context> context_;
  int index_;
  PacketSocket socket_;
  CarrierLosses losses_;  // declared before its reader
  LinkReader reader_;
  LinkSource source_;
  std::atomic<LinkSource> wanted_source_;
  bool carrier_seen_ = false;
  std::int64_t carrier_read_us_ = 0;
  NicCounters counters_;
  std::uint64_t lost_ = 0;
  std::vector<PacketChannel*>& siblings_;
};

}  // namespace bondbox::lnx

#include "hal/linux/packet_channel.hpp"

#include <cerrno>

#include "hal/linux/monotonic_clock.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::int64_t carrier_interval_us = 100;

}  // namespace

PacketChannel::PacketChannel(std::shared_ptr<Context> context, int index, LinkSource source, PacketSocket socket,
                             CarrierLosses losses, std::vector<PacketChannel*>& siblings)
    : context_(std::move(context)),
      index_(index),
      socket_(std::move(socket)),
      losses_(std::move(losses)),
      reader_(probes(), source),
      source_(source),
      wanted_source_(source),
      siblings_(siblings) {
  carrier_seen_ = reader_.has_link();
  siblings_.push_back(this);
}

PacketChannel::~PacketChannel() {
  std::erase(siblings_, this);
}

/// What may be asked from any thread: ioctls on a shared socket, each by the name that the interface has at that
/// moment. How the carrier bit reads through netlink is left to the main thread.
LinkProbes PacketChannel::probes() {
  return {
      [this] { return context_->driver.ethtool_link(context_->driver.current_name(index_)); },
      [this] { return context_->driver.mii_link(context_->driver.current_name(index_)); },
      [] { return 1; },
      [] { return LinkSpeed{}; },
      [this] { return losses_.read(); },
  };
}

void PacketChannel::take_link_source() noexcept {
  const LinkSource wanted = wanted_source_.load(std::memory_order_relaxed);
  if (wanted == source_) return;
  source_ = wanted;
  reader_.set_source(wanted);
  // Asked now, because transmit() looks at the cable by a probe that has answered before.
  carrier_seen_ = reader_.has_link();
}

bool PacketChannel::has_link() {
  take_link_source();
  return reader_.has_link();
}

bool PacketChannel::has_lost_link() {
  take_link_source();
  return reader_.is_cheap() && !reader_.has_link();
}

TransmitResult PacketChannel::transmit(std::span<const Packet* const> packets) {
  if (packets.empty()) return {};
  take_link_source();
  if (reader_.is_cheap()) {
    const std::int64_t now_us = monotonic_us();
    if (!carrier_seen_ || now_us - carrier_read_us_ >= carrier_interval_us) {
      carrier_seen_ = reader_.has_link();
      carrier_read_us_ = now_us;
    }
    if (!carrier_seen_) return {0, ENETDOWN};
  }
  return socket_.transmit(packets);
}

}  // namespace bondbox::lnx

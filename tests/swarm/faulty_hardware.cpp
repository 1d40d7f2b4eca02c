#include "tests/swarm/faulty_hardware.hpp"

#include <algorithm>
#include <cerrno>

#include "hal/sim/sim_host_port.hpp"

namespace bondbox::swarm {

namespace {

constexpr std::size_t scratch_frames = 8;

}  // namespace

class FaultyNic final : public Nic {
 public:
  FaultyNic(FaultyHardware& hardware, FaultyHardware::Card& card, std::unique_ptr<Nic> inner)
      : hardware_(hardware), card_(card), inner_(std::move(inner)), name_(inner_->name()) {
    if (hardware_.goes_on) return;
    card_.life = NicLife{};
    card_.life.number = ++hardware_.lives_;
    card_.late.clear();
  }
  ~FaultyNic() override {
    if (hardware_.hands_over) hardware_.handed_nics_[name_] = std::move(inner_);
  }

  std::string_view name() const noexcept override { return inner_->name(); }
  MacAddress permanent_mac() const noexcept override { return inner_->permanent_mac(); }
  MacAddress mac() const noexcept override { return inner_->mac(); }
  Outcome set_mac(MacAddress mac) override { return inner_->set_mac(mac); }
  std::uint32_t mtu() const noexcept override { return inner_->mtu(); }
  Outcome set_mtu(std::uint32_t mtu) override { return inner_->set_mtu(mtu); }
  Outcome set_promiscuous(bool on) override { return inner_->set_promiscuous(on); }
  bool was_handed_over() const noexcept override { return inner_->was_handed_over(); }
  void set_link_source(LinkSource source) override { inner_->set_link_source(source); }
  Outcome set_away(Away how) override { return inner_->set_away(how); }
  bool has_lost_link() override { return inner_->has_lost_link(); }
  int wait_handle() const noexcept override { return -1; }
  const NicCounters& counters() const noexcept override { return inner_->counters(); }

  LinkSample link() override {
    const LinkSample sample = inner_->link();
    card_.life.link_was_read_down = !sample.up;
    hardware_.witness->nic_was_read(name_, sample.up);
    return sample;
  }

  std::size_t receive(PacketBatch& batch) override {
    const std::size_t before = batch.size();
    const Noise& noise = card_.noise;
    if (card_.late.empty() && noise.lost + noise.doubled + noise.late + noise.garbled == 0) {
      inner_->receive(batch);
    } else {
      receive_late(batch);
      receive_noisily(batch);
    }
    for (std::size_t i = before; i < batch.size(); ++i) {
      const wire::Bytes frame = std::as_const(batch[i]).frame();
      ++card_.life.rx_frames;
      card_.life.rx_bytes += frame.size();
      hardware_.witness->nic_gave(name_, frame);
    }
    return batch.size() - before;
  }

  TransmitResult transmit(std::span<const Packet* const> packets) override {
    TransmitResult result;
    for (const Packet* const packet : packets) {
      const wire::Bytes frame = packet->frame();
      if (card_.noise.refused != 0 && card_.random.chance(card_.noise.refused)) {
        ++hardware_.count_.refused;
        result.error = ENOBUFS;
      } else {
        result.error = inner_->transmit({&packet, 1}).error;
      }
      hardware_.witness->nic_was_given(name_, frame, result.error);
      if (result.error != 0) break;
      ++card_.life.tx_frames;
      card_.life.tx_bytes += frame.size();
      ++result.accepted;
    }
    return result;
  }

 private:
  void put(PacketBatch& batch, wire::Bytes frame, const OffloadHeader& offload) {
    if (!batch.has_room()) return keep(frame, offload, Ticks{0});
    Packet& packet = batch.prepare();
    std::copy(frame.begin(), frame.end(), packet.frame_bytes());
    packet.set_length(frame.size());
    packet.set_offload(offload);
    batch.commit();
  }

  void keep(wire::Bytes frame, const OffloadHeader& offload, Ticks delay) {
    card_.late.push_back({hardware_.world_.now() + delay, {frame.begin(), frame.end()}, offload});
  }

  void receive_late(PacketBatch& batch) {
    const Tick now = hardware_.world_.now();
    for (std::size_t i = 0; i < card_.late.size() && batch.has_room();) {
      if (card_.late[i].due > now) {
        ++i;
        continue;
      }
      put(batch, card_.late[i].frame, card_.late[i].offload);
      card_.late.erase(card_.late.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  void receive_noisily(PacketBatch& batch) {
    while (batch.has_room()) {
      scratch_.clear();
      if (inner_->receive(scratch_) == 0) return;
      for (std::size_t i = 0; i < scratch_.size(); ++i) pass(batch, scratch_[i]);
    }
  }

  /// What comes out of the cable, after what the cable has done to it.
  void pass(PacketBatch& batch, Packet& packet) {
    NoiseCount& count = hardware_.count_;
    const Noise& noise = card_.noise;
    const wire::MutableBytes frame = packet.frame();
    if (card_.random.chance(noise.lost)) {
      ++count.lost;
      return;
    }
    if (card_.random.chance(noise.garbled)) {
      ++count.garbled;
      hardware_.excuse(frame);
      frame[card_.random.below(static_cast<std::uint32_t>(frame.size()))] ^=
          static_cast<std::uint8_t>(1U << card_.random.below(8));
    }
    if (card_.random.chance(noise.doubled)) {
      ++count.doubled;
      hardware_.excuse(frame);
      put(batch, frame, packet.offload());
    }
    if (card_.random.chance(noise.late)) {
      ++count.late;
      // By then its port may be another's successor, and nobody can know of a copy that is still in the cable.
      hardware_.excuse(frame);
      return keep(frame, packet.offload(), Ticks{card_.random.between(1, 20)});
    }
    put(batch, frame, packet.offload());
  }

  FaultyHardware& hardware_;
  FaultyHardware::Card& card_;
  std::unique_ptr<Nic> inner_;
  std::string name_;
  PacketBatch scratch_{scratch_frames};
};

class WatchedHostPort final : public HostPort {
 public:
  WatchedHostPort(FaultyHardware& hardware, std::unique_ptr<HostPort> inner, bool handed_over)
      : hardware_(hardware), inner_(std::move(inner)), name_(inner_->name()), handed_over_(handed_over) {}
  ~WatchedHostPort() override {
    if (hardware_.hands_over) hardware_.handed_hosts_[name_] = std::move(inner_);
  }

  std::string_view name() const noexcept override { return inner_->name(); }
  std::string_view interface_name() const noexcept override { return inner_->interface_name(); }
  MacAddress mac() const noexcept override { return inner_->mac(); }
  Outcome set_mac(MacAddress mac) override { return inner_->set_mac(mac); }
  std::uint32_t mtu() const noexcept override { return inner_->mtu(); }
  Outcome set_mtu(std::uint32_t mtu) override { return inner_->set_mtu(mtu); }
  Outcome set_carrier(bool on) override { return inner_->set_carrier(on); }
  Outcome set_queues(std::size_t count) override { return inner_->set_queues(count); }
  bool is_present() const noexcept override { return inner_->is_present(); }
  bool was_taken_over() const noexcept override { return inner_->was_taken_over(); }
  bool was_handed_over() const noexcept override { return handed_over_; }
  bool shows_carrier() const noexcept override { return inner_->shows_carrier(); }
  bool has_queueing() const noexcept override { return inner_->has_queueing(); }
  bool is_up() const noexcept override { return inner_->is_up(); }
  bool is_promiscuous() const noexcept override { return inner_->is_promiscuous(); }
  std::span<const HostAddress> addresses() const noexcept override { return inner_->addresses(); }
  std::span<const VlanId> vlans() const noexcept override { return inner_->vlans(); }
  Result<HostPath> path_to(const IpAddress& target) const override { return inner_->path_to(target); }
  void append_groups(FixedVector<HostGroup, 64>& groups) const override { inner_->append_groups(groups); }
  Outcome add_address(const IpPrefix& prefix) override { return inner_->add_address(prefix); }
  Outcome remove_address(const IpPrefix& prefix) override { return inner_->remove_address(prefix); }
  Outcome set_gateway(const IpAddress& gateway) override { return inner_->set_gateway(gateway); }
  Outcome remove_gateway(const IpAddress& gateway) override { return inner_->remove_gateway(gateway); }
  Outcome set_up(bool up) override { return inner_->set_up(up); }
  int wait_handle() const noexcept override { return -1; }
  const NicCounters& counters() const noexcept override { return inner_->counters(); }

  std::size_t receive(PacketBatch& batch) override {
    const std::size_t before = batch.size();
    inner_->receive(batch);
    for (std::size_t i = before; i < batch.size(); ++i)
      hardware_.witness->host_gave(name_, std::as_const(batch[i]).frame());
    return batch.size() - before;
  }

  TransmitResult transmit(std::span<const Packet* const> packets) override {
    TransmitResult result;
    for (const Packet* const packet : packets) {
      result.error = inner_->transmit({&packet, 1}).error;
      hardware_.witness->host_was_given(name_, packet->frame(), result.error);
      if (result.error != 0) break;
      ++result.accepted;
    }
    return result;
  }

 private:
  FaultyHardware& hardware_;
  std::unique_ptr<HostPort> inner_;
  std::string name_;
  bool handed_over_;
};

FaultyHardware::Card& FaultyHardware::state(std::string_view card) {
  const auto place = cards_.find(card);
  if (place != cards_.end()) return place->second;
  return cards_.emplace(std::string(card), Card(Random(seed_, card))).first->second;
}

Result<std::unique_ptr<Nic>> FaultyHardware::open_nic(std::string_view name, LinkSource source) {
  if (const auto handed = handed_nics_.find(name); handed != handed_nics_.end()) {
    std::unique_ptr<Nic> nic = std::move(handed->second);
    handed_nics_.erase(handed);
    return std::unique_ptr<Nic>(std::make_unique<FaultyNic>(*this, state(name), std::move(nic)));
  }
  auto inner = inner_.open_nic(name, source);
  if (!inner.ok()) return inner.failure();
  return std::unique_ptr<Nic>(std::make_unique<FaultyNic>(*this, state(name), std::move(inner.value())));
}

Result<std::unique_ptr<HostPort>> FaultyHardware::open_host_port(std::string_view name, std::size_t queues,
                                                                 std::size_t channels) {
  if (const auto handed = handed_hosts_.find(name); handed != handed_hosts_.end()) {
    std::unique_ptr<HostPort> host = std::move(handed->second);
    handed_hosts_.erase(handed);
    return std::unique_ptr<HostPort>(std::make_unique<WatchedHostPort>(*this, std::move(host), true));
  }
  auto inner = inner_.open_host_port(name, queues, channels);
  if (!inner.ok()) return inner.failure();
  return std::unique_ptr<HostPort>(std::make_unique<WatchedHostPort>(*this, std::move(inner.value()), false));
}

std::size_t FaultyHardware::close_handed() {
  const std::size_t left = handed_nics_.size() + handed_hosts_.size();
  handed_nics_.clear();
  handed_hosts_.clear();
  return left;
}

void FaultyHardware::calm() {
  for (auto& [name, card] : cards_) card.noise = {};
}

std::optional<Tick> FaultyHardware::next_arrival() const {
  std::optional<Tick> due;
  for (const auto& [name, card] : cards_)
    for (const Late& late : card.late)
      if (!due || late.due < *due) due = late.due;
  return due;
}

}  // namespace bondbox::swarm

// A simulated card, claimed.
#pragma once

#include <string>

#include "hal/nic.hpp"
#include "hal/sim/sim_world.hpp"

namespace bondbox::sim {

class SimNic final : public Nic {
 public:
  /// Claims `card`, which must be present and unclaimed, and sets it up.
  SimNic(SimWorld& world, Card& card);
  /// Gives the card back as it was found, unless it has been taken out meanwhile.
  ~SimNic() override;
  SimNic(const SimNic&) = delete;
  SimNic& operator=(const SimNic&) = delete;

  std::string_view name() const noexcept override { return card_.spec.name; }
  MacAddress permanent_mac() const noexcept override { return card_.spec.mac; }
  MacAddress mac() const noexcept override { return alive() ? card_.mac : mac_; }
  Outcome set_mac(MacAddress mac) override;
  std::uint32_t mtu() const noexcept override { return alive() ? card_.mtu : mtu_; }
  Outcome set_mtu(std::uint32_t mtu) override;
  Outcome set_promiscuous(bool on) override;
  Outcome set_away(Away how) override;
  LinkSample link() override;
  bool is_set_up() const override { return !alive() || card_.up; }
  bool has_lost_link() override { return last_.up && (away_ == Away::pretend || !(alive() && card_.carrier)); }
  std::size_t receive(PacketBatch& batch) override;
  TransmitResult transmit(std::span<const Packet* const> packets) override;
  int wait_handle() const noexcept override { return -1; }
  const NicCounters& counters() const noexcept override;

 private:
  bool alive() const noexcept { return card_.present && card_.incarnation == incarnation_; }
  /// What came until the card was taken out stays until it is put back.
  bool holds_frames() const noexcept { return alive() || (!card_.present && card_.incarnation == incarnation_ + 1); }
  Outcome gone() const;

  SimWorld& world_;
  Card& card_;
  std::uint64_t incarnation_;
  std::uint64_t lost_before_;
  Card::Found found_;
  Away away_ = Away::no;
  // As last known, for when the card has gone.
  MacAddress mac_;
  std::uint32_t mtu_;
  LinkSample last_;
  mutable NicCounters counters_;
};

}  // namespace bondbox::sim

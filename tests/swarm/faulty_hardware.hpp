// Simulated hardware with something wrong with it, and a witness beside it: a wrapper of the simulated machine's NICs
// and host ports that loses, doubles, delays and garbles what comes in, refuses what goes out, and tells of each frame
// that crosses between the program and its hardware.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hal/hardware.hpp"
#include "hal/sim/sim_hardware.hpp"
#include "tests/swarm/random.hpp"

namespace bondbox::swarm {

/// Of a cable, in thousandths of the frames that come in by it, or go out.
struct Noise {
  std::uint32_t lost = 0;
  std::uint32_t doubled = 0;
  std::uint32_t late = 0;  ///< by 1 to 20 ms, so that others overtake it
  std::uint32_t garbled = 0;
  std::uint32_t refused = 0;  ///< on its way out: ENOBUFS
  bool silent() const noexcept { return lost + doubled + late + garbled + refused == 0; }
};

/// What crossed between the program and one NIC since it was claimed.
struct NicLife {
  std::uint64_t number = 0;  ///< of all lives
  std::uint64_t rx_frames = 0;
  std::uint64_t rx_bytes = 0;
  std::uint64_t tx_frames = 0;
  std::uint64_t tx_bytes = 0;
  bool link_was_read_down = false;  ///< since it was last read up
};

class Witness {
 public:
  virtual ~Witness() = default;
  virtual void nic_was_read(const std::string& card, bool up) = 0;
  virtual void nic_gave(const std::string& card, wire::Bytes frame) = 0;
  /// `error`: 0 when the NIC took it.
  virtual void nic_was_given(const std::string& card, wire::Bytes frame, int error) = 0;
  virtual void host_gave(const std::string& bond, wire::Bytes frame) = 0;
  virtual void host_was_given(const std::string& bond, wire::Bytes frame, int error) = 0;
};

/// How often each thing was done to a frame.
struct NoiseCount {
  std::uint64_t lost = 0;
  std::uint64_t doubled = 0;
  std::uint64_t late = 0;
  std::uint64_t garbled = 0;
  std::uint64_t refused = 0;
};

class FaultyHardware final : public Hardware {
 public:
  FaultyHardware(sim::SimWorld& world, std::uint64_t seed) : world_(world), inner_(world), seed_(seed) {}

  Result<std::unique_ptr<Nic>> open_nic(std::string_view name, LinkSource source) override;
  bool has_interface(std::string_view name) override { return inner_.has_interface(name); }
  Result<std::unique_ptr<HostPort>> open_host_port(std::string_view name, std::size_t queues,
                                                   std::size_t channels) override;
  void poll_events(FixedVector<HardwareEvent, 64>& events) override { inner_.poll_events(events); }
  int wait_handle() const noexcept override { return -1; }

  void set_noise(std::string_view card, const Noise& noise) { state(card).noise = noise; }
  /// The cables are whole; what is late still comes.
  void calm();
  /// When a frame that is late arrives.
  std::optional<Tick> next_arrival() const;
  /// Of the NIC that is claimed now, or was last.
  NicLife& life(std::string_view card) { return state(card).life; }
  const NoiseCount& noise_count() const noexcept { return count_; }
  /// Told of every frame that noise has doubled, garbled or held up, so that nobody else is blamed for it.
  std::function<void(wire::Bytes)> excuse = [](wire::Bytes) {};
  Witness* witness = nullptr;
  bool goes_on = false;  ///< NICs that are claimed now take another process's place: their lives go on
  /// What the program closes from now on stays open, as descriptors do that another process has as well, and is what
  /// that one gets when it asks for it.
  bool hands_over = false;
  /// What was kept open so and was not asked for is closed. How much that was.
  std::size_t close_handed();

 private:
  friend class FaultyNic;
  friend class WatchedHostPort;

  struct Late {
    Tick due{};
    std::vector<std::uint8_t> frame;
    OffloadHeader offload;
  };
  struct Card {
    explicit Card(const Random& own) : random(own) {}
    Random random;
    Noise noise;
    NicLife life;
    std::vector<Late> late;  ///< in the order in which they came
  };

  Card& state(std::string_view card);

  sim::SimWorld& world_;
  sim::SimHardware inner_;
  std::uint64_t seed_;
  std::uint64_t lives_ = 0;
  NoiseCount count_;
  std::map<std::string, Card, std::less<>> cards_;
  std::map<std::string, std::unique_ptr<Nic>, std::less<>> handed_nics_;
  std::map<std::string, std::unique_ptr<HostPort>, std::less<>> handed_hosts_;
};

}  // namespace bondbox::swarm

// The simulated world: cards, cables and switches. Nothing happens by itself: frames pass at once, in the tick in which
// they are sent, into the bounded receive queue at the far end. The same calls in the same order give the same bytes.
//
// The world MUST outlive every SimHardware on it and everything opened from one. Names are those of Linux interfaces;
// cards, switches and host ports share them. Unknown names are answered with ENODEV (or false, or nothing).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hal/hardware.hpp"
#include "hal/outcome.hpp"
#include "hal/packet.hpp"
#include "hal/sim/card.hpp"
#include "hal/sim/learning_switch.hpp"
#include "hal/sim/sim_clock.hpp"

namespace bondbox::sim {

class SimHostPort;

using Frames = std::vector<std::vector<std::uint8_t>>;

/// Sees every frame that a card puts on its cable (outgoing) or finds there (wanted or not), in order. MUST NOT change
/// the world.
using TapHook = std::function<void(const std::string& nic, bool outgoing, Tick now, wire::Bytes frame)>;

/// A card as it is now.
struct NicState {
  bool present = false;
  bool claimed = false;
  bool up = false;
  bool has_link = false;
  bool carrier = false;  ///< up, and both ends of the cable have link
  bool promiscuous = false;
  MacAddress mac;
  std::uint32_t mtu = 0;
  CardCounters counters;
};

/// A switch: the logic, and what is plugged into each port.
class SwitchBox {
 public:
  struct Port {
    Card* card = nullptr;
    SwitchBox* other = nullptr;
    std::size_t other_port = 0;
  };
  LearningSwitch logic;
  std::vector<Port> ports;
};

/// Hands events to one SimHardware. Bounded; when it overflows, one "look at everything" stands for all.
class EventQueue {
 public:
  void push(HardwareEvent::Kind kind, const std::string& name);
  /// As Hardware::poll_events.
  void move_to(FixedVector<HardwareEvent, 64>& events);

 private:
  FixedVector<HardwareEvent, 64> waiting_;
};

class SimWorld {
 public:
  explicit SimWorld(const SimClock& clock) : clock_(clock) {}
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  /// Whether cards tell of link changes, vanishing and appearing; off, only polling sees them. Host ports always tell.
  bool events_enabled = true;

  // --- building ---

  /// EINVAL: the name is no interface name, the MAC no station's; EEXIST: the name is taken.
  Outcome add_nic(const NicSpec& spec);
  Outcome add_switch(std::string_view name);
  /// A cable from a NIC or a switch to another. A NIC has one socket (EBUSY), a switch as many as it takes.
  Outcome connect(std::string_view one_end, std::string_view other_end);

  // --- what happens to it ---

  /// The card's own link; its carrier is up when both ends of the cable have link.
  Outcome set_link(std::string_view nic, bool on);
  /// Its cable keeps its light and carries nothing any more, as behind a switch port that forwards nothing.
  Outcome set_silent(std::string_view nic, bool on);
  /// What this NIC sends is lost on its cable; what comes to it arrives: a fibre of the pair is broken.
  Outcome set_mute(std::string_view nic, bool on);
  Outcome set_speed(std::string_view nic, std::uint32_t mbps, Duplex duplex);
  /// Administratively, as `ip link set` would; on a claimed NIC too.
  Outcome set_up(std::string_view nic, bool up);
  /// As another program would, behind the back of whoever claimed it.
  Outcome set_mac(std::string_view nic, MacAddress mac);
  Outcome set_mtu(std::string_view nic, std::uint32_t mtu);
  /// Of a NIC that nobody has claimed.
  Outcome set_promiscuous(std::string_view nic, bool on);
  /// Takes the card out; its cable stays where it is. ENODEV when it is out already.
  Outcome remove_nic(std::string_view nic);
  /// Puts it back, as it was made. EEXIST when it is in.
  Outcome restore_nic(std::string_view nic);
  /// The process that holds this NIC or host port is killed: it has no hold on it any more, and nothing was given back.
  /// Whoever opens it next takes it over as it stands.
  Outcome abandon(std::string_view name);
  /// The next `count` transmits of this NIC are refused with `error`.
  Outcome refuse_transmits(std::string_view nic, std::size_t count, int error);

  // --- frames, from the outside ---

  /// A frame comes out of the NIC's cable. False when it had no carrier, did not want the frame or had no room for it.
  bool deliver(std::string_view nic, wire::Bytes frame, const OffloadHeader& offload = {});
  /// A station, a NIC that nobody has claimed, sends. 0 or an errno, as Nic::transmit; EBUSY for a claimed one.
  int send(std::string_view nic, wire::Bytes frame, const OffloadHeader& offload = {});
  /// What a station has received since the last call, oldest first.
  Frames take_received(std::string_view nic);
  /// What has left on a cable that has no other end, oldest first; the newest Card::queue_frames_max at most.
  Frames sent(std::string_view nic) const;
  void clear_sent(std::string_view nic);

  // --- looking ---

  std::optional<NicState> nic(std::string_view name) const;
  /// Frames that any card has taken into its receive queue so far. A step of the firmware that raises it may have left
  /// frames to a bond whose turn was over.
  std::uint64_t frames_arrived() const noexcept { return frames_arrived_; }
  /// The host's side of a port that a SimHardware has opened; nullptr when there is none.
  SimHostPort* host_port(std::string_view name) const noexcept;
  void set_tap(TapHook tap) { tap_ = std::move(tap); }
  Tick now() const noexcept { return clock_.now(); }

 private:
  friend class SimNic;
  friend class SimHardware;
  friend class SimHostPort;

  /// A loop of switches is cut here: a real one would need a spanning tree.
  static constexpr std::size_t hops_max = 8;

  Card* find(std::string_view name) const noexcept;
  Card* find_present(std::string_view name) const noexcept;
  bool name_taken(std::string_view name) const noexcept;
  /// 0 or an errno.
  int transmit(Card& card, wire::Bytes frame, const OffloadHeader& offload);
  bool arrive(Card& card, wire::Bytes frame, const OffloadHeader& offload);
  void switch_frame(SwitchBox& box, std::size_t port, wire::Bytes frame, const OffloadHeader& offload,
                    std::size_t hops);
  void leave_switch(const SwitchBox::Port& port, wire::Bytes frame, const OffloadHeader& offload, std::size_t hops);
  /// Works out every carrier anew, tells of changes, lets switches forget.
  void refresh_carriers();
  void tell(HardwareEvent::Kind kind, const std::string& name);
  std::uint64_t count_host_port() noexcept { return ++host_ports_made_; }

  const SimClock& clock_;
  TapHook tap_;
  std::map<std::string, std::unique_ptr<Card>, std::less<>> cards_;
  std::map<std::string, std::unique_ptr<SwitchBox>, std::less<>> switches_;
  std::map<std::string, SimHostPort*, std::less<>> host_ports_;
  std::map<std::string, std::unique_ptr<HostPort>, std::less<>> left_host_ports_;  ///< by killed processes
  std::vector<EventQueue*> listeners_;
  std::uint64_t host_ports_made_ = 0;
  std::uint64_t frames_arrived_ = 0;
};

/// Whether Linux would take it for an interface name.
bool is_interface_name(std::string_view name) noexcept;

}  // namespace bondbox::sim

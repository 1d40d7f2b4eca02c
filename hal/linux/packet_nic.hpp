// A real network card (or veth, or any other Ethernet interface) as a port: a packet socket for its frames, a claim on
// the interface, a reader of its link.
#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hal/hardware.hpp"
#include "hal/linux/carrier_losses.hpp"
#include "hal/linux/context.hpp"
#include "hal/linux/link_state.hpp"
#include "hal/linux/packet_socket.hpp"
#include "hal/linux/port_claim.hpp"
#include "hal/nic.hpp"

namespace bondbox::lnx {

class PacketChannel;

class PacketNic : public Nic {
 public:
  /// As Hardware::open_nic.
  static Result<std::unique_ptr<Nic>> open(std::shared_ptr<Context> context, std::string_view name, LinkSource source);
  ~PacketNic() override;

  /// What the process that takes this one's place needs.
  void give(Handover& handover) const;

  std::string_view name() const noexcept override { return name_; }
  MacAddress permanent_mac() const noexcept override { return permanent_mac_; }
  MacAddress mac() const noexcept override { return mac_; }
  Outcome set_mac(MacAddress mac) override;
  std::uint32_t mtu() const noexcept override { return mtu_; }
  Outcome set_mtu(std::uint32_t mtu) override;
  Outcome set_promiscuous(bool on) override;
  /// Away::pretend is what this object says: programs in the kernel, and channels of further loops, go on until the
  /// plan does without the port.
  Outcome set_away(Away how) override;
  /// Also learns a MAC or MTU that somebody else has changed.
  LinkSample link() override;
  bool is_set_up() const override { return gone_ || context_->driver.is_set_up(current_name_); }
  bool was_handed_over() const noexcept override { return handed_; }
  bool has_lost_link() override;
  void set_link_source(LinkSource source) override;
  std::size_t receive(PacketBatch& batch) override;
  /// Refuses frames for a dead cable, which the kernel takes without a word. The cable is looked at every 0.1 ms at
  /// most, and only while the driver answers ETHTOOL_GLINK; the other probes are too dear for that, and it is link()
  /// that notices.
  TransmitResult transmit(std::span<const Packet* const> packets) override;
  int wait_handle() const noexcept override { return socket_.fd(); }
  void append_wait_handles(std::vector<int>& handles) const override;
  const NicCounters& counters() const noexcept override;

  /// 0 once the interface has gone.
  int index() { return is_there() ? index_ : 0; }
  /// As PacketSocket::use_program, on all channels, for data and for ARP and neighbour discovery, which are data then.
  int use_program(int program);
  /// Frames to these addresses pass the interface's own filter too, where it has room for them; a program admits them
  /// or does not.
  using AlsoHeard = FixedVector<MacAddress, max_ports + 1>;
  void hear_also(const AlsoHeard& macs);
  /// The programs of a killed process carry what the sockets have copies of, which are thrown away, but for LACPDUs. To
  /// be called before they are replaced, as there may be thousands, which takes its time, and once they are, for the
  /// last time: what comes then is nobody else's. Nothing for a port that was not taken over.
  void drop_carried() const;
  void forget_carried();
  /// All bonds are made: a port that was taken over and has got no programs from us gets its fence back.
  void end_adoption();
  /// Whether its fence is a filter, whose place a program can take.
  bool has_fence_filter() const noexcept { return claim_.fence() == FenceKind::filter; }

  /// Somebody has taken filters off the interface: its fence is put back where it was one.
  void raise_fence_again();

  /// Somebody may have changed it; looked at with the next link().
  void may_be_changed() noexcept { changed_ = true; }

  /// As PortClaim's.
  int put_back_note() { return claim_.put_back_note(); }

  /// A packet socket that shares the frames.
  Result<std::unique_ptr<Channel>> open_channel() override;
  Outcome spread_flows(bool on) override;

  /// How the link is read: "ethtool", "mii", "carrier", "none".
  std::string_view link_probe() const noexcept { return reader_.serving(); }

 private:
  PacketNic(std::shared_ptr<Context> context, const InterfaceInfo& info, LinkSource source);
  LinkProbes probes();
  Outcome start(InterfaceInfo& info);
  Outcome take_over(const InterfaceInfo& info);
  /// A process from before there were three sockets has handed over two. It may still go on with them, so what they
  /// hear is left as it is for a while.
  void divide();
  /// Whether the interface is still there; learns its MAC. The first "no" is final.
  bool is_there();
  /// Whether a link that has just come carries what is sent: the kernel starts the interface's queue a while after its
  /// carrier, up to a second when links changed just before, and until then drops every frame without a word. A bond
  /// that moved to this port in between would lose what the old port could still send.
  bool queue_has_started(std::int64_t now_ms);
  void take_lost() const noexcept;
  /// While programs serve the port, what it hears must not depend on this process.
  void make_hearing_last() { (void)claim_.stay_promiscuous(promiscuous_ && program_.valid()); }
  TransmitResult transmit_ahead(std::span<const Packet* const> packets);
  void leave_list();
  void learn_own_system(wire::Bytes frame);
  std::array<PacketSocket*, 3> sockets() noexcept { return {&control_, &neighbours_, &socket_}; }
  /// The PacketNic itself becomes the first of several channels.
  int begin_sharing();
  Outcome gone() const;
  Outcome refused(int error, const char* what) const;

  std::shared_ptr<Context> context_;
  std::string name_;
  std::string current_name_;  ///< after renames
  int index_;
  bool gone_ = false;
  bool empty_ = false;  ///< gone, and all that had come until then has been read
  bool promiscuous_ = false;
  Away away_ = Away::no;
  AlsoHeard also_heard_;
  bool handed_ = false;
  bool carried_ = false;  ///< by programs of a killed process, as far as we know
  MacAddress mac_;
  MacAddress permanent_mac_;
  std::uint32_t mtu_;
  PortClaim claim_;  // declared before the socket: given back after the socket has closed
  PacketSocket socket_;
  PacketSocket
      control_;  ///< for LACPDUs, which must not wait behind anything, or be lost with it; all that is sent ahead
  PacketSocket neighbours_;  ///< for what must not be lost with data; beside a program for slow protocols that are none
  MacAddress own_system_;    ///< as whom we speak LACP
  bool divided_ = true;
  std::int64_t divide_ms_ = 0;  ///< not before
  CarrierLosses losses_;        // declared before its reader
  LinkReader reader_;
  LinkSource source_;
  bool shares_ = false;
  std::vector<PacketChannel*> channels_;
  UniqueFd program_;  ///< in use instead of the classic filter
  LinkSample last_;
  std::int64_t mtu_read_ms_ = 0;
  std::int64_t kept_off_ms_ = 0;
  bool changed_ = false;
  std::int64_t carrier_read_us_ = 0;
  bool carrier_seen_ = false;
  bool link_read_ = false;
  std::int64_t starting_since_ms_ = 0;  ///< when link() first saw a carrier whose queue has not started; 0: none
  int link_mode_words_ = 0;
  mutable NicCounters counters_;
};

}  // namespace bondbox::lnx

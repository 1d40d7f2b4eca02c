// The offload on Linux: programs on bond0's egress and on the ports' ingress, and a filter of the same kind on each
// port's packet socket, all on the same maps. The programs themselves are in bpf/.
//
// They are attached by clsact, or to the device itself (tcx) where the kernel has no clsact; either way they stay and
// go on when this process dies.
//
// One small program is loaded when the offload is opened, so that a refusal is told where it was asked for. What a plan
// takes is loaded in a thread when the plan is published: until it is attached frames are the daemon's.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hal/linux/bpf_kernel_layout.hpp"
#include "hal/linux/bpf_later.hpp"
#include "hal/linux/bpf_maps.hpp"
#include "hal/linux/context.hpp"
#include "hal/offload.hpp"

namespace bondbox::lnx {

class LinuxOffload : public Offload {
 public:
  /// As Hardware::open_offload. `first` is how it is tried first; tests ask for tcx where clsact would do.
  static Result<std::unique_ptr<Offload>> open(std::shared_ptr<Context> context, TapHostPort& host,
                                               BpfAttachKind first = BpfAttachKind::clsact);
  ~LinuxOffload() override;
  LinuxOffload(const LinuxOffload&) = delete;
  LinuxOffload& operator=(const LinuxOffload&) = delete;

  std::string_view kind() const noexcept override { return kind_ == BpfAttachKind::clsact ? "clsact" : "tcx"; }
  Outcome add_port(PortId port, Nic& nic) override;
  void remove_port(PortId port) override;
  Outcome publish(const wire::FastPlan& plan) override;
  Outcome keep_up() override;
  Outcome finish() override;
  std::string_view pending() const noexcept override;
  void renew_lease() override;
  Outcome read(OffloadCounters& counters) override;
  bool take_link_doubt() override { return maps_.wake().take(); }
  int wait_handle() const noexcept override { return maps_.wake().fd(); }
  int progress_handle() const noexcept override { return later_.wait_handle(); }

  /// For the process that takes this one's place: all that is attached.
  void give(Handover& handover) const;
  int host_index() const noexcept { return host_index_; }

  /// Whether the programs look at the carrier of this port themselves.
  bool sees_carrier(PortId port) const;
  /// An interface with this index has been deleted: where the kernel kept it is forgotten.
  void interface_removed(int index);
  /// Somebody has taken filters off the interface with this index: ours are put back.
  void filters_removed(int index);

 private:
  struct Port {
    PacketNic* nic = nullptr;  ///< nullptr: no such port
    int index = 0;
    std::uint64_t mark = 0;  ///< which membership it is
    BpfAttachKind kind = BpfAttachKind::clsact;
    bool attached = false;
    bool made_qdisc = false;
    UniqueFd ingress;
    UniqueFd filter;
    UniqueFd locate;
    bool is_gone() const;  ///< its interface is: what was attached went along
  };

  LinuxOffload(std::shared_ptr<Context> context, TapHostPort& host, BpfAttachKind kind);
  Outcome start();
  /// What another process has attached goes on by its last plan. False: nothing, or nothing that is understood.
  bool take_over();
  void learn_layout();
  Outcome load_egress();
  Outcome attach_loaded();
  Outcome attach_egress();
  void detach_egress();

  std::optional<std::vector<bpf_insn>> code_of(BpfRole role, PortId port, const BpfKind& kind) const;
  int load(BpfRole role, PortId port, UniqueFd& program, std::string& complaint) const;
  bool has_egress() const noexcept;
  bool has_ports() const noexcept;
  Outcome load_later();
  Outcome take_loaded();
  Outcome take_port(Port& slot, LaterPrograms::Job& job);
  Outcome put_in_force();

  Outcome attach_port(Port& slot);
  int attach_ingress(Port& slot);
  void detach_port(Port& slot);
  void locate(PortId port);
  void hear_each_other(const wire::FastPlan& plan);
  void look_after_devices();

  std::shared_ptr<Context> context_;
  TapHostPort& host_;
  BpfAttachKind kind_;
  int host_index_;
  BpfMaps maps_;
  UniqueFd egress_;
  BpfKind egress_kind_;   ///< of the program that is loaded
  BpfKind loading_kind_;  ///< of the one that is being loaded, if any is
  BpfKind wanted_kind_;   ///< of the last plan
  wire::FastPlan last_;   ///< published
  bool attached_ = false;
  bool told_unseen_ = false;
  std::int64_t looked_ms_ = 0;
  std::uint64_t memberships_ = 0;
  KernelLayout layout_;
  std::array<Port, max_ports> ports_;
  std::array<Port, max_ports> handed_ports_;  ///< until they are added
  OffloadCounters before_;                    ///< what another process has told of already
  OffloadCounters counted_;                   ///< as read last, those of other processes included
  LaterPrograms later_;
};

/// Removes what a process that died left of its offload on an interface that was its bond0; nothing where there is
/// nothing. (Its ports' ingress programs stand in the fence's place and go, or are made the fence again, with that.)
void remove_leftover_egress(Context& context, int index);
/// The same of what is attached to a port itself rather than stands in its fence's place.
void remove_leftover_ingress(int index);
/// Whether a program of a bondbox, dead or alive, is on the egress of this interface.
bool has_leftover_egress(NetlinkSocket& netlink, int index);

}  // namespace bondbox::lnx

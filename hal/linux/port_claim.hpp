// Taking a port away from the host, and giving it back as it was: flags, MAC, MTU, IPv6, fence. Everything that is
// changed is in the journal before it is changed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hal/linux/context.hpp"
#include "hal/linux/port_journal.hpp"
#include "hal/linux/unique_fd.hpp"
#include "hal/outcome.hpp"

namespace bondbox::lnx {

class PortClaim {
 public:
  PortClaim() = default;
  PortClaim(PortClaim&&) = default;
  PortClaim& operator=(PortClaim&&) = delete;
  ~PortClaim() { release(); }

  /// Claims the interface `info` and fences it off; does not set it up. EBUSY: a live process has claimed it. EPERM: no
  /// right to. What a killed process left on it is put right first, and `info` read again then. On failure nothing has
  /// changed. `wanted` is there for kernels, and tests, without ingress filters.
  Outcome take(std::shared_ptr<Context> context, InterfaceInfo& info, FenceKind wanted = FenceKind::filter);

  /// What the process before had claimed, from context->handed; nothing about the interface changes. EBADMSG: it was
  /// not handed over.
  Outcome take_over(std::shared_ptr<Context> context, int index);
  void give(Handover& handover) const;

  /// To be called before the port's MAC (MTU) becomes `to`. A journal that cannot be written is logged, no more: the
  /// bond is worth more than the notes.
  void before_change(MacAddress from, MacAddress to);
  void before_change(std::uint32_t from_mtu, std::uint32_t to_mtu);

  /// To be called before the port is set down for a while, and when it is up again. errno, 0: it is noted, so that the
  /// next start sets up what this process, killed, has left down.
  int note_set_down(bool down);

  /// The port is promiscuous beyond this process's end, or only as far as others ask for it. errno, 0: done.
  int stay_promiscuous(bool on);

  /// Gives the port back, if it is there, and removes the journal.
  void release();
  /// For an interface that is gone: removes the journal and touches nothing, for its index may be another's by now.
  void abandon();

  /// Somebody has changed the interface: what keeps the host's stack off it is put back, and told.
  void keep_host_off();

  /// Its journal is where the next start looks for it, again. errno, 0: done.
  int put_back_note() { return journal_.put_back(); }

  bool is_held() const noexcept { return context_ != nullptr; }
  /// Taken over as a killed process left it, fence and all: it was not given back in between.
  bool is_adopted() const noexcept { return adopted_; }
  /// The port's MAC before any bondbox claimed it.
  MacAddress found_mac() const noexcept { return record_.mac; }
  int index() const noexcept { return record_.index; }
  FenceKind fence() const noexcept { return record_.fence; }

 private:
  void end();
  void write_journal();
  Outcome raise_fence(FenceKind wanted);
  Outcome keep_stack_off(Context& context) const;
  Outcome no_right() const;
  bool adopt(Context& context, const InterfaceInfo& info);
  Outcome become_owner(const InterfaceInfo& info);

  std::shared_ptr<Context> context_;
  /// Bound to a name made of the port's index, which one process of a network namespace can have at a time, whatever
  /// run directory it uses; the journal's lock only keeps those apart that share one.
  UniqueFd owner_;
  PortJournal journal_;
  PortRecord record_;
  bool adopted_ = false;
  bool unwritten_ = false;  ///< the record, into the journal
};

/// What everything of the interface with this index is called in a handover begins so.
inline std::string handed_port(int index) {
  return "port/" + std::to_string(index) + "/";
}

/// Puts right what killed processes left on ports of this namespace, but for those that are to be taken over. One line
/// for each port: what was done.
std::vector<std::string> restore_leftovers(Context& context);

}  // namespace bondbox::lnx

// The machine that the program runs on, in the network namespace of the thread that makes this object. All calls must
// come from threads in that namespace, one at a time.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hal/hardware.hpp"
#include "hal/linux/adoption.hpp"
#include "hal/linux/context.hpp"
#include "hal/linux/event_source.hpp"

namespace bondbox::lnx {

inline constexpr std::string_view default_run_dir = "/run/bondbox";

class LinuxHardware : public Hardware {
 public:
  /// `run_dir` holds the ports' journals (state/ports). `log` gets what a person should know, one sentence a call, from
  /// within the call that finds it. Check is_usable() next.
  explicit LinuxHardware(std::string run_dir = std::string(default_run_dir), LogSink log = {});

  /// Why nothing will work here (no netlink, no sockets), or done.
  const Outcome& is_usable() const noexcept { return usable_; }
  /// Where it is: names and numbers of interfaces mean nothing elsewhere. Empty and 0: not told.
  const std::string& boot_id() const noexcept { return context_->boot_id; }
  std::uint64_t namespace_inode() const noexcept { return context_->namespace_inode; }

  /// To be called before the process gives up rights: what killed processes left can be put right afterwards as well.
  void know_leftovers();
  /// Puts right what killed processes left in this namespace, except what a live process holds and what the bonds that
  /// are `wanted` take over as it stands. To be called before the first open_nic. One line for each thing: what was
  /// done.
  std::vector<std::string> restore_leftovers(std::span<const WantedBond> wanted = {});
  /// To be called when those bonds are made, or could not be: what they have not taken over is put right, too.
  std::vector<std::string> end_adoption();
  /// The same when another process has handed all of it over.
  void end_takeover();

  /// Writes what the next start has to know of ports and host ports again, after `run_dir` was lost. errno of the first
  /// that could not be written, 0: all there.
  int put_back_notes();

  /// Of the network namespace; 0: the kernel does not tell.
  std::int64_t namespace_number() const { return static_cast<std::int64_t>(context_->namespace_inode); }
  /// Everything open here, for the process that takes this one's place. What it names stays open here.
  void give(Handover& handover) const;
  /// The other way: what is opened from here on and was handed over goes on as it stands.
  void take(Handover handed) { context_->handed = std::move(handed); }
  Handover& handed() noexcept { return context_->handed; }
  /// Another process has it all: what ends here undoes nothing, until hold().
  void let_go() noexcept { context_->let_go = true; }
  void hold() noexcept { context_->let_go = false; }

  Result<std::unique_ptr<Nic>> open_nic(std::string_view name, LinkSource source) override;
  bool has_interface(std::string_view name) override;
  Result<std::unique_ptr<HostPort>> open_host_port(std::string_view name, std::size_t queues = 1,
                                                   std::size_t channels = 1) override;
  Result<std::unique_ptr<Offload>> open_offload(HostPort& host) override;
  void poll_events(FixedVector<HardwareEvent, 64>& events) override { events_.poll(events); }
  int wait_handle() const noexcept override { return events_.fd(); }

 private:
  Outcome start();

  std::shared_ptr<Context> context_;
  EventSource events_;
  Outcome usable_;
};

}  // namespace bondbox::lnx

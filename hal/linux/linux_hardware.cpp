#include "hal/linux/linux_hardware.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include "hal/linux/bpf_offload.hpp"
#include "hal/linux/bpf_programs.hpp"
#include "hal/linux/bpf_syscall.hpp"
#include "hal/linux/host_journal.hpp"
#include "hal/linux/packet_nic.hpp"
#include "hal/linux/port_claim.hpp"
#include "hal/linux/tap_host_port.hpp"

namespace bondbox::lnx {

LinuxHardware::LinuxHardware(std::string run_dir, LogSink log)
    : context_(std::make_shared<Context>()), events_(context_) {
  context_->run_dir = std::move(run_dir);
  context_->log = std::move(log);
  usable_ = start();
}

Outcome LinuxHardware::start() {
  int error = context_->interfaces.open();
  if (error == 0) error = context_->driver.open();
  if (error == 0) error = events_.open();
  if (error != 0)
    return Outcome::failed(error,
                           std::string("the kernel's network interfaces cannot be reached: ") + std::strerror(error));
  context_->namespace_inode = context_->driver.namespace_inode();
  context_->boot_id = read_boot_id();
  return Outcome::done();
}

void LinuxHardware::know_leftovers() {
  if (HostJournal::list(context_->run_dir, context_->namespace_inode).empty()) return;
  know_left_programs(std::array{program_name(BpfRole::egress), program_name(BpfRole::ingress)});
}

std::vector<std::string> LinuxHardware::restore_leftovers(std::span<const WantedBond> wanted) {
  return begin_adoption(*context_, wanted);
}

std::vector<std::string> LinuxHardware::end_adoption() {
  std::vector<std::string> lines = lnx::end_adoption(*context_);
  forget_left_programs();
  return lines;
}

void LinuxHardware::end_takeover() {
  forget_left_programs();
}

int LinuxHardware::put_back_notes() {
  int first = 0;
  const auto note = [&first](int error) {
    if (first == 0) first = error;
  };
  for (const Context::ClaimedNic& claimed : context_->nics) note(claimed.nic->put_back_note());
  for (TapHostPort* const host : context_->host_ports) note(host->put_back_note());
  return first;
}

void LinuxHardware::give(Handover& handover) const {
  for (const Context::ClaimedNic& claimed : context_->nics) claimed.nic->give(handover);
  for (const TapHostPort* const port : context_->host_ports) port->give(handover);
  for (const LinuxOffload* const offload : context_->offloads) offload->give(handover);
}

Result<std::unique_ptr<Nic>> LinuxHardware::open_nic(std::string_view name, LinkSource source) {
  if (!usable_.ok()) return usable_;
  return PacketNic::open(context_, name, source);
}

bool LinuxHardware::has_interface(std::string_view name) {
  InterfaceInfo info;
  return context_->interfaces.find(name, info) == 0;
}

Result<std::unique_ptr<HostPort>> LinuxHardware::open_host_port(std::string_view name, std::size_t queues,
                                                                std::size_t channels) {
  if (!usable_.ok()) return usable_;
  return TapHostPort::open(context_, name, queues, channels);
}

Result<std::unique_ptr<Offload>> LinuxHardware::open_offload(HostPort& host) {
  auto* const ours = dynamic_cast<TapHostPort*>(&host);
  if (ours == nullptr) return Hardware::open_offload(host);
  return LinuxOffload::open(context_, *ours);
}

}  // namespace bondbox::lnx

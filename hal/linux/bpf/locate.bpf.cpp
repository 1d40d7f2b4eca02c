// Run once for a port by the loader, on a made-up frame of that port: finds out where the kernel keeps the port's
// net_device, whose carrier the egress program looks at.

#include "hal/linux/bpf/kernel.hpp"

namespace bondbox::lnx::bpf {
namespace {

BONDBOX_FAST uint64_t read_pointer(uint64_t address) {
  if (number_pointer_size() == 4) {
    uint32_t narrow = 0;
    return probe_read(&narrow, sizeof narrow, address) == 0 ? narrow : 0;
  }
  uint64_t wide = 0;
  return probe_read(&wide, sizeof wide, address) == 0 ? wide : 0;
}

BONDBOX_FAST int locate(Frame* frame) {
  // What the loader knows as the context is the kernel's own sk_buff.
  const uint64_t device = read_pointer(reinterpret_cast<uint64_t>(frame) + number_device_of_packet());
  if (device == 0) return verdict_pass;
  uint32_t ifindex = 0;
  if (probe_read(&ifindex, sizeof ifindex, device + number_device_index()) != 0) return verdict_pass;
  auto* const devices = entry<BpfDevices>(map_devices(), 0);
  if (devices == nullptr) return verdict_pass;
  BpfDevice& port = devices->ports[number_port() & (wire::fast_ports_max - 1)];
  if (port.ifindex == ifindex) port.net_device = device;
  return verdict_pass;
}

}  // namespace

BONDBOX_PROGRAM int bondbox_locate(Frame* frame) {
  return locate(frame);
}

}  // namespace bondbox::lnx::bpf

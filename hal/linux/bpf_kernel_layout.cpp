#include "hal/linux/bpf_kernel_layout.hpp"

#include <bit>
#include <cerrno>
#include <cstring>

#include "hal/linux/bpf_btf.hpp"

namespace bondbox::lnx {

KnownKernelLayout read_kernel_layout() {
  KnownKernelLayout kernel{true, {}, {}};
  KernelTypes types;
  if (const int error = types.open(); error != 0) {
    kernel.lack = std::string(kernel_types_path) + ": " + (error == EINVAL ? "not understood" : std::strerror(error));
    return kernel;
  }
  const auto packet = types.offset("sk_buff", "dev");
  const auto state = types.offset("net_device", "state");
  const auto index = types.offset("net_device", "ifindex");
  const std::uint32_t size = types.long_size();
  if (!packet || !state || !index || (size != 4 && size != 8)) {
    kernel.lack = "its types are unknown";
    return kernel;
  }
  const bool low_is_last = std::endian::native == std::endian::big && size == 8;
  KernelLayout& layout = kernel.layout;
  layout.device_of_packet = *packet;
  layout.device_state = *state + (low_is_last ? 4 : 0);
  layout.device_index = *index;
  layout.pointer_size = size;
  layout.cast = types.function_number("bpf_rdonly_cast");
  if (layout.cast != 0) layout.device_type = types.struct_number("net_device", "state");
  return kernel;
}

}  // namespace bondbox::lnx

// The kernel's type information, damaged: no offset is told that could not be, and nothing is read beyond the file.
#include "hal/linux/bpf_btf.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {
namespace {

void run(wire::Bytes bytes) {
  lnx::KernelTypes types;
  if (types.parse({bytes.begin(), bytes.end()}) != 0) return;
  for (const char* name : {"sk_buff", "net_device", "a", ""}) {
    for (const char* member : {"state", "ifindex", "dev", "b", ""}) {
      (void)types.offset(name, member);
      (void)types.struct_number(name, member);
    }
    (void)types.function_number(name);
  }
  const std::uint32_t size = types.long_size();
  promise(size <= 16, "a long is no longer than any machine's");
}

const Known known("btf", &run);

}  // namespace
}  // namespace bondbox::fuzz

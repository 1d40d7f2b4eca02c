// Capture files, whole, cut off or damaged: frames or a reason, and an end.
#include "hal/pcap/capture_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {
namespace {

void read_all(const std::string& path, std::size_t size) {
  auto reader = pcapio::CaptureReader::open(path);
  if (!reader.ok()) return promise(reader.failure().reason.starts_with(path), "a refusal names the file");
  for (std::size_t i = 0; i <= size; ++i) {
    const auto frame = reader.value().next();
    if (!frame.ok()) return promise(frame.failure().reason.starts_with(path), "a refusal names the file");
    if (!frame.value()) return;
    promise(frame.value()->bytes.size() <= size, "a frame is no longer than its file");
    promise(frame.value()->bytes.size() <= frame.value()->original_length, "a frame is no longer than it was");
    const Exact copy(frame.value()->bytes);
  }
  broken("a capture comes to its end");
}

void run(wire::Bytes bytes) {
  const int file = ::memfd_create("capture", MFD_CLOEXEC);
  if (file < 0) return;
  if (::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()))
    read_all("/proc/self/fd/" + std::to_string(file), bytes.size());
  ::close(file);
}

const Known known("capture", &run);

}  // namespace
}  // namespace bondbox::fuzz

#include "firmware/trace/checkpoint.hpp"

#include <cerrno>

namespace bondbox::trace {
namespace {

std::uint64_t layout() {
  static const std::uint64_t known = Bond::memory_layout();
  return known;
}

}  // namespace

bool write_checkpoint(Scheduler& scheduler, TapedHardware& hardware, std::vector<std::uint8_t>& bytes) {
  bytes.clear();
  Archive head = Archive::writer(bytes, Tick{});
  std::uint64_t of = layout();
  Tick now = scheduler.now();
  head(of, now);
  Archive writer = Archive::writer(bytes, now);
  return scheduler.archive_checkpoint(writer, hardware) && bytes.size() <= checkpoint_max;
}

Outcome read_checkpoint(wire::Bytes bytes, Scheduler& scheduler, TapedHardware& hardware) {
  constexpr std::size_t head_size = 16;
  std::uint64_t of = 0;
  Tick then;
  Archive head = Archive::reader(bytes.first(std::min(head_size, bytes.size())), Tick{});
  head(of, then);
  if (!head.ok()) return Outcome::failed(EBADMSG, "the checkpoint is damaged");
  if (of != layout()) return Outcome::failed(EBADMSG, "the checkpoint is of another version of bondbox");
  Archive reader = Archive::reader(bytes.subspan(head_size), then);
  if (!scheduler.archive_checkpoint(reader, hardware) || !reader.ended_well())
    return Outcome::failed(EBADMSG, "the checkpoint is damaged");
  return Outcome::done();
}

}  // namespace bondbox::trace

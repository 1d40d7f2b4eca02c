// What the bonds knew, damaged in any way whose checksum is right: refused, or a bond that works.
#include "firmware/saved_state.hpp"

#include <cerrno>
#include <memory>

#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"
#include "tests/fuzz/support/world.hpp"

namespace bondbox::fuzz {
namespace {

constexpr std::size_t head = 40;
constexpr std::size_t sum_at = 24;
constexpr std::size_t summed_from = 32;

/// The head of this program's layout before any content.
std::vector<std::uint8_t> file_of(wire::Bytes content) {
  static const std::vector<std::uint8_t> empty = [] {
    const auto events = std::make_unique<EventLog>();
    std::vector<std::uint8_t> bytes;
    SavedState{}.write(bytes, Tick{}, *events);
    bytes.resize(head);
    return bytes;
  }();
  std::vector<std::uint8_t> file = empty;
  file.insert(file.end(), content.begin(), content.end());
  const std::uint64_t sum = fingerprint_of(wire::Bytes(file).subspan(summed_from));
  for (std::size_t i = 0; i < 8; ++i) file[sum_at + i] = static_cast<std::uint8_t>(sum >> (56 - 8 * i));
  return file;
}

void read_file(wire::Bytes content) {
  const std::vector<std::uint8_t> file = file_of(content);
  SavedState state;
  const auto events = std::make_unique<EventLog>();
  const Outcome outcome = state.read(
      file, {}, [](std::int64_t ms) { return Tick{ms}; }, *events);
  if (!outcome.ok()) {
    promise(outcome.error == EBADMSG || outcome.error == ESTALE, "a refusal is one of two");
    return promise(state.bonds.empty() && events->last_sequence() == 0, "what is refused changes nothing");
  }
  std::vector<std::uint8_t> again;
  state.write(again, Tick{}, *events);
  SavedState twice;
  const auto more = std::make_unique<EventLog>();
  const Outcome read = twice.read(
      again, {}, [](std::int64_t ms) { return Tick{ms}; }, *more);
  promise(read.ok() && twice.bonds.size() == state.bonds.size(), "what was read is written and read again");
}

void run(wire::Bytes bytes) {
  Input input(bytes);
  const std::uint8_t form = input.byte();
  if (form == 0xff) return read_file(input.rest());
  World world(static_cast<Mode>(form % 7), input);
  world.go_on_from(input.rest());
}

const Known known("saved_state", &run);

}  // namespace
}  // namespace bondbox::fuzz

// A trace as a file:
//
//   "bondbox trace\r\n\x1a"  16 bytes; then blocks, each: kind (1), length (4), payload, CRC-32 of all that (4)
//   'H'  text: "KEY VALUE" lines, for a person and for whoever asks which program it was; the first block
//   'S'  a segment begins, bits: 1 it can be replayed from here, 2 what was before it is lost, 4 it ends in the midst
//   of
//        a step; the tick (8)
//   'D'  records of the segment, at most 4 kB
//   'E'  the end: how many bytes all 'D' blocks have (8)
//
// Numbers are big-endian. What is cut off or altered anywhere is found, and told with its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/trace/store.hpp"
#include "hal/outcome.hpp"
#include "hal/wire/bytes.hpp"

namespace bondbox::trace {

inline constexpr std::uint32_t format_version = 2;

/// CRC-32 of IEEE 802.3, as zlib has it; `so_far` is that of the bytes before.
std::uint32_t crc32(wire::Bytes bytes, std::uint32_t so_far = 0) noexcept;

/// "format", "program", and "started": the wall clock at tick 0, in milliseconds since 1970; 0: simulated time.
std::string header_text(std::int64_t started_ms);

/// Takes the bytes of a file one after the other; false: it cannot.
using Sink = bool (*)(void* context, wire::Bytes bytes);

/// Writes all that the store holds. Allocates nothing and takes no lock, for it may be called from a signal handler.
/// `amid`: it ends in the midst of a step.
bool write_trace(std::string_view header, const Store& store, bool amid, Sink sink, void* context) noexcept;

struct Trace {
  struct Part {
    std::vector<std::uint8_t> records;
    Tick from;
    bool begins = false;  ///< it can be replayed
    bool cut = false;     ///< it ends in the midst of a step
  };
  std::string header;
  std::vector<Part> parts;

  /// A line's value in the header; empty where there is none.
  std::string_view value(std::string_view key) const noexcept;
};

/// The whole file, or why not: where, what was expected and what is there.
Result<Trace> read_trace(wire::Bytes file);

}  // namespace bondbox::trace

// Traces, whole, cut off or damaged: shown, and replayed to an end or a difference. Checksums are made right first, or
// hardly anything would be read.
#include "firmware/trace/file.hpp"
#include "firmware/trace/replay.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {
namespace {

/// A repeat stands for up to 65,535 steps in three bytes.
constexpr std::uint64_t steps_most = 3'000;

/// False: there is more of it than a turn of a target should take.
bool show(const trace::Trace::Part& part) {
  using Kind = trace::Records::Record::Kind;
  std::uint64_t steps = 0;
  for (trace::Records records(part.records, part.from, part.cut);; records.advance()) {
    const trace::Records::Record& next = records.next();
    promise(next.offset <= part.records.size(), "a record lies within its segment");
    if (next.kind == Kind::end || next.kind == Kind::malformed) return true;
    if (next.kind == Kind::step && ++steps > steps_most) return false;
    if (next.kind == Kind::record) (void)trace::payload_text(static_cast<std::uint8_t>(next.point), next.payload);
  }
}

void replay(const trace::Trace& read) {
  for (const trace::Trace::Part& part : read.parts)
    if (!show(part)) return;
  const trace::Replayed replayed = trace::replay_all(read);
  promise(replayed.parts <= read.parts.size(), "each part is replayed once");
  promise(!replayed.difference || !replayed.difference->what.empty(), "a difference says what it is");
}

void read_file(wire::Bytes file) {
  const Exact exact(file);
  const Result<trace::Trace> read = trace::read_trace(exact.bytes());
  if (!read.ok()) return promise(!read.failure().reason.empty(), "a refusal says why");
  replay(read.value());
}

void add_block(std::vector<std::uint8_t>& file, std::uint8_t kind, wire::Bytes payload) {
  const std::size_t begin = file.size();
  std::uint8_t number[4];
  wire::store_be32(number, static_cast<std::uint32_t>(payload.size()));
  file.push_back(kind);
  file.insert(file.end(), number, number + 4);
  file.insert(file.end(), payload.begin(), payload.end());
  wire::store_be32(number, trace::crc32(wire::Bytes(file).subspan(begin)));
  file.insert(file.end(), number, number + 4);
}

/// Blocks of any kind and length behind a header that is right.
void read_blocks(Input& input) {
  constexpr char magic[] = "bondbox trace\r\n\x1a";
  std::vector<std::uint8_t> file(magic, magic + 16);
  const std::string header = trace::header_text(0);
  add_block(file, 'H', {reinterpret_cast<const std::uint8_t*>(header.data()), header.size()});
  std::uint64_t total = 0;
  while (!input.is_empty()) {
    const std::uint8_t kind = input.byte();
    const wire::Bytes payload = input.bytes(input.word());
    if (kind == 'D') total += payload.size();
    add_block(file, kind, payload);
  }
  std::uint8_t end[8] = {};
  wire::store_be32(end + 4, static_cast<std::uint32_t>(total));
  add_block(file, 'E', end);
  read_file(file);
}

void run(wire::Bytes bytes) {
  Input input(bytes);
  const std::uint8_t form = input.byte();
  if (form == 0) return read_file(input.rest());
  if (form == 1) return read_blocks(input);
  const wire::Bytes rest = input.rest();
  trace::Trace trace;
  trace.parts.push_back({{rest.begin(), rest.end()}, Tick{}, true, (form & 1) != 0});
  replay(trace);
}

const Known known("trace", &run);

}  // namespace
}  // namespace bondbox::fuzz

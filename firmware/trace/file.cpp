#include "firmware/trace/file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "firmware/text.hpp"
#include "firmware/version.hpp"

namespace bondbox::trace {
namespace {

constexpr std::string_view magic = "bondbox trace\r\n\x1a";
static_assert(magic.size() == 16);
constexpr std::size_t block_max = 4096;
constexpr std::size_t header_max = 64 * 1024;
constexpr std::size_t head_size = 5;
constexpr std::size_t crc_size = 4;
constexpr std::uint8_t begins_here = 1;
constexpr std::uint8_t after_loss = 2;
constexpr std::uint8_t ends_amid = 4;

/// Half a byte at a time: a table of 16 is enough where nobody is in a hurry.
constexpr std::array<std::uint32_t, 16> crc_table = [] {
  std::array<std::uint32_t, 16> table{};
  for (std::uint32_t i = 0; i < 16; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 4; ++bit) value = (value & 1) != 0 ? (value >> 1) ^ 0xedb88320U : value >> 1;
    table[i] = value;
  }
  return table;
}();

wire::Bytes bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void store_be64(std::uint8_t* at, std::uint64_t value) noexcept {
  wire::store_be32(at, static_cast<std::uint32_t>(value >> 32));
  wire::store_be32(at + 4, static_cast<std::uint32_t>(value));
}

std::uint64_t load_be64(const std::uint8_t* at) noexcept {
  return std::uint64_t{wire::load_be32(at)} << 32 | wire::load_be32(at + 4);
}

class BlockWriter {
 public:
  BlockWriter(Sink sink, void* context) noexcept : sink_(sink), context_(context) {}

  bool block(char kind, wire::Bytes payload) const noexcept {
    std::uint8_t head[head_size] = {static_cast<std::uint8_t>(kind)};
    wire::store_be32(head + 1, static_cast<std::uint32_t>(payload.size()));
    std::uint8_t check[crc_size];
    wire::store_be32(check, crc32(payload, crc32(head)));
    return raw(head) && raw(payload) && raw(check);
  }
  bool raw(wire::Bytes bytes) const noexcept { return sink_(context_, bytes); }

 private:
  Sink sink_;
  void* context_;
};

/// Reads block by block; what is wrong is kept as a sentence.
class BlockReader {
 public:
  explicit BlockReader(wire::Bytes file) : file_(file) {}

  Outcome read_magic() {
    if (file_.size() < magic.size()) return cut("the 16 bytes that a trace begins with");
    const wire::Bytes expected = bytes_of(magic);
    if (!std::equal(expected.begin(), expected.end(), file_.begin())) return wrong("this is no trace of bondbox");
    at_ = magic.size();
    return Outcome::done();
  }

  Outcome next() {
    start_ = at_;
    if (file_.size() - at_ < head_size) return cut("a block's kind and length");
    const std::size_t length = wire::load_be32(file_.data() + at_ + 1);
    kind_ = static_cast<char>(file_[at_]);
    if (length > (kind_ == 'H' ? header_max : block_max))
      return wrong(format("a block of %zu bytes, where %zu are the most", length, block_max));
    if (file_.size() - at_ < head_size + length + crc_size)
      return cut(format("a block of %zu bytes", head_size + length + crc_size).c_str());
    payload_ = file_.subspan(at_ + head_size, length);
    const std::uint32_t expected = crc32(file_.subspan(at_, head_size + length));
    const std::uint32_t found = wire::load_be32(file_.data() + at_ + head_size + length);
    if (expected != found) return wrong(format("the block's checksum is %08x, its bytes give %08x", found, expected));
    at_ += head_size + length + crc_size;
    return Outcome::done();
  }

  char kind() const noexcept { return kind_; }
  wire::Bytes payload() const noexcept { return payload_; }
  bool at_end() const noexcept { return at_ == file_.size(); }

  /// About the block that was read last.
  Outcome wrong(const std::string& what) const {
    return Outcome::failed(EBADMSG, format("the trace is damaged at offset %zu: %s", start_, what.c_str()));
  }

 private:
  Outcome cut(const char* expected) const {
    return Outcome::failed(
        EBADMSG, format("the trace is cut off: it ends at offset %zu, where %s should go on from %zu", file_.size(),
                        expected, start_));
  }

  wire::Bytes file_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
  char kind_ = 0;
  wire::Bytes payload_;
};

Outcome take_segment(const BlockReader& block, Trace& trace) {
  const wire::Bytes payload = block.payload();
  if (payload.size() != 9 || payload[0] > (begins_here | after_loss | ends_amid))
    return block.wrong("this is no beginning of a segment");
  const auto has = [&](std::uint8_t bit) { return (payload[0] & bit) != 0; };
  if (has(begins_here) || has(after_loss)) {
    const Tick from{static_cast<std::int64_t>(load_be64(payload.data() + 1))};
    trace.parts.push_back({{}, from, has(begins_here), false});
  } else if (trace.parts.empty()) {
    return block.wrong("a segment goes on that has not begun");
  }
  trace.parts.back().cut = has(ends_amid);
  return Outcome::done();
}

}  // namespace

std::uint32_t crc32(wire::Bytes bytes, std::uint32_t so_far) noexcept {
  std::uint32_t crc = ~so_far;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    crc = (crc >> 4) ^ crc_table[crc & 15];
    crc = (crc >> 4) ^ crc_table[crc & 15];
  }
  return ~crc;
}

std::string header_text(std::int64_t started_ms) {
  return format("format %u\nprogram bondbox %s\nstarted %lld\n", format_version, std::string(version_full()).c_str(),
                static_cast<long long>(started_ms));
}

bool write_trace(std::string_view header, const Store& store, bool amid, Sink sink, void* context) noexcept {
  const BlockWriter out(sink, context);
  if (!out.raw(bytes_of(magic)) || !out.block('H', bytes_of(header.substr(0, header_max)))) return false;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < store.size(); ++i) {
    const Segment& segment = store[i];
    const bool follows_loss = !segment.begins && (i == 0 || store[i - 1].cut);
    const int kind = (segment.begins ? begins_here : 0) | (follows_loss ? after_loss : 0) |
                     (segment.cut || (amid && i + 1 == store.size()) ? ends_amid : 0);
    std::uint8_t begin[9] = {static_cast<std::uint8_t>(kind)};
    store_be64(begin + 1, static_cast<std::uint64_t>(segment.from.number));
    if (!out.block('S', begin)) return false;
    wire::Bytes rest(segment.bytes.get(), segment.used);
    total += rest.size();
    while (!rest.empty()) {
      const wire::Bytes piece = rest.first(std::min(rest.size(), block_max));
      if (!out.block('D', piece)) return false;
      rest = rest.subspan(piece.size());
    }
  }
  std::uint8_t end[8];
  store_be64(end, total);
  return out.block('E', end);
}

std::string_view Trace::value(std::string_view key) const noexcept {
  std::string_view rest = header;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ')
      return line.substr(key.size() + 1);
  }
  return {};
}

Result<Trace> read_trace(wire::Bytes file) {
  BlockReader block(file);
  if (Outcome outcome = block.read_magic(); !outcome.ok()) return outcome;
  Trace trace;
  std::uint64_t total = 0;
  for (bool first = true;; first = false) {
    if (Outcome outcome = block.next(); !outcome.ok()) return outcome;
    const wire::Bytes payload = block.payload();
    if (first != (block.kind() == 'H')) return block.wrong("the header is to be the first block, and only that");
    if (first) {
      trace.header.assign(reinterpret_cast<const char*>(payload.data()), payload.size());
      const std::string version = std::to_string(format_version);
      if (trace.value("format") != version)
        return block.wrong("the trace has format \"" + std::string(trace.value("format")) + "\", this program reads " +
                           version);
    } else if (block.kind() == 'S') {
      if (Outcome outcome = take_segment(block, trace); !outcome.ok()) return outcome;
    } else if (block.kind() == 'D' && !trace.parts.empty()) {
      trace.parts.back().records.insert(trace.parts.back().records.end(), payload.begin(), payload.end());
      total += payload.size();
    } else if (block.kind() == 'E' && payload.size() == 8) {
      if (load_be64(payload.data()) != total) return block.wrong("blocks are missing before the end");
      return block.at_end() ? Result<Trace>(std::move(trace)) : block.wrong("something follows the end");
    } else {
      return block.wrong("a block of a kind that is not known");
    }
  }
}

}  // namespace bondbox::trace

// Captures with an interface and a comment for each frame: pcapng (draft-ietf-opsawg-pcapng), which libpcap reads but
// does not write. Blocks are in this machine's byte order, as the format wants it; times are in nanoseconds.
//
// Every failure's reason begins with the file's name and says what is wrong with it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hal/outcome.hpp"
#include "hal/wire/bytes.hpp"

namespace bondbox::pcapio {

class PcapngWriter {
 public:
  enum class Way : std::uint8_t { unknown = 0, inbound = 1, outbound = 2 };  ///< bits 0 and 1 of epb_flags

  struct Frame {
    std::uint32_t interface = 0;  ///< as add_interface() numbered it
    std::int64_t time_ns = 0;     ///< since 1970-01-01 UTC
    Way way = Way::unknown;
    wire::Bytes bytes;
    std::uint32_t original_length = 0;  ///< at least bytes.size()
    std::string_view comment;           ///< UTF-8, at most 65,535 bytes
  };

  /// Replaces the file when there is one; "-" is stdout. Fails with fopen's errno.
  static Result<PcapngWriter> create(const std::string& path, std::string_view program);

  /// The number of the interface that further frames belong to. 0: frames are not cut off.
  std::uint32_t add_interface(std::string_view name, std::uint32_t frame_size_max);
  /// EIO or ENOSPC when the file cannot take it.
  Outcome write(const Frame& frame);
  /// What the interface has received in all, and what was lost before it could be written.
  Outcome write_statistics(std::uint32_t interface, std::int64_t time_ns, std::uint64_t received, std::uint64_t lost);
  /// Everything written is with the operating system after ok().
  Outcome flush();

  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const noexcept {
      if (file != stdout) std::fclose(file);
    }
  };

  PcapngWriter(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}

  void begin(std::uint32_t type);
  void put32(std::uint32_t value);
  void put_time(std::int64_t time_ns);
  void put_option(std::uint16_t code, wire::Bytes value);
  void put_option(std::uint16_t code, std::string_view text);
  void put_padded(wire::Bytes value);
  Outcome end();
  Outcome check(bool written);

  std::string path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::vector<std::uint8_t> block_;  ///< that is being made
  std::uint64_t bytes_ = 0;
  std::uint32_t interfaces_ = 0;
};

}  // namespace bondbox::pcapio

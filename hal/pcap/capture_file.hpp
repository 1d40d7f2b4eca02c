// Capture files of Ethernet frames: written as pcap, read as pcap or pcapng (whatever libpcap reads).
//
// Every failure's reason begins with the file's name and says what is wrong with it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "hal/outcome.hpp"
#include "hal/wire/bytes.hpp"

namespace bondbox::pcapio {

struct CapturedFrame {
  std::int64_t time_ns = 0;           ///< since 1970-01-01 UTC
  wire::Bytes bytes;                  ///< valid until the next call on the reader
  std::uint32_t original_length = 0;  ///< longer than bytes when the capture cut the frame off
};

class CaptureReader {
 public:
  /// Fails with fopen's errno, EINVAL when it is no capture file, EPROTONOSUPPORT when it does not hold Ethernet.
  static Result<CaptureReader> open(const std::string& path);
  CaptureReader(CaptureReader&&) noexcept;
  CaptureReader& operator=(CaptureReader&&) noexcept;
  ~CaptureReader();

  /// The next frame; none at the end of the file. Fails with EINVAL where the file is damaged or cut off.
  Result<std::optional<CapturedFrame>> next();

 private:
  struct Handle;
  explicit CaptureReader(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

class CaptureWriter {
 public:
  enum class Precision : std::uint8_t { microseconds, nanoseconds };

  /// Replaces the file when there is one. Fails with fopen's errno.
  static Result<CaptureWriter> create(const std::string& path, Precision precision);
  CaptureWriter(CaptureWriter&&) noexcept;
  CaptureWriter& operator=(CaptureWriter&&) noexcept;
  /// Closes; an error then goes unsaid.
  ~CaptureWriter();

  /// `time_ns` from 0 to 2^32 seconds: EINVAL otherwise. EIO or ENOSPC when the file cannot take it, EBADF after close.
  Outcome write(std::int64_t time_ns, wire::Bytes frame);
  /// Everything written is with the operating system after ok().
  Outcome flush();
  Outcome close();

 private:
  struct Handle;
  explicit CaptureWriter(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace bondbox::pcapio

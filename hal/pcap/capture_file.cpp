#include "hal/pcap/capture_file.hpp"

#include <pcap/pcap.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <utility>

#include "hal/packet.hpp"

namespace bondbox::pcapio {

namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

struct CloseHandle {
  void operator()(pcap_t* handle) const noexcept { pcap_close(handle); }
};
struct CloseDump {
  void operator()(pcap_dumper_t* dump) const noexcept { pcap_dump_close(dump); }
};

Outcome file_failure(const std::string& path, int error, const std::string& what) {
  return Outcome::failed(error == 0 ? EIO : error, path + ": " + what);
}

}  // namespace

struct CaptureReader::Handle {
  std::string path;
  std::unique_ptr<pcap_t, CloseHandle> pcap;
};

CaptureReader::CaptureReader(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
CaptureReader::CaptureReader(CaptureReader&&) noexcept = default;
CaptureReader& CaptureReader::operator=(CaptureReader&&) noexcept = default;
CaptureReader::~CaptureReader() = default;

Result<CaptureReader> CaptureReader::open(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return file_failure(path, errno, std::strerror(errno));
  char reason[PCAP_ERRBUF_SIZE] = "";
  pcap_t* const pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, reason);
  if (pcap == nullptr) {
    std::fclose(file);
    return file_failure(path, EINVAL, std::string("not a capture file: ") + reason);
  }
  auto handle = std::make_unique<Handle>();
  handle->path = path;
  handle->pcap.reset(pcap);
  const int type = pcap_datalink(pcap);
  if (type != DLT_EN10MB) {
    const char* const name = pcap_datalink_val_to_name(type);
    return file_failure(
        path, EPROTONOSUPPORT,
        std::string("holds ") + (name != nullptr ? name : "unknown") + " frames, not Ethernet (EN10MB)");
  }
  return CaptureReader(std::move(handle));
}

Result<std::optional<CapturedFrame>> CaptureReader::next() {
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  const int answer = pcap_next_ex(handle_->pcap.get(), &header, &data);
  if (answer == PCAP_ERROR_BREAK) return std::optional<CapturedFrame>{};
  if (answer != 1) return file_failure(handle_->path, EINVAL, pcap_geterr(handle_->pcap.get()));
  CapturedFrame frame;
  // The format's seconds are unsigned; libpcap 1.10 reads them as signed and turns back to 1901 in 2038.
  std::int64_t seconds = header->ts.tv_sec;
  if (seconds < 0) seconds += std::int64_t{1} << 32;
  // With nanosecond precision asked for, tv_usec holds nanoseconds.
  frame.time_ns = seconds * ns_per_second + header->ts.tv_usec;
  frame.bytes = {data, header->caplen};
  // A damaged file may say that more was captured than there was.
  frame.original_length = std::max(header->len, header->caplen);
  return std::optional<CapturedFrame>{frame};
}

struct CaptureWriter::Handle {
  std::string path;
  std::unique_ptr<pcap_t, CloseHandle> pcap;
  std::unique_ptr<pcap_dumper_t, CloseDump> dump;
  Precision precision = Precision::microseconds;

  /// pcap_dump() says nothing of errors; the stream remembers that there was one.
  Outcome check() const {
    if (std::ferror(pcap_dump_file(dump.get())) == 0) return Outcome::done();
    return file_failure(path, errno, std::string("cannot be written: ") + std::strerror(errno == 0 ? EIO : errno));
  }
  Outcome closed() const { return file_failure(path, EBADF, "is closed already"); }
};

CaptureWriter::CaptureWriter(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
CaptureWriter::CaptureWriter(CaptureWriter&&) noexcept = default;
CaptureWriter& CaptureWriter::operator=(CaptureWriter&&) noexcept = default;
CaptureWriter::~CaptureWriter() = default;

Result<CaptureWriter> CaptureWriter::create(const std::string& path, Precision precision) {
  auto handle = std::make_unique<Handle>();
  handle->path = path;
  handle->precision = precision;
  const bool nano = precision == Precision::nanoseconds;
  handle->pcap.reset(
      pcap_open_dead_with_tstamp_precision(DLT_EN10MB, static_cast<int>(Packet::frame_size_max),
                                           nano ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO));
  if (!handle->pcap) return file_failure(path, ENOMEM, "cannot be prepared for writing");
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return file_failure(path, errno, std::strerror(errno));
  handle->dump.reset(pcap_dump_fopen(handle->pcap.get(), file));
  if (!handle->dump) {
    std::fclose(file);
    return file_failure(path, EIO, pcap_geterr(handle->pcap.get()));
  }
  CaptureWriter writer(std::move(handle));
  const Outcome flushed = writer.flush();
  if (!flushed.ok()) return flushed;
  return writer;
}

Outcome CaptureWriter::write(std::int64_t time_ns, wire::Bytes frame) {
  if (!handle_->dump) return handle_->closed();
  if (time_ns < 0 || time_ns / ns_per_second > std::numeric_limits<std::uint32_t>::max()) {
    return file_failure(handle_->path, EINVAL, "cannot hold a time before 1970 or after 2106");
  }
  const std::int64_t fraction_ns = time_ns % ns_per_second;
  const std::int64_t fraction = handle_->precision == Precision::nanoseconds ? fraction_ns : fraction_ns / 1'000;
  pcap_pkthdr header{};
  header.ts.tv_sec = static_cast<decltype(header.ts.tv_sec)>(time_ns / ns_per_second);
  header.ts.tv_usec = static_cast<decltype(header.ts.tv_usec)>(fraction);
  header.caplen = static_cast<bpf_u_int32>(frame.size());
  header.len = header.caplen;
  errno = 0;
  pcap_dump(reinterpret_cast<u_char*>(handle_->dump.get()), &header, frame.data());
  return handle_->check();
}

Outcome CaptureWriter::flush() {
  if (!handle_->dump) return handle_->closed();
  errno = 0;
  if (pcap_dump_flush(handle_->dump.get()) == 0) return handle_->check();
  const int error = errno;
  return file_failure(handle_->path, error, std::string("cannot be written: ") + std::strerror(error));
}

Outcome CaptureWriter::close() {
  Outcome flushed = flush();
  handle_->dump.reset();
  return flushed;
}

}  // namespace bondbox::pcapio

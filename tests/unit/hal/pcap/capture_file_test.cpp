#include "hal/pcap/capture_file.hpp"

#include <bit>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/scratch_directory.hpp"

using bondbox::pcapio::CapturedFrame;
using bondbox::pcapio::CaptureReader;
using bondbox::pcapio::CaptureWriter;

namespace {

using FrameBytes = std::vector<std::uint8_t>;

struct Scratch {
  bondbox::test::ScratchDirectory directory;

  std::string path(const char* name) const { return directory.path() + "/" + name; }
  std::string put(const char* name, const FrameBytes& content) const {
    std::FILE* const file = std::fopen(path(name).c_str(), "wb");
    BOOST_REQUIRE(file != nullptr);
    for (const std::uint8_t byte : content) BOOST_REQUIRE(std::fputc(byte, file) == byte);
    BOOST_REQUIRE(std::fclose(file) == 0);
    return path(name);
  }
  FrameBytes get(const char* name) const {
    std::FILE* const file = std::fopen(path(name).c_str(), "rb");
    BOOST_REQUIRE(file != nullptr);
    FrameBytes content(static_cast<std::size_t>(std::filesystem::file_size(path(name))));
    BOOST_REQUIRE(std::fread(content.data(), 1, content.size(), file) == content.size());
    std::fclose(file);
    return content;
  }
};

struct Read {
  std::int64_t time_ns;
  FrameBytes bytes;
  std::uint32_t original_length;
  friend bool operator==(const Read&, const Read&) = default;
};

/// All frames, and the failure that ended the reading, if one did.
std::pair<std::vector<Read>, bondbox::Outcome> read_all(const std::string& path) {
  auto opened = CaptureReader::open(path);
  if (!opened.ok()) return {{}, opened.failure()};
  std::vector<Read> frames;
  for (;;) {
    const auto next = opened.value().next();
    if (!next.ok()) return {frames, next.failure()};
    if (!next.value()) return {frames, bondbox::Outcome::done()};
    const CapturedFrame& frame = *next.value();
    frames.push_back({frame.time_ns, FrameBytes(frame.bytes.begin(), frame.bytes.end()), frame.original_length});
  }
}

bool begins_with(const std::string& text, const std::string& start) {
  return text.rfind(start, 0) == 0;
}

const FrameBytes small_frame(60, 0x11);
const FrameBytes large_frame(65'000, 0x22);

void write_two(const std::string& path, CaptureWriter::Precision precision) {
  auto writer = CaptureWriter::create(path, precision);
  BOOST_REQUIRE(writer.ok());
  BOOST_REQUIRE(writer.value().write(1'500'000'123'456'789, small_frame).ok());
  BOOST_REQUIRE(writer.value().write(4'000'000'000'000'000'001, large_frame).ok());
  BOOST_REQUIRE(writer.value().close().ok());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pcap_capture_file)

BOOST_AUTO_TEST_CASE(frames_and_nanoseconds_survive_writing_and_reading) {
  const Scratch scratch;
  write_two(scratch.path("a.pcap"), CaptureWriter::Precision::nanoseconds);
  const auto [frames, end] = read_all(scratch.path("a.pcap"));
  BOOST_TEST(end.ok(), end.reason);
  const std::vector<Read> expected{{1'500'000'123'456'789, small_frame, 60},
                                   {4'000'000'000'000'000'001, large_frame, 65'000}};
  BOOST_TEST((frames == expected));
}

BOOST_AUTO_TEST_CASE(microsecond_files_cut_the_time_and_keep_the_frame) {
  const Scratch scratch;
  write_two(scratch.path("a.pcap"), CaptureWriter::Precision::microseconds);
  const auto [frames, end] = read_all(scratch.path("a.pcap"));
  BOOST_TEST(end.ok(), end.reason);
  BOOST_REQUIRE(frames.size() == 2U);
  BOOST_TEST(frames[0].time_ns == 1'500'000'123'456'000);
  BOOST_TEST(frames[1].bytes == large_frame);
}

BOOST_AUTO_TEST_CASE(a_pcapng_file_is_read) {
  // A section header, an interface of Ethernet in microseconds, one enhanced packet of 14 bytes cut from 60.
  const FrameBytes content{0x0a, 0x0d, 0x0d, 0x0a, 28,   0,    0,    0,    0x4d, 0x3c, 0x2b, 0x1a, 1,  0, 0, 0,
                           0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 28,   0,    0,    0,    1,  0, 0, 0,
                           20,   0,    0,    0,    1,    0,    0,    0,    0xff, 0xff, 0,    0,    20, 0, 0, 0,
                           6,    0,    0,    0,    48,   0,    0,    0,    0,    0,    0,    0,    0,  0, 0, 0,
                           7,    0,    0,    0,    14,   0,    0,    0,    60,   0,    0,    0,    1,  2, 3, 4,
                           5,    6,    7,    8,    9,    10,   11,   12,   8,    0,    0,    0,    48, 0, 0, 0};
  const Scratch scratch;
  const auto [frames, end] = read_all(scratch.put("a.pcapng", content));
  BOOST_TEST(end.ok(), end.reason);
  BOOST_REQUIRE(frames.size() == 1U);
  BOOST_TEST((frames[0] == Read{7'000, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0}, 60}));
}

BOOST_AUTO_TEST_CASE(a_file_cut_off_anywhere_gives_its_whole_frames_and_then_says_so) {
  const Scratch scratch;
  {
    auto writer = CaptureWriter::create(scratch.path("a.pcap"), CaptureWriter::Precision::nanoseconds);
    BOOST_REQUIRE(writer.ok());
    for (int i = 0; i < 2; ++i) BOOST_REQUIRE(writer.value().write(i, FrameBytes(20, 0x33)).ok());
  }
  const FrameBytes whole = scratch.get("a.pcap");
  BOOST_REQUIRE(whole.size() == 24U + 2 * (16 + 20));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string path =
        scratch.put("cut.pcap", FrameBytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
    const auto [frames, end] = read_all(path);
    BOOST_TEST(frames.size() == (length < 24 ? 0 : (length - 24) / 36));
    BOOST_TEST(end.ok() == (length >= 24 && (length - 24) % 36 == 0), "length " << length << ": " << end.reason);
    if (!end.ok()) BOOST_TEST(begins_with(end.reason, path + ": "), end.reason);
  }
}

BOOST_AUTO_TEST_CASE(files_that_are_no_captures_of_ethernet_are_refused_by_name) {
  const Scratch scratch;
  const std::string absent = scratch.path("absent.pcap");
  BOOST_TEST(CaptureReader::open(absent).failure().error == ENOENT);
  BOOST_TEST(CaptureReader::open(absent).failure().reason == absent + ": No such file or directory");
  const std::string text = scratch.put("text.pcap", FrameBytes(100, 'x'));
  BOOST_TEST(CaptureReader::open(text).failure().error == EINVAL);
  BOOST_TEST(begins_with(CaptureReader::open(text).failure().reason, text + ": not a capture file"));
  BOOST_TEST(CaptureReader::open(scratch.directory.path()).failure().error == EINVAL);
  write_two(scratch.path("a.pcap"), CaptureWriter::Precision::nanoseconds);
  FrameBytes content = scratch.get("a.pcap");
  // The link type, a word in the writer's byte order, becomes Linux cooked.
  content[20] = content[23] = 0;
  content[std::endian::native == std::endian::big ? 23 : 20] = 113;
  const std::string cooked = scratch.put("cooked.pcap", content);
  BOOST_TEST(CaptureReader::open(cooked).failure().error == EPROTONOSUPPORT);
  BOOST_TEST(CaptureReader::open(cooked).failure().reason ==
             cooked + ": holds LINUX_SLL frames, not Ethernet (EN10MB)");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_is_refused) {
  const Scratch scratch;
  const std::string nowhere = scratch.path("no/such/folder.pcap");
  BOOST_TEST(CaptureWriter::create(nowhere, CaptureWriter::Precision::nanoseconds).failure().error == ENOENT);
  auto writer = CaptureWriter::create(scratch.path("a.pcap"), CaptureWriter::Precision::nanoseconds);
  BOOST_REQUIRE(writer.ok());
  BOOST_TEST(writer.value().write(-1, small_frame).error == EINVAL);
  BOOST_TEST(writer.value().write(4'294'967'296'000'000'000, small_frame).error == EINVAL);
  BOOST_REQUIRE(writer.value().close().ok());
  BOOST_TEST(writer.value().write(0, small_frame).error == EBADF);
  BOOST_TEST(writer.value().close().error == EBADF);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_told) {
  auto created = CaptureWriter::create("/dev/full", CaptureWriter::Precision::nanoseconds);
  BOOST_REQUIRE(!created.ok());
  BOOST_TEST(created.failure().error == ENOSPC);
  BOOST_TEST(begins_with(created.failure().reason, "/dev/full: cannot be written"));
}

BOOST_AUTO_TEST_SUITE_END()

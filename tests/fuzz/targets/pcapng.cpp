// What `bondbox capture` writes: read by libpcap, it is the frames that were given, and by a reader of the format also
// their interfaces and comments.
#include "hal/pcap/pcapng_writer.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <exception>

#include "hal/pcap/capture_file.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"
#include "tests/support/pcapng.hpp"

namespace bondbox::fuzz {
namespace {

using pcapio::PcapngWriter;

constexpr std::size_t frames_most = 16;
/// Until 2106, which is what 32 bits of seconds last for.
constexpr std::int64_t seconds_most = 0xffffffff;

struct Written {
  std::uint32_t interface = 0;
  std::int64_t time_ns = 0;
  PcapngWriter::Way way = PcapngWriter::Way::unknown;
  std::vector<std::uint8_t> bytes;
  std::uint32_t original_length = 0;
  std::string comment;
};

Written draw_frame(Input& input, std::uint32_t interfaces) {
  Written frame;
  frame.interface = input.below(interfaces);
  frame.time_ns = std::int64_t{input.long_word()} % seconds_most * 1'000'000'000 + input.long_word() % 1'000'000'000;
  frame.way = static_cast<PcapngWriter::Way>(input.below(3));
  const wire::Bytes bytes = input.bytes(input.byte());
  frame.bytes.assign(bytes.begin(), bytes.end());
  frame.original_length = static_cast<std::uint32_t>(bytes.size()) + input.byte();
  frame.comment = input.text_until(0);
  return frame;
}

void check_frames(const std::string& path, const std::vector<Written>& written) {
  auto reader = pcapio::CaptureReader::open(path);
  promise(reader.ok(), "what was written is a capture");
  for (const Written& frame : written) {
    const auto read = reader.value().next();
    promise(read.ok() && read.value().has_value(), "every frame is read again");
    const pcapio::CapturedFrame& found = *read.value();
    promise(std::equal(found.bytes.begin(), found.bytes.end(), frame.bytes.begin(), frame.bytes.end()),
            "a frame's bytes are read as they were");
    promise(found.original_length == frame.original_length && found.time_ns == frame.time_ns,
            "a frame's length and time are read as they were");
  }
  const auto end = reader.value().next();
  promise(end.ok() && !end.value(), "there are no other frames");
}

void check_comments(const std::string& path, const std::vector<Written>& written,
                    const std::vector<std::string>& interfaces) {
  try {
    const test::PcapngFile file(path);
    promise(file.interfaces == interfaces && file.frames.size() == written.size(), "all that was told is there");
    for (std::size_t i = 0; i < written.size(); ++i) {
      promise(file.frames[i].comment == written[i].comment, "a comment is read as it was");
      promise(file.frames[i].interface == interfaces[written[i].interface], "a frame is of its interface");
      promise(file.frames[i].outgoing == (written[i].way == PcapngWriter::Way::outbound), "a frame went its way");
    }
  } catch (const std::exception& failure) {
    broken(failure.what());
  }
}

void write_and_read(const std::string& path, Input& input) {
  std::vector<std::string> interfaces;
  std::vector<Written> written;
  {
    auto writer = PcapngWriter::create(path, input.text_until(0));
    if (!writer.ok()) return;
    for (std::size_t i = 0, count = 1 + input.below(3); i < count; ++i) {
      interfaces.push_back("e" + std::to_string(i) + input.text_until(0));
      promise(writer.value().add_interface(interfaces.back(), 0) == i, "interfaces are numbered");
    }
    while (!input.is_empty() && written.size() < frames_most) {
      written.push_back(draw_frame(input, static_cast<std::uint32_t>(interfaces.size())));
      const Written& frame = written.back();
      const PcapngWriter::Frame given{frame.interface, frame.time_ns,         frame.way,
                                      frame.bytes,     frame.original_length, frame.comment};
      promise(writer.value().write(given).ok(), "a frame is written");
      if (input.flag())
        promise(writer.value().write_statistics(frame.interface, frame.time_ns, 7, 1).ok(), "so are statistics");
    }
    promise(writer.value().flush().ok(), "all is written");
  }
  check_frames(path, written);
  check_comments(path, written, interfaces);
}

void run(wire::Bytes bytes) {
  Input input(bytes);
  const int file = ::memfd_create("pcapng", MFD_CLOEXEC);
  if (file < 0) return;
  write_and_read("/proc/self/fd/" + std::to_string(file), input);
  ::close(file);
}

const Known known("pcapng", &run);

}  // namespace
}  // namespace bondbox::fuzz

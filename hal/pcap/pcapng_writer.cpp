#include "hal/pcap/pcapng_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace bondbox::pcapio {
namespace {

// Block types and option codes, sections 4.1 to 4.6 of the draft.
constexpr std::uint32_t section_header = 0x0a0d0d0a;
constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;
constexpr std::uint32_t interface_description = 1;
constexpr std::uint32_t interface_statistics = 5;
constexpr std::uint32_t enhanced_packet = 6;
constexpr std::uint16_t end_of_options = 0;
constexpr std::uint16_t comment_option = 1;
constexpr std::uint16_t program_option = 4;     // shb_userappl
constexpr std::uint16_t name_option = 2;        // if_name
constexpr std::uint16_t resolution_option = 9;  // if_tsresol
constexpr std::uint16_t flags_option = 2;       // epb_flags
constexpr std::uint16_t received_option = 4;    // isb_ifrecv
constexpr std::uint16_t lost_option = 5;        // isb_ifdrop
constexpr std::uint16_t ethernet[] = {1, 0};    // LINKTYPE_ETHERNET, and a reserved field
constexpr std::uint8_t nanoseconds = 9;         // ten to the power of minus
constexpr std::size_t option_size_max = 0xffff;

template <class Number>
wire::Bytes bytes_of(const Number& number) {
  return {reinterpret_cast<const std::uint8_t*>(&number), sizeof number};
}

}  // namespace

Result<PcapngWriter> PcapngWriter::create(const std::string& path, std::string_view program) {
  std::FILE* const file = path == "-" ? stdout : std::fopen(path.c_str(), "wb");
  if (file == nullptr) return Outcome::failed(errno, path + ": " + std::strerror(errno));
  PcapngWriter writer(path, file);
  writer.begin(section_header);
  writer.put32(byte_order_magic);
  constexpr std::uint16_t version[] = {1, 0};
  writer.put_padded({reinterpret_cast<const std::uint8_t*>(version), sizeof version});
  constexpr std::uint64_t unknown_length = ~std::uint64_t{0};
  writer.put_padded(bytes_of(unknown_length));
  writer.put_option(program_option, program);
  writer.put_option(end_of_options, wire::Bytes{});
  if (Outcome outcome = writer.end(); !outcome.ok()) return outcome;
  return writer;
}

std::uint32_t PcapngWriter::add_interface(std::string_view name, std::uint32_t frame_size_max) {
  begin(interface_description);
  put_padded({reinterpret_cast<const std::uint8_t*>(ethernet), sizeof ethernet});
  put32(frame_size_max);
  put_option(name_option, name);
  put_option(resolution_option, bytes_of(nanoseconds));
  put_option(end_of_options, wire::Bytes{});
  (void)end();  // an error stays with the stream, and the next frame tells it
  return interfaces_++;
}

Outcome PcapngWriter::write(const Frame& frame) {
  begin(enhanced_packet);
  put32(frame.interface);
  put_time(frame.time_ns);
  put32(static_cast<std::uint32_t>(frame.bytes.size()));
  put32(frame.original_length);
  put_padded(frame.bytes);
  if (!frame.comment.empty()) put_option(comment_option, frame.comment);
  const auto flags = static_cast<std::uint32_t>(frame.way);
  put_option(flags_option, bytes_of(flags));
  put_option(end_of_options, wire::Bytes{});
  return end();
}

Outcome PcapngWriter::write_statistics(std::uint32_t interface, std::int64_t time_ns, std::uint64_t received,
                                       std::uint64_t lost) {
  begin(interface_statistics);
  put32(interface);
  put_time(time_ns);
  put_option(received_option, bytes_of(received));
  put_option(lost_option, bytes_of(lost));
  put_option(end_of_options, wire::Bytes{});
  return end();
}

Outcome PcapngWriter::flush() {
  return check(std::fflush(file_.get()) == 0);
}

void PcapngWriter::begin(std::uint32_t type) {
  block_.clear();
  put32(type);
  put32(0);  // the block's length, by end()
}

void PcapngWriter::put32(std::uint32_t value) {
  put_padded(bytes_of(value));
}

void PcapngWriter::put_time(std::int64_t time_ns) {
  const auto time = static_cast<std::uint64_t>(time_ns);
  put32(static_cast<std::uint32_t>(time >> 32));
  put32(static_cast<std::uint32_t>(time));
}

void PcapngWriter::put_option(std::uint16_t code, wire::Bytes value) {
  value = value.first(std::min(value.size(), option_size_max));
  const std::uint16_t head[] = {code, static_cast<std::uint16_t>(value.size())};
  put_padded({reinterpret_cast<const std::uint8_t*>(head), sizeof head});
  put_padded(value);
}

void PcapngWriter::put_option(std::uint16_t code, std::string_view text) {
  put_option(code, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void PcapngWriter::put_padded(wire::Bytes value) {
  block_.insert(block_.end(), value.begin(), value.end());
  block_.resize((block_.size() + 3) & ~std::size_t{3});
}

Outcome PcapngWriter::end() {
  const auto length = static_cast<std::uint32_t>(block_.size() + sizeof(std::uint32_t));
  put32(length);
  std::memcpy(block_.data() + sizeof length, &length, sizeof length);
  bytes_ += block_.size();
  return check(std::fwrite(block_.data(), 1, block_.size(), file_.get()) == block_.size());
}

Outcome PcapngWriter::check(bool written) {
  if (written && std::ferror(file_.get()) == 0) return Outcome::done();
  const int error = errno == 0 ? EIO : errno;
  return Outcome::failed(error, path_ + ": cannot be written: " + std::strerror(error));
}

}  // namespace bondbox::pcapio

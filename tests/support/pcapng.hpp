// Reads the pcapng files that bondbox writes, comments and all, by the format's text (draft-ietf-opsawg-pcapng).
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace bondbox::test {

struct PcapngFile {
  struct Frame {
    std::string interface;
    std::int64_t time_ns = 0;
    bool outgoing = false;
    std::vector<std::uint8_t> bytes;
    std::uint32_t original_length = 0;
    std::string comment;
  };
  struct Statistics {
    std::string interface;
    std::uint64_t received = 0;
    std::uint64_t lost = 0;
  };

  std::vector<std::string> interfaces;
  std::vector<Frame> frames;
  std::vector<Statistics> statistics;

  /// Throws where a block is not as the format wants it.
  explicit PcapngFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
    for (std::size_t at = 0; at < bytes.size();) {
      const auto type = number<std::uint32_t>(bytes, at);
      const auto length = number<std::uint32_t>(bytes, at + 4);
      if (length < 12 || length % 4 != 0 || number<std::uint32_t>(bytes, at + length - 4) != length)
        throw std::runtime_error("a block whose lengths do not agree at " + std::to_string(at));
      if ((at == 0) != (type == 0x0a0d0d0a)) throw std::runtime_error("the section header is not the first block");
      read_block(bytes, type, at + 8, at + length - 4);
      at += length;
    }
  }

 private:
  using Options = std::map<std::uint16_t, std::string>;

  template <class Number>
  static Number number(const std::vector<char>& bytes, std::size_t at) {
    Number value{};
    if (at + sizeof value > bytes.size()) throw std::runtime_error("the file ends within a block");
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  }

  static Options options(const std::vector<char>& bytes, std::size_t at, std::size_t end) {
    Options all;
    while (at < end) {
      const auto code = number<std::uint16_t>(bytes, at);
      const auto size = number<std::uint16_t>(bytes, at + 2);
      if (code == 0) return all;
      all[code] = std::string(bytes.data() + at + 4, size);
      at += 4 + ((size + 3u) & ~3u);
    }
    throw std::runtime_error("options without an end");
  }

  template <class Number>
  static Number value_of(const Options& all, std::uint16_t code) {
    Number value{};
    std::memcpy(&value, all.at(code).data(), sizeof value);
    return value;
  }

  void read_block(const std::vector<char>& bytes, std::uint32_t type, std::size_t at, std::size_t end) {
    if (type == 1) {
      interfaces.push_back(options(bytes, at + 8, end).at(2));
    } else if (type == 5) {
      const Options all = options(bytes, at + 12, end);
      statistics.push_back({interfaces.at(number<std::uint32_t>(bytes, at)), value_of<std::uint64_t>(all, 4),
                            value_of<std::uint64_t>(all, 5)});
    } else if (type == 6) {
      Frame frame;
      frame.interface = interfaces.at(number<std::uint32_t>(bytes, at));
      frame.time_ns = static_cast<std::int64_t>(std::uint64_t{number<std::uint32_t>(bytes, at + 4)} << 32 |
                                                number<std::uint32_t>(bytes, at + 8));
      const auto size = number<std::uint32_t>(bytes, at + 12);
      frame.original_length = number<std::uint32_t>(bytes, at + 16);
      frame.bytes.assign(bytes.data() + at + 20, bytes.data() + at + 20 + size);
      const Options all = options(bytes, at + 20 + ((size + 3u) & ~3u), end);
      frame.comment = all.contains(1) ? all.at(1) : "";
      frame.outgoing = (value_of<std::uint32_t>(all, 2) & 3) == 2;
      frames.push_back(std::move(frame));
    }
  }
};

}  // namespace bondbox::test

// What crosses an interface, both ways, for somebody who only looks: a packet socket (packet(7)) beside those that
// move the frames. The interface is not changed: what it does not take in is not heard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hal/linux/unique_fd.hpp"
#include "hal/outcome.hpp"
#include "hal/wire/bytes.hpp"

namespace bondbox::lnx {

class Listener {
 public:
  struct Heard {
    std::int64_t time_ns = 0;  ///< since 1970-01-01 UTC, by the kernel
    bool outgoing = false;     ///< this host sent it
    bool to_others = false;    ///< its destination is another station's address
    wire::Bytes bytes;         ///< with its VLAN tag; valid until the next call
    std::uint32_t original_length = 0;
  };

  /// Of each frame at most `frame_size_max` bytes are kept. EPERM without CAP_NET_RAW, ENODEV where there is no such
  /// interface, in words.
  static Result<Listener> open(const std::string& interface, std::size_t frame_size_max);

  /// The next frame that has come; none: there is none now. ENETDOWN and the like are nothing, for the interface may
  /// come back.
  std::optional<Heard> next();
  /// Frames that had no room since the last call because nobody read.
  std::uint64_t take_lost() const;

  int fd() const noexcept { return fd_.get(); }

 private:
  Listener(UniqueFd fd, std::size_t frame_size_max);

  UniqueFd fd_;
  std::vector<std::uint8_t> frame_;  ///< four bytes for a tag, then as much as is kept
};

}  // namespace bondbox::lnx

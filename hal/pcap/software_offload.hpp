// What a NIC or kernel does with an OffloadHeader, done by the CPU: for layers below that take plain frames only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hal/packet.hpp"
#include "hal/wire/bytes.hpp"

namespace bondbox::pcapio {

/// Finishes a partial checksum (Virtio 1.1, 5.1.6.2.2: the field holds the pseudo-header's sum). False, and nothing
/// changed, when the header points outside the frame.
bool complete_checksum(wire::MutableBytes frame, const OffloadHeader& offload) noexcept;

/// Cuts a GSO frame into segments: TCP over IPv4 and IPv6, UDP_L4 over both. Headers of other kinds are not understood.
class Segmenter {
 public:
  /// `frame` and `scratch` outlive the segmenter; each segment is written to the front of `scratch`.
  Segmenter(wire::Bytes frame, const OffloadHeader& offload, wire::MutableBytes scratch) noexcept;

  /// False: the frame is not what its offload header says, or of a kind that is not understood.
  bool valid() const noexcept { return valid_; }
  /// The next segment with all lengths and checksums right, valid until the next call; empty when there are no more.
  wire::Bytes next() noexcept;

 private:
  bool parse(const OffloadHeader& offload) noexcept;
  void fix_network_header(std::size_t chunk) noexcept;
  void fix_transport_header(std::size_t chunk, bool last) noexcept;

  wire::Bytes frame_;
  wire::MutableBytes scratch_;
  bool valid_ = false;
  bool is_v4_ = false;
  bool is_tcp_ = false;
  std::size_t network_at_ = 0;
  std::size_t transport_at_ = 0;
  std::size_t headers_end_ = 0;
  std::size_t segment_size_ = 0;
  std::size_t done_ = 0;  ///< payload bytes cut off so far
  std::uint16_t index_ = 0;
};

}  // namespace bondbox::pcapio

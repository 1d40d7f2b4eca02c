// Ethernet frames (IEEE 802.3) with VLAN tags (IEEE 802.1Q clause 9), without the FCS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "hal/wire/bytes.hpp"
#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/mac_address.hpp"
#include "hal/wire/numbers.hpp"

namespace bondbox::wire {

struct VlanTag {
  std::uint16_t tpid = 0;
  std::uint16_t tci = 0;
  constexpr VlanId id() const noexcept { return {static_cast<std::uint16_t>(tci & 0x0fff)}; }
  constexpr std::uint8_t priority() const noexcept { return static_cast<std::uint8_t>(tci >> 13); }
  friend constexpr bool operator==(const VlanTag&, const VlanTag&) = default;
};

/// A frame's header. Refers to the bytes it was parsed from, which must outlive it.
class EthernetView {
 public:
  static constexpr std::size_t tags_read_max = vlan_tags_read_max;

  /// None when the frame is shorter than a header. A tag that is cut off ends the reading: ethertype() is then that
  /// tag's TPID, and payload() begins where the tag's content would.
  static constexpr std::optional<EthernetView> parse(Bytes frame) noexcept {
    if (frame.size() < ethernet_header_size) return std::nullopt;
    EthernetView view(frame);
    view.ethertype_ = load_be16(frame.data() + 12);
    for (std::size_t i = 0; i < tags_read_max && is_vlan_tpid(view.ethertype_); ++i) {
      if (frame.size() - view.payload_offset_ < vlan_tag_size) break;
      const std::uint8_t* const at = frame.data() + view.payload_offset_;
      view.tags_.push_back({view.ethertype_, load_be16(at)});
      view.ethertype_ = load_be16(at + 2);
      view.payload_offset_ += vlan_tag_size;
    }
    return view;
  }

  constexpr MacAddress destination() const noexcept { return MacAddress::load(frame_.data()); }
  constexpr MacAddress source() const noexcept { return MacAddress::load(frame_.data() + 6); }
  /// What stands after all tags; below 1536 it is a length (IEEE 802.3 clause 3.2.6).
  constexpr std::uint16_t ethertype() const noexcept { return ethertype_; }
  /// The outermost two tags, outermost first; further ones are passed over.
  constexpr const FixedVector<VlanTag, 2>& tags() const noexcept { return tags_; }
  /// Of the outermost tag; 0 when there is none or it carries a priority only.
  constexpr VlanId vlan() const noexcept { return tags_.empty() ? VlanId{} : tags_[0].id(); }
  constexpr std::size_t payload_offset() const noexcept { return payload_offset_; }
  /// With the padding, where there is any.
  constexpr Bytes payload() const noexcept { return frame_.subspan(payload_offset_); }

 private:
  constexpr explicit EthernetView(Bytes frame) noexcept : frame_(frame) {}

  Bytes frame_;
  FixedVector<VlanTag, 2> tags_;
  std::size_t payload_offset_ = ethernet_header_size;
  std::uint16_t ethertype_ = 0;
};

}  // namespace bondbox::wire

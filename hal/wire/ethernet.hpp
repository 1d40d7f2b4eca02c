// Ethernet frames (IEEE 802.3) with VLAN tags (IEEE 802.1Q clause 9), without the FCS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "hal/wire/bytes.hpp"
#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::wire {

inline constexpr std::size_t ethernet_header_size = 14;
inline constexpr std::size_t vlan_tag_size = 4;

namespace ethertype {
inline constexpr std::uint16_t ipv4 = 0x0800;
inline constexpr std::uint16_t arp = 0x0806;
inline constexpr std::uint16_t vlan = 0x8100;  ///< IEEE 802.1Q C-tag
inline constexpr std::uint16_t ipv6 = 0x86dd;
inline constexpr std::uint16_t slow_protocols = 0x8809;  ///< IEEE 802.3 Annex 57A: LACP, marker
inline constexpr std::uint16_t service_vlan = 0x88a8;    ///< IEEE 802.1ad S-tag
}  // namespace ethertype

constexpr bool is_vlan_tpid(std::uint16_t type) noexcept {
  return type == ethertype::vlan || type == ethertype::service_vlan;
}

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
  /// Tags beyond this many are not looked behind: a frame made of tags alone must not cost more than one with none.
  static constexpr std::size_t tags_read_max = 8;

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

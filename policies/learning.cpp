#include "policies/learning.hpp"

#include "policies/speech_room.hpp"

namespace bondbox {
namespace {

constexpr std::uint16_t loopback_type = 0x9000;  // Ethernet Configuration Testing Protocol
constexpr std::size_t untagged_size = 60;

}  // namespace

wire::SmallFrame build_learning_frame(const MacAddress& mac, VlanId vlan) noexcept {
  wire::FrameBuilder builder;
  builder.put_header(mac, mac, vlan, loopback_type);
  const std::size_t size = untagged_size + (vlan.tagged() ? wire::vlan_tag_size : 0);
  while (builder.size() < size) builder.put8(0);
  return builder.frame();
}

void Lessons::add(PortId port, const MacAddress& mac) {
  lessons_.push_back({port, mac, 0});
}

void Lessons::forget(PortId port) {
  for (std::size_t i = lessons_.size(); i > 0; --i)
    if (lessons_[i - 1].port == port) lessons_.erase_at(i - 1);
}

void Lessons::give(const BondFacts& facts, ActionList& actions) {
  while (!lessons_.empty()) {
    Lesson& lesson = lessons_[0];
    while (lesson.frames_sent <= facts.vlans.size()) {
      if (!may_send(actions)) return;
      const VlanId vlan = lesson.frames_sent == 0 ? VlanId{} : facts.vlans[lesson.frames_sent - 1];
      actions.push_back(SendFrame{lesson.port, build_learning_frame(lesson.mac, vlan)});
      ++lesson.frames_sent;
    }
    lessons_.erase_at(0);
  }
}

void RepeatedLessons::begin(PortId port, Tick now) {
  forget(port);
  ports_.push_back({port, first_pause, now + first_pause});
}

void RepeatedLessons::forget(PortId port) {
  for (std::size_t i = ports_.size(); i > 0; --i)
    if (ports_[i - 1].port == port) ports_.erase_at(i - 1);
}

std::optional<Tick> RepeatedLessons::next_deadline() const noexcept {
  std::optional<Tick> due;
  for (const Port& one : ports_)
    if (!due || one.due < *due) due = one.due;
  return due;
}

}  // namespace bondbox

// What Play sees pass between the program and its hardware.
#include "tests/swarm/play.hpp"

namespace bondbox::swarm {

/// nullptr also while bonds end: they are not to be asked for then.
const Bond* Play::bond_of(const std::string& name) const {
  return scheduler_ && !bonds_end_ ? scheduler_->find(name) : nullptr;
}

void Play::nic_was_read(const std::string& card, bool) {
  const std::string* const bond = owner_of(card);
  if (bond != nullptr && frames_passed_[*bond]) rules_.notes(*bond).looked_amid_frames = true;
}

void Play::nic_gave(const std::string& card, wire::Bytes frame) {
  if (settings_.sabotage.hide_frame) --hardware_.life(card).rx_frames;
  const std::string* const bond = owner_of(card);
  if (bond == nullptr) return;
  frames_passed_[*bond] = true;
  const auto number = frame_number(frame);
  const Bond* const target = number ? bond_of(*bond) : nullptr;
  if (target != nullptr) paths_.from_port(*target, card, number->number, frame);
}

void Play::nic_was_given(const std::string& given, wire::Bytes frame, int error) {
  const std::string* const bond = owner_of(given);
  if (bond == nullptr) return;
  frames_passed_[*bond] = true;
  if (error == 0) digest(frame);
  const std::string card = settings_.sabotage.wrong_card ? "elsewhere" : given;
  StepNotes& notes = rules_.notes(*bond);
  const Bond* const target = bond_of(*bond);
  if (error != 0) {
    ++notes.refused;
    notes.refused_by.insert(card);
    if (target != nullptr) paths_.port_refused(*target, given, error);
  }
  const auto number = frame_number(frame);
  if (!number) {
    if (error != 0) ++notes.others_refused;
    return;
  }
  if (target != nullptr && error == 0) paths_.to_port(*target, given, number->number, frame);
  notes.sent.push_back({card, number->number, error});
  if (settings_.sabotage.send_twice) notes.sent.push_back({card, number->number, error});
}

void Play::host_gave(const std::string& bond, wire::Bytes frame) {
  frames_passed_[bond] = true;
  StepNotes& notes = rules_.notes(bond);
  const auto number = frame_number(frame);
  if (!number) {
    ++notes.others_from_host;
    return;
  }
  notes.from_host.push_back(number->number);
  if (const Bond* const target = bond_of(bond)) paths_.from_host(*target, number->number, frame);
}

void Play::host_was_given(const std::string& bond, wire::Bytes frame, int error) {
  StepNotes& notes = rules_.notes(bond);
  const auto number = frame_number(frame);
  const Bond* const target = number ? bond_of(bond) : nullptr;
  if (target != nullptr) paths_.to_host(*target, number->number, frame);
  if (error != 0) {
    paths_.host_refused(bond);
    ++notes.host_refused;
    return;
  }
  if (!settings_.sabotage.keep_from_host) ++notes.host_took;
  if (const auto index = host_index(bond)) arrived(*index, frame);
}

}  // namespace bondbox::swarm

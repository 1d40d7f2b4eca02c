// What Play sees pass between the program and its hardware.
#include "tests/swarm/play.hpp"

namespace bondbox::swarm {

void Play::nic_was_read(const std::string& card, bool) {
  const std::string* const bond = owner_of(card);
  if (bond != nullptr && frames_passed_[*bond]) rules_.notes(*bond).looked_amid_frames = true;
}

void Play::nic_gave(const std::string& card, wire::Bytes) {
  if (settings_.sabotage.hide_frame) --hardware_.life(card).rx_frames;
  if (const std::string* const bond = owner_of(card)) frames_passed_[*bond] = true;
}

void Play::nic_was_given(const std::string& given, wire::Bytes frame, int error) {
  const std::string* const bond = owner_of(given);
  if (bond == nullptr) return;
  frames_passed_[*bond] = true;
  const std::string card = settings_.sabotage.wrong_card ? "elsewhere" : given;
  StepNotes& notes = rules_.notes(*bond);
  if (error != 0) {
    ++notes.refused;
    notes.refused_by.insert(card);
  }
  const auto number = frame_number(frame);
  if (!number) {
    if (error != 0) ++notes.others_refused;
    return;
  }
  notes.sent.push_back({card, number->number, error});
  if (settings_.sabotage.send_twice) notes.sent.push_back({card, number->number, error});
}

void Play::host_gave(const std::string& bond, wire::Bytes frame) {
  frames_passed_[bond] = true;
  StepNotes& notes = rules_.notes(bond);
  const auto number = frame_number(frame);
  if (number)
    notes.from_host.push_back(number->number);
  else
    ++notes.others_from_host;
}

void Play::host_was_given(const std::string& bond, wire::Bytes frame, int error) {
  StepNotes& notes = rules_.notes(bond);
  if (error != 0) {
    ++notes.host_refused;
    return;
  }
  if (!settings_.sabotage.keep_from_host) ++notes.host_took;
  if (const auto index = host_index(bond)) arrived(*index, frame);
}

}  // namespace bondbox::swarm

#include "firmware/console_editor.hpp"

#include <algorithm>
#include <utility>

#include "firmware/text.hpp"

namespace bondbox {
namespace {

constexpr std::uint8_t nul = 0x00;
constexpr std::uint8_t escape = 0x1b;
constexpr std::uint8_t delete_key = 0x7f;
constexpr std::size_t parameters_max = 8;

constexpr std::uint8_t control(char letter) {
  return static_cast<std::uint8_t>(letter - '@');
}

}  // namespace

void LineEditor::redraw(std::string& drawn) const {
  if (!draws_) return;
  drawn += '\r';
  draw(drawn);
}

void LineEditor::draw(std::string& drawn) const {
  if (!draws_) return;
  // One row only, whatever terminal it is; a longer line is seen through a window. The last column stays free, for
  // terminals that go on to the next row by themselves.
  const std::size_t window = columns - 1 - prompt_.size();
  const std::size_t first = cursor_ > window ? cursor_ - window : 0;
  drawn += prompt_;
  drawn.append(text_, first, window);
  drawn += "\x1b[K";
  const std::size_t shown_end = std::min(text_.size(), first + window);
  if (cursor_ != shown_end) append_format(drawn, "\r\x1b[%zuC", prompt_.size() + cursor_ - first);
}

LineEditor::Event LineEditor::take(std::uint8_t byte, std::string& drawn) {
  const std::uint8_t before = std::exchange(before_, byte);
  if (before == '\r' && (byte == '\n' || byte == nul)) return Event::none;
  if (escape_ != Escape::none && take_escape(byte, drawn)) return Event::none;
  if (byte >= 0x20 && byte < delete_key) {
    insert(static_cast<char>(byte), drawn);
    return Event::none;
  }
  return take_control(byte, drawn);
}

LineEditor::Event LineEditor::take_control(std::uint8_t byte, std::string& drawn) {
  switch (byte) {
    case '\r':
    case '\n':
      return end_line(drawn);
    case control('C'):
      clear();
      if (draws_) drawn += "^C\r\n";
      return Event::interrupt;
    case control('D'):
      if (text_.empty()) return Event::end;
      erase(cursor_, cursor_ + 1, drawn);
      break;
    case control('H'):
    case delete_key:
      if (cursor_ != 0) erase(cursor_ - 1, cursor_, drawn);
      break;
    case control('U'):
      erase(0, cursor_, drawn);
      break;
    case control('K'):
      erase(cursor_, text_.size(), drawn);
      break;
    case control('W'):
      erase(word_begin(), cursor_, drawn);
      break;
    case control('A'):
      move_to(0, drawn);
      break;
    case control('E'):
      move_to(text_.size(), drawn);
      break;
    case control('B'):
      if (cursor_ != 0) move_to(cursor_ - 1, drawn);
      break;
    case control('F'):
      move_to(cursor_ + 1, drawn);
      break;
    case control('P'):
      if (place_ != 0) recall(place_ - 1, drawn);
      break;
    case control('N'):
      recall(place_ + 1, drawn);
      break;
    case control('L'):
      if (draws_) drawn += "\x1b[H\x1b[2J";
      draw(drawn);
      break;
    case escape:
      escape_ = Escape::begun;
      parameters_.clear();
      break;
    case control('I'):  // a tab between words
      insert(' ', drawn);
      break;
    case control('Q'):  // of terminals that stop and start whoever talks to them
    case control('S'):
      break;
    case nul:
      // A break alone, or the line being plugged in.
      if (!text_.empty()) note_noise();
      break;
    default:
      note_noise();
  }
  return Event::none;
}

/// Whether the byte belonged to the sequence. A sequence that none of ours can be is dropped up to its end.
bool LineEditor::take_escape(std::uint8_t byte, std::string& drawn) {
  if (byte < 0x20 || byte >= delete_key) {
    // Neither a key nor the whole of one: what was begun is junk, and this byte counts for itself.
    escape_ = Escape::none;
    note_noise();
    return false;
  }
  switch (escape_) {
    case Escape::begun:
      escape_ = byte == '[' ? Escape::control : byte == 'O' ? Escape::single : Escape::none;
      return true;
    case Escape::control:
      if (byte >= 0x40) {
        escape_ = Escape::none;
        run_key(byte, drawn);
      } else if (parameters_.size() == parameters_max) {
        escape_ = Escape::none;
        note_noise();
      } else {
        parameters_ += static_cast<char>(byte);
      }
      return true;
    default:
      escape_ = Escape::none;
      run_key(byte, drawn);
      return true;
  }
}

/// ECMA-48 control sequences, as VT100 and its heirs send them.
void LineEditor::run_key(std::uint8_t final_byte, std::string& drawn) {
  char key = static_cast<char>(final_byte);
  if (key == '~' && parameters_.size() == 1) {
    const char number = parameters_[0];
    if (number == '1' || number == '7') key = 'H';
    if (number == '4' || number == '8') key = 'F';
    if (number == '3' && cursor_ < text_.size()) return erase(cursor_, cursor_ + 1, drawn);
  }
  if (key == 'A' && place_ != 0) recall(place_ - 1, drawn);
  if (key == 'B') recall(place_ + 1, drawn);
  if (key == 'C') move_to(cursor_ + 1, drawn);
  if (key == 'D' && cursor_ != 0) move_to(cursor_ - 1, drawn);
  if (key == 'H') move_to(0, drawn);
  if (key == 'F') move_to(text_.size(), drawn);
}

LineEditor::Event LineEditor::end_line(std::string& drawn) {
  line_ = {text_, noise_, too_long_};
  const bool worth_keeping = !text_.empty() && noise_ == 0 && !too_long_;
  if (worth_keeping && (history_.empty() || history_.back() != text_)) {
    if (history_.size() == history_max) history_.erase(history_.begin());
    history_.push_back(text_);
  }
  clear();
  if (draws_) drawn += "\r\n";
  return Event::line;
}

void LineEditor::clear() {
  text_.clear();
  typed_.clear();
  cursor_ = 0;
  noise_ = 0;
  too_long_ = false;
  place_ = history_.size();
}

void LineEditor::insert(char character, std::string& drawn) {
  if (text_.size() == line_max) {
    too_long_ = true;
    return;
  }
  text_.insert(cursor_++, 1, character);
  const bool at_end = cursor_ == text_.size() && prompt_.size() + text_.size() < columns;
  if (!at_end) return redraw(drawn);
  if (draws_) drawn += character;
}

void LineEditor::erase(std::size_t from, std::size_t to, std::string& drawn) {
  to = std::min(to, text_.size());
  if (from >= to) return;
  text_.erase(from, to - from);
  cursor_ = from;
  // What was lost of it, and what was no text, went with the rest of the line.
  if (text_.empty()) {
    too_long_ = false;
    noise_ = 0;
  }
  redraw(drawn);
}

void LineEditor::move_to(std::size_t cursor, std::string& drawn) {
  cursor_ = std::min(cursor, text_.size());
  redraw(drawn);
}

void LineEditor::recall(std::size_t place, std::string& drawn) {
  if (place > history_.size() || place == place_) return;
  if (place_ == history_.size()) typed_ = text_;
  place_ = place;
  text_ = place == history_.size() ? typed_ : history_[place];
  cursor_ = text_.size();
  too_long_ = false;
  redraw(drawn);
}

std::size_t LineEditor::word_begin() const {
  std::size_t begin = cursor_;
  while (begin != 0 && text_[begin - 1] == ' ') --begin;
  while (begin != 0 && text_[begin - 1] != ' ') --begin;
  return begin;
}

}  // namespace bondbox

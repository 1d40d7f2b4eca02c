#include "firmware/config/message.hpp"

#include <algorithm>
#include <utility>

#include "firmware/text.hpp"

namespace bondbox {
namespace {

constexpr std::size_t messages_max = 50;

std::vector<ConfigMessage> sorted(std::vector<ConfigMessage> messages) {
  std::stable_sort(messages.begin(), messages.end(), [](const ConfigMessage& a, const ConfigMessage& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
  if (messages.size() > messages_max) messages.resize(messages_max);
  return messages;
}

/// What is wrong quotes what somebody wrote, and a message goes to terminals and logs: control characters (U+0000 to
/// U+001F and U+007F to U+009F) become question marks.
std::string printable(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xc2 && i + 1 < text.size() && (static_cast<unsigned char>(text[i + 1]) & 0xe0) == 0x80;
    if (c1) text.erase(i, 1);
    if (c1 || byte < ' ' || byte == 0x7f) text[i] = '?';
  }
  return text;
}

}  // namespace

std::string ConfigMessage::text() const {
  std::string text;
  if (file.empty() && at.line != 0) text = format("argument %u: ", at.line);
  if (!file.empty()) text = file + ":";
  if (!file.empty() && at.line != 0) text += format("%u:%u:", at.line, at.column);
  if (!file.empty()) text += ' ';
  text += wrong;
  if (!right.empty()) text += "; " + right;
  return printable(std::move(text));
}

void ConfigMessages::error(Position at, std::string wrong, std::string right) {
  errors_.push_back({file_, at, std::move(wrong), std::move(right)});
}

void ConfigMessages::warning(Position at, std::string wrong, std::string right) {
  warnings_.push_back({file_, at, std::move(wrong), std::move(right)});
}

std::vector<ConfigMessage> ConfigMessages::take_errors() {
  return sorted(std::exchange(errors_, {}));
}
std::vector<ConfigMessage> ConfigMessages::take_warnings() {
  return sorted(std::exchange(warnings_, {}));
}

}  // namespace bondbox

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

}  // namespace

std::string ConfigMessage::text() const {
  std::string text;
  if (file.empty() && at.line != 0) text = format("argument %u: ", at.line);
  if (!file.empty()) text = file + ":";
  if (!file.empty() && at.line != 0) text += format("%u:%u:", at.line, at.column);
  if (!file.empty()) text += ' ';
  text += wrong;
  if (!right.empty()) text += "; " + right;
  return text;
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

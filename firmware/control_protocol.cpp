#include "firmware/control_protocol.hpp"

#include <charconv>

namespace bondbox::control {

std::string encode_request(std::span<const std::string> words) {
  std::string bytes;
  for (const std::string& word : words) {
    bytes += word;
    bytes += '\0';
  }
  return bytes;
}

std::optional<std::vector<std::string>> decode_request(std::string_view bytes) {
  if (bytes.size() > request_size_max || bytes.empty() || bytes.back() != '\0') return std::nullopt;
  std::vector<std::string> words;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\0');
    words.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
  }
  return words;
}

std::string encode_reply(const Reply& reply) {
  return std::to_string(reply.exit_status) + "\n" + reply.text;
}

std::optional<Reply> decode_reply(std::string_view bytes) {
  Reply reply;
  const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), reply.exit_status);
  if (error != std::errc{} || end == bytes.data() + bytes.size() || *end != '\n') return std::nullopt;
  reply.text = bytes.substr(static_cast<std::size_t>(end - bytes.data()) + 1);
  return reply;
}

}  // namespace bondbox::control

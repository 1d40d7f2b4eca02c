// What goes over the control socket. The client sends the words of one command, each ended by a zero byte, and shuts
// its side down; the answer is the exit status in decimal, a newline, and the text, up to the end of the stream.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/command_executor.hpp"

namespace bondbox::control {

inline constexpr std::size_t request_size_max = 4096;
inline constexpr const char* socket_name = "control.sock";

std::string encode_request(std::span<const std::string> words);
/// nullopt: too long, or the last word is not ended.
std::optional<std::vector<std::string>> decode_request(std::string_view bytes);

std::string encode_reply(const Reply& reply);
/// nullopt: no exit status at its head.
std::optional<Reply> decode_reply(std::string_view bytes);

}  // namespace bondbox::control

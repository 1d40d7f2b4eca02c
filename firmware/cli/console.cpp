// `bondbox console`: a line console for a serial port without a shell.
#include <charconv>

#include "firmware/cli/cli.hpp"
#include "firmware/console.hpp"
#include "firmware/control_protocol.hpp"

namespace bondbox::cli {
namespace {

template <class Number>
bool read_number(const std::string& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

/// What is wrong with the value, or nothing.
std::optional<std::string> read_value(const std::string& option, const std::string& value, ConsoleOptions& options) {
  if (option == "--baud") {
    if (read_number(value, options.baud) && options.baud != 0) return std::nullopt;
    return "--baud takes a speed such as 115200, not \"" + value + "\"";
  }
  if (option == "--lines") {
    std::size_t rows = 0;
    if (!read_number(value, rows)) return "--lines takes a number, 0 for no pages, not \"" + value + "\"";
    options.rows = rows;
    return std::nullopt;
  }
  using Flow = ConsoleOptions::Flow;
  if (value == "none") return options.flow = Flow::none, std::nullopt;
  if (value == "software") return options.flow = Flow::software, std::nullopt;
  if (value == "hardware") return options.flow = Flow::hardware, std::nullopt;
  return "--flow takes none, software or hardware, not \"" + value + "\"";
}

}  // namespace

int console(const Invocation& invocation) {
  ConsoleOptions options;
  options.control_socket = invocation.run_dir + "/" + control::socket_name;
  for (std::size_t i = 0; i < invocation.words.size(); ++i) {
    const std::string& word = invocation.words[i];
    if (word == "--power") {
      options.power = true;
    } else if (word == "--baud" || word == "--flow" || word == "--lines") {
      if (i + 1 == invocation.words.size()) return wrong_words(invocation, word + " needs a value");
      if (const auto wrong = read_value(word, invocation.words[++i], options)) return wrong_words(invocation, *wrong);
    } else if (word.starts_with("-")) {
      return wrong_words(invocation, "unknown option \"" + word + "\"");
    } else if (!options.device.empty()) {
      return wrong_words(invocation, "unexpected \"" + word + "\"");
    } else {
      options.device = word;
    }
  }
  return run_console(options);
}

}  // namespace bondbox::cli

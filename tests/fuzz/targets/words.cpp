// A bond in the words of a command line: the same promises as a file's, and places that are words.
#include "firmware/config/module_words.hpp"

#include <algorithm>

#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"
#include "tests/fuzz/support/texts.hpp"

namespace bondbox::fuzz {
namespace {

constexpr std::size_t words_most = 64;

void run(wire::Bytes bytes) {
  Input input(bytes);
  std::vector<std::string> words;
  while (!input.is_empty() && words.size() < words_most) words.push_back(input.text_until(' '));
  const std::vector<std::string_view> views(words.begin(), words.end());
  const ConfigResult result = load_module_words(views);
  for (const ConfigMessage& message : result.errors) {
    promise(message.at.line <= std::max<std::size_t>(words.size(), 1), "an error is about one of the words");
    promise(!message.text().empty() && !message.wrong.empty(), "an error says what is wrong");
  }
  if (!result.ok()) return;
  promise(result.config.bonds.size() == 1, "words make one bond");
  check_config(result.config);
}

const Known known("words", &run);

}  // namespace
}  // namespace bondbox::fuzz

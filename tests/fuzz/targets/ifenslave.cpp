// The words of ifenslave in both forms: an exit status that either program gives, and a reason for each failure.
#include "firmware/ifenslave.hpp"

#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"
#include "tests/fuzz/support/texts.hpp"

namespace bondbox::fuzz {
namespace {

void run(wire::Bytes bytes) {
  Input input(bytes);
  const std::uint8_t more = input.byte();
  const auto form = (more & 1) != 0 ? ifenslave::Form::busybox : ifenslave::Form::classic;
  std::size_t asked = 0;
  ifenslave::Machine machine;
  machine.ask = [&](std::span<const std::string> words) -> Reply {
    ++asked;
    promise(!words.empty() && CommandExecutor::check(words).exit_status == 0, "what is asked is a command");
    if ((more & 2) != 0 && words.size() > 2) return {1, "EBUSY: no\n"};
    return {0, words[0] == "get" ? "e0 e1\n" : ""};
  };
  machine.describe = [](std::string_view name) -> std::optional<std::string> {
    if (name == "e9") return std::nullopt;
    return std::string(name) + "\n";
  };
  machine.is_up = [](std::string_view name) -> std::optional<bool> {
    if (name == "e9") return std::nullopt;
    return name != "e8";
  };
  if ((more & 4) != 0) machine.going_down = "bond0";
  machine.linger_ms = (more & 8) != 0 ? 5'000 : 0;
  std::vector<std::string> words;
  while (!input.is_empty() && words.size() < 32) words.push_back(input.text_until(' '));
  const ifenslave::Ending ending = ifenslave::run(words, form, machine);
  promise(ending.exit_status >= 0 && ending.exit_status <= 255, "an exit status is one");
  promise(ending.exit_status == 0 || !(ending.err + ending.out).empty(), "a failure says why");
  promise(asked <= 8 * (words.size() + 1), "no more is asked than the words call for");
  check_answer(ending.out);
  check_answer(ending.err);
}

const Known known("ifenslave", &run);

}  // namespace
}  // namespace bondbox::fuzz

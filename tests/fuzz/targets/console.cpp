// A console that anything is typed into: what is kept is bounded, what is shown is text and cursor moves that we meant,
// and commands are asked for only with words that were typed.
#include "firmware/console_session.hpp"

#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {
namespace {

void run(wire::Bytes bytes) {
  Input input(bytes);
  const std::uint8_t more = input.byte();
  ConsoleSession::Setup setup;
  setup.terminal = (more & 1) == 0;
  setup.rows = more >> 4 & 7;
  setup.may_end = (more & 2) != 0;
  setup.power = (more & 4) != 0;
  std::size_t asked = 0;
  const auto answer = [&asked](std::span<const std::string> words) {
    ++asked;
    promise(!words.empty(), "a command has words");
    for (const std::string& word : words) {
      promise(word.size() <= LineEditor::line_max, "a word is no longer than a line");
      for (const char c : word)
        promise(static_cast<unsigned char>(c) >= ' ' && c != '\x7f', "a word has no control characters");
    }
    Reply reply;
    const std::size_t lines = words.size() > 1 ? words.back().size() * 7 : 1;
    for (std::size_t i = 0; i < lines; ++i) reply.text += "7\nline\n";
    return reply;
  };
  ConsoleSession session(setup, answer, [](std::string_view) { return Reply{}; });
  Tick now{};
  while (!input.is_empty() && !session.ended()) {
    const std::uint8_t turn = input.byte();
    now = now + Ticks{turn & 0x1f};
    if (const auto due = session.next_deadline(); due && *due <= now) session.run_due(now);
    if ((turn & 0x80) != 0) session.note_thrown_away(turn & 0x1f);
    const std::string typed = input.text(1 + (turn >> 5 & 3) * 8U);
    session.take(typed, now);
    promise(session.output().size() < 2 * ConsoleSession::answer_bytes_max, "what is shown is bounded");
    for (const char c : session.output())
      promise(static_cast<unsigned char>(c) >= ' ' || c == '\r' || c == '\n' || c == '\x1b' || c == '\b' || c == '\a',
              "what is shown is text and what moves the cursor");
    if ((turn & 0x40) == 0) session.written(session.output().size());
  }
  session.end_of_input(now);
  promise(setup.terminal || asked <= bytes.size(), "no more is asked than was typed");
}

const Known known("console", &run);

}  // namespace
}  // namespace bondbox::fuzz

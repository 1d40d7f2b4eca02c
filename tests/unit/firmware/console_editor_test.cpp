#include "firmware/console_editor.hpp"

#include <boost/test/unit_test.hpp>
#include <random>
#include <string>
#include <string_view>

namespace {

using namespace bondbox;
using Event = LineEditor::Event;

/// A terminal of one row as far as the editor uses one: what is on the row, and where the cursor is.
struct Row {
  std::string text;
  std::size_t cursor = 0;

  void draw(std::string_view drawn) {
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      const char c = drawn[i];
      if (c == '\r') {
        cursor = 0;
      } else if (c == '\n') {
        text.clear();
      } else if (c == '\x1b') {
        std::size_t end = i + 2;
        while (drawn[end] < 0x40) ++end;
        if (drawn[end] == 'K') text.resize(std::min(text.size(), cursor));
        if (drawn[end] == 'C') cursor += std::stoul(std::string(drawn.substr(i + 2, end - i - 2)));
        i = end;
      } else {
        if (cursor >= text.size()) text.resize(cursor + 1, ' ');
        text[cursor++] = c;
      }
    }
  }
};

struct Typist {
  LineEditor editor{"> ", true};
  Row row;

  Typist() {
    std::string drawn;
    editor.draw(drawn);
    row.draw(drawn);
  }

  Event type(std::string_view keys) {
    Event event = Event::none;
    for (const char key : keys) {
      std::string drawn;
      event = editor.take(static_cast<std::uint8_t>(key), drawn);
      row.draw(drawn);
    }
    return event;
  }
  std::string line_of(std::string_view keys) {
    BOOST_TEST((type(keys) == Event::line));
    std::string drawn;
    editor.draw(drawn);
    row.draw(drawn);
    return editor.line().text;
  }
};

constexpr const char* up = "\x1b[A";
constexpr const char* down = "\x1b[B";
constexpr const char* left = "\x1b[D";

}  // namespace

BOOST_AUTO_TEST_SUITE(console_editor)

BOOST_AUTO_TEST_CASE(what_is_typed_is_drawn_and_keys_edit_it_where_the_cursor_is) {
  Typist typist;
  typist.type("statsu bond0");
  BOOST_TEST(typist.row.text == "> statsu bond0");
  typist.type("\x7f\x08");
  BOOST_TEST(typist.row.text == "> statsu bon");
  typist.type("\x17");
  BOOST_TEST(typist.row.text == "> statsu ");
  typist.type(std::string(left) + left + "\x1b[3~");
  BOOST_TEST(typist.row.text == "> stats ");
  BOOST_TEST(typist.row.cursor == std::string("> stats").size());
  typist.type("\x01get \x05!\x02\x06");
  BOOST_TEST(typist.row.text == "> get stats !");
  typist.type("\x1bOH\x0b");
  BOOST_TEST(typist.row.text == "> ");
  BOOST_TEST(typist.line_of("x y\x15set\r") == "set");
}

BOOST_AUTO_TEST_CASE(cr_lf_crlf_and_telnets_cr_nul_end_one_line_each) {
  for (const std::string_view end :
       {std::string_view("\r"), std::string_view("\n"), std::string_view("\r\n"), std::string_view("\r\0", 2)}) {
    Typist typist;
    int lines = 0;
    for (const char key : "a" + std::string(end) + "b" + std::string(end)) {
      std::string drawn;
      if (typist.editor.take(static_cast<std::uint8_t>(key), drawn) != Event::line) continue;
      BOOST_TEST(typist.editor.line().text == (lines == 0 ? "a" : "b"));
      BOOST_TEST(typist.editor.line().noise == 0U);
      ++lines;
    }
    BOOST_TEST(lines == 2);
  }
}

BOOST_AUTO_TEST_CASE(arrows_bring_back_lines_and_the_one_that_was_being_typed) {
  Typist typist;
  for (const char* line : {"one\r", "two\r", "two\r", "\r"}) (void)typist.line_of(line);
  typist.type("thr");
  typist.type(up);
  BOOST_TEST(typist.row.text == "> two");
  typist.type(up);
  BOOST_TEST(typist.row.text == "> one");
  typist.type(up);
  BOOST_TEST(typist.row.text == "> one");
  typist.type(std::string(down) + down);
  BOOST_TEST(typist.row.text == "> thr");
  typist.type(down);
  BOOST_TEST(typist.row.text == "> thr");
  BOOST_TEST(typist.line_of(std::string(up) + "!\r") == "two!");
  for (int i = 0; i < 100; ++i) (void)typist.line_of("line " + std::to_string(i) + "\r");
  for (int i = 0; i < 100; ++i) typist.type("\x10");
  BOOST_TEST(typist.row.text == "> line " + std::to_string(100 - LineEditor::history_max));
}

BOOST_AUTO_TEST_CASE(a_line_longer_than_the_row_is_seen_through_a_window_and_never_wraps) {
  Typist typist;
  std::string expected;
  for (int i = 0; i < 150; ++i) {
    const char c = static_cast<char>('a' + i % 26);
    expected += c;
    typist.type(std::string(1, c));
    BOOST_TEST(typist.row.text.size() < LineEditor::columns);
    BOOST_TEST(typist.row.text.back() == c);
  }
  for (int i = 0; i < 149; ++i) typist.type(left);
  BOOST_TEST(typist.row.cursor == 3U);
  BOOST_TEST(typist.line_of("\r") == expected);
}

BOOST_AUTO_TEST_CASE(a_line_that_is_too_long_says_so_until_it_is_dropped) {
  Typist typist;
  BOOST_TEST((typist.type(std::string(LineEditor::line_max + 1, 'x') + "\x7f\r") == Event::line));
  BOOST_TEST(typist.editor.line().too_long);
  BOOST_TEST((typist.type(std::string(100'000, 'x') + "\x15status\r") == Event::line));
  BOOST_TEST(!typist.editor.line().too_long);
  BOOST_TEST(typist.editor.line().text == "status");
}

BOOST_AUTO_TEST_CASE(noise_is_counted_and_never_part_of_the_text) {
  Typist typist;
  (void)typist.line_of(std::string("st\xff\x80") + std::string("at\0us", 5) + "\x1b[12345678901\x1b\xfe\r");
  BOOST_TEST(typist.editor.line().text.find_first_not_of("status0123456789") == std::string::npos,
             typist.editor.line().text);
  BOOST_TEST(typist.editor.line().noise >= 5U);
  // What a line that is plugged in or a break sends, and flow control, are no noise.
  BOOST_TEST(typist.line_of(std::string("\0\x11\x13", 3) + "ok\r") == "ok");
  BOOST_TEST(typist.editor.line().noise == 0U);
  // A key that means nothing here (F5, Page Up, Alt-x) does nothing.
  BOOST_TEST(typist.line_of("\x1b[15~\x1b[5~\x1bxok\r") == "ok");
  BOOST_TEST(typist.editor.line().noise == 0U);
}

BOOST_AUTO_TEST_CASE(control_c_drops_the_line_and_control_d_ends_only_an_empty_one) {
  Typist typist;
  BOOST_TEST((typist.type("stat\x03") == Event::interrupt));
  BOOST_TEST((typist.type("ab\x02\x04") == Event::none));
  BOOST_TEST(typist.line_of("\r") == "a");
  BOOST_TEST((typist.type("\x04") == Event::end));
}

BOOST_AUTO_TEST_CASE(random_bytes_never_draw_more_than_a_row_and_keep_the_line_bounded) {
  std::mt19937 random(4711);
  LineEditor editor("> ", true);
  for (int i = 0; i < 200'000; ++i) {
    std::string drawn;
    const auto event = editor.take(static_cast<std::uint8_t>(random() % 7 == 0 ? 0x1b : random() & 0xff), drawn);
    if (drawn.size() > 120) BOOST_FAIL("draws " << drawn.size() << " bytes for one");
    if (event == Event::line && editor.line().text.size() > LineEditor::line_max) BOOST_FAIL("the line is too long");
  }
}

BOOST_AUTO_TEST_SUITE_END()

// One line as a person types it on a terminal: keys in, what to draw out. What no terminal sends on purpose is noise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bondbox {

class LineEditor {
 public:
  static constexpr std::size_t line_max = 200;    ///< characters; a longer line is refused whole
  static constexpr std::size_t history_max = 16;  ///< lines that the arrows bring back
  static constexpr std::size_t columns = 80;

  enum class Event : std::uint8_t {
    none,
    line,       ///< Enter: line() is what was typed
    interrupt,  ///< ^C: the line is gone
    end,        ///< ^D on an empty line
  };

  /// A line that was ended, and what was wrong with it.
  struct Line {
    std::string text;
    std::size_t noise = 0;  ///< bytes among it that are no text
    bool too_long = false;
  };

  /// `draws`: it stands on a terminal; else nothing is drawn.
  LineEditor(std::string prompt, bool draws) : prompt_(std::move(prompt)), draws_(draws) {}

  /// One byte from the terminal. What is to be drawn is appended to `drawn`.
  Event take(std::uint8_t byte, std::string& drawn);
  /// The last line that was ended. The next byte may begin another one.
  const Line& line() const noexcept { return line_; }
  /// Draws prompt and line where the cursor is, at the beginning of a line.
  void draw(std::string& drawn) const;

 private:
  enum class Escape : std::uint8_t { none, begun, control, single };

  Event take_control(std::uint8_t byte, std::string& drawn);
  bool take_escape(std::uint8_t byte, std::string& drawn);
  void run_key(std::uint8_t final_byte, std::string& drawn);
  Event end_line(std::string& drawn);
  void insert(char character, std::string& drawn);
  void erase(std::size_t from, std::size_t to, std::string& drawn);
  void move_to(std::size_t cursor, std::string& drawn);
  void recall(std::size_t place, std::string& drawn);
  void note_noise() { ++noise_; }
  std::size_t word_begin() const;
  void redraw(std::string& drawn) const;
  void clear();

  std::string prompt_;
  bool draws_;
  std::string text_;
  std::size_t cursor_ = 0;
  std::size_t noise_ = 0;
  bool too_long_ = false;
  std::uint8_t before_ = 0;  ///< the byte before, for CR LF and CR NUL
  Escape escape_ = Escape::none;
  std::string parameters_;  ///< of a control sequence
  std::vector<std::string> history_;
  std::size_t place_ = 0;  ///< in the history; its size: the line that is being typed
  std::string typed_;      ///< that line while an older one is shown
  Line line_;
};

}  // namespace bondbox

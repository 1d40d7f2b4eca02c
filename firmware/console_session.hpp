// What somebody at a console says and is told: commands, pages, refusals. Bytes in, bytes out; no device, no clock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/command_executor.hpp"
#include "firmware/console_editor.hpp"
#include "hal/wire/ids.hpp"

namespace bondbox {

class ConsoleSession {
 public:
  /// Of one answer; the rest is cut off with a sentence.
  static constexpr std::size_t answer_bytes_max = 256 * 1024;
  /// Lines in a row that are no commands, before input is ignored for a while: whoever talks there is no person, but
  /// perhaps another machine that does not understand us either.
  static constexpr int refusals_max = 10;
  static constexpr Ticks ignoring{10'000};
  static constexpr Ticks following{250};  ///< between looks for new events

  struct Setup {
    bool terminal = true;   ///< a person sees it: prompt, echo, pages. Else lines in, plain text out
    std::size_t rows = 24;  ///< of the terminal; 0: no pages
    bool may_end = false;   ///< "exit" ends it
    bool power = false;     ///< "poweroff", "reboot" and "halt" are commands
    std::string greeting;
  };
  using Ask = std::function<Reply(std::span<const std::string>)>;
  /// Carries out "poweroff", "reboot" or "halt".
  using Power = std::function<Reply(std::string_view)>;

  ConsoleSession(Setup setup, Ask ask, Power power = {});

  /// What came from the terminal; to be given no more until output() has been written.
  void take(std::string_view bytes, Tick now);
  /// When something is due without input; nothing: never.
  std::optional<Tick> next_deadline() const;
  void run_due(Tick now);
  /// So much came while output() could not be written, and was thrown away; told when output() can be written again.
  void note_thrown_away(std::size_t bytes);
  /// No more input will come.
  void end_of_input(Tick now);

  std::string_view output() const noexcept { return output_; }
  void written(std::size_t bytes) { output_.erase(0, bytes); }
  bool ended() const noexcept { return ended_; }
  /// Whether a command failed, for the exit status of a script.
  bool any_failed() const noexcept { return any_failed_; }
  /// Bytes that were no text, and lines that were not executed, since the beginning.
  std::uint64_t noise_bytes() const noexcept { return noise_bytes_; }
  std::uint64_t refused_lines() const noexcept { return refused_lines_; }

 private:
  enum class State : std::uint8_t { typing, paging, following };

  void take_byte(std::uint8_t byte, Tick now);
  void take_page_key(std::uint8_t byte);
  void take_line(Tick now);
  /// Says why, unless it is empty.
  void refuse(const std::string& why, Tick now);
  void execute(std::span<const std::string> words, Tick now);
  Reply answer(std::span<const std::string> words);
  Reply latest_events(std::span<const std::string> words);
  void begin_following(std::span<const std::string> words, Tick now);
  std::string help_text() const;
  void show(std::string text);
  void show_page(std::size_t lines);
  void prompt();
  void put(std::string_view text);

  Setup setup_;
  Ask ask_;
  Power power_;
  LineEditor editor_;
  State state_ = State::typing;
  std::string output_;
  std::string rest_;  ///< of an answer of more pages
  std::optional<Tick> ignoring_until_;
  std::optional<Tick> look_at_;  ///< for events, while following
  std::string after_event_;
  std::string followed_bond_;
  int refusals_in_a_row_ = 0;
  std::uint64_t noisy_lines_untold_ = 0;
  std::uint64_t noise_bytes_ = 0;
  std::uint64_t refused_lines_ = 0;
  bool any_failed_ = false;
  bool ended_ = false;
};

}  // namespace bondbox

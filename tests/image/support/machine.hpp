// A board's image, booted under QEMU without acceleration: its serial lines, its monitor, its power.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "hal/linux/unique_fd.hpp"
#include "tests/image/support/far_side.hpp"
#include "tests/lab/support/namespace.hpp"

namespace bondbox::image {

class Machine {
 public:
  /// Empty when the board's image is there and QEMU is, else the reason, for skipping.
  static std::string what_is_missing(const std::string& board);

  /// Boots it one of the ways in board/common/boot, with further words for the kernel. Throws when QEMU does not start.
  Machine(const std::string& board, const std::string& way, const std::string& kernel_words = {});
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  FarSide& far_side() noexcept { return far_side_; }

  /// All that a serial line has shown so far, without carriage returns and a terminal's escape sequences.
  std::string shown(std::size_t line = 0) const;
  /// Waits until it shows the text behind the first `from` characters; throws with all that it shows when it does not.
  void wait_for(std::string_view text, std::size_t from = 0, std::size_t line = 0, int limit_s = 120);
  void type(std::string_view text, std::size_t line = 0);
  /// What a command typed into the shell on the first line prints, without what bondbox and the kernel tell there
  /// meanwhile.
  std::string run(const std::string& command);
  /// The shell has started and is about to read.
  void wait_for_shell();
  /// What `bondbox console` on a line answers, all its pages, without what the kernel tells there meanwhile.
  std::string ask(const std::string& command, std::size_t line);
  /// It has started and is about to read.
  void wait_for_console(std::size_t line);

  /// Pulls a network card's cable, or puts it back.
  void set_link(const std::string& card, bool up);
  void tell_monitor(const std::string& command);

  /// QEMU's exit status, when the machine has powered itself off within the limit.
  std::optional<int> wait_for_end(int limit_s = 60);

 private:
  static constexpr std::size_t lines = 2;
  /// The serial lines, then the monitor.
  static constexpr std::size_t channels = lines + 1;

  void start(const std::string& board, const std::string& way, const std::string& kernel_words);
  void read_all();

  lab::ScratchDirectory scratch_;
  FarSide far_side_;
  std::array<lnx::UniqueFd, channels> listeners_;
  std::array<lnx::UniqueFd, channels> fds_;
  mutable std::mutex mutex_;
  std::array<std::string, channels> shown_;
  int commands_ = 0;
  std::atomic<bool> stopping_{false};
  lab::Process process_;
  std::thread thread_;
};

}  // namespace bondbox::image

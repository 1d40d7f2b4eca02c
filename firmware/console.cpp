#include "firmware/console.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/serial_port.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <utility>

#include "firmware/control_client.hpp"
#include "firmware/version.hpp"
#include "hal/linux/child_processes.hpp"
#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/terminal.hpp"

namespace bondbox {
namespace {

using boost::asio::serial_port;
using boost::system::error_code;

constexpr int standard_input = 0;
constexpr int standard_output = 1;
constexpr std::chrono::seconds shortest_pause(1);
constexpr std::chrono::seconds longest_pause(30);
/// Output that has not moved for so long goes nowhere, and what comes then is no conversation.
constexpr std::chrono::seconds stuck_after(1);

void complain(const std::string& text) {
  std::fprintf(stderr, "bondbox: %s\n", text.c_str());
}

/// Asks process 1 for the end of the machine, in busybox init's signals.
Reply end_machine(std::string_view command) {
  const int signal = command == "poweroff" ? SIGUSR2 : command == "halt" ? SIGUSR1 : SIGTERM;
  const int error = lnx::signal_first_process(signal);
  if (error == 0) return {0, "the machine is told to " + std::string(command) + "\n"};
  return {1, "process 1 cannot be told to " + std::string(command) + "\n"};
}

class Console {
 public:
  explicit Console(const ConsoleOptions& options) : options_(options) {
    signals_.add(SIGTERM);
    signals_.add(SIGINT);
    signals_.add(SIGHUP);
    signals_.async_wait([this](error_code error, int) {
      if (!error) io_.stop();
    });
  }

  int run() {
    std::signal(SIGPIPE, SIG_IGN);
    if (options_.device.empty()) {
      if (!open_standard()) return 1;
    } else {
      open_device();
    }
    io_.run();
    return exit_status_;
  }

 private:
  bool open_standard() {
    const bool terminal = lnx::is_terminal(standard_input) && lnx::is_terminal(standard_output);
    if (terminal) keys_ = std::make_unique<lnx::KeyByKey>(standard_input);
    error_code failed;
    for (const auto& [stream, fd] : {std::pair{&in_, standard_input}, {&out_, standard_output}}) {
      const int own = lnx::open_again(fd);
      if (own >= 0) stream->assign(own, failed);
      if (own < 0 || failed) {
        complain("standard input and output cannot be used for a console");
        return false;
      }
    }
    begin(terminal, terminal ? lnx::terminal_rows(standard_output) : 0);
    return true;
  }

  void open_device() {
    serial_port port(io_);
    error_code error;
    port.open(options_.device, error);
    if (!error) error = configure(port);
    if (!error) {
      in_.assign(lnx::duplicate(port.native_handle()), error);
      if (!error) out_.assign(lnx::duplicate(port.native_handle()), error);
    }
    if (error) return open_later(error.message());
    if (!told_.empty()) complain(options_.device + " is there again");
    told_.clear();
    begin(true, lnx::terminal_rows(in_.native_handle()));
  }

  error_code configure(serial_port& port) const {
    using Flow = serial_port::flow_control;
    const Flow::type flow = options_.flow == ConsoleOptions::Flow::software   ? Flow::software
                            : options_.flow == ConsoleOptions::Flow::hardware ? Flow::hardware
                                                                              : Flow::none;
    error_code error;
    port.set_option(serial_port::baud_rate(options_.baud), error);
    if (!error) port.set_option(serial_port::character_size(8), error);
    if (!error) port.set_option(serial_port::parity(serial_port::parity::none), error);
    if (!error) port.set_option(serial_port::stop_bits(serial_port::stop_bits::one), error);
    if (!error) port.set_option(Flow(flow), error);
    return error;
  }

  void open_later(const std::string& why) {
    if (why != told_) complain(options_.device + " cannot be used: " + why + "; it is tried again until it can");
    told_ = why;
    retry_.expires_after(pause_);
    pause_ = std::min(longest_pause, pause_ * 2);
    retry_.async_wait([this](error_code error) {
      if (!error) open_device();
    });
  }

  void begin(bool terminal, std::size_t rows) {
    ConsoleSession::Setup setup;
    setup.terminal = terminal;
    setup.rows = options_.rows.value_or(rows);
    setup.may_end = options_.device.empty();
    setup.power = options_.power;
    const std::string name = lnx::host_name();
    setup.greeting =
        "bondbox " + std::string(version()) + (name.empty() ? "" : " on " + name) + "; help lists the commands";
    session_ = std::make_unique<ConsoleSession>(
        std::move(setup),
        [this](std::span<const std::string> words) { return control::ask(options_.control_socket, words); },
        options_.power ? ConsoleSession::Power(end_machine) : ConsoleSession::Power());
    go_on();
  }

  /// Input is looked at only when all output has been written: so answers never mix, and what comes too fast waits
  /// outside.
  void go_on() {
    if (writing_) return;
    if (session_->output().empty() && thrown_away_ != 0) session_->note_thrown_away(std::exchange(thrown_away_, 0));
    if (session_->output().empty() && held_ != 0) {
      session_->take({chunk_.data(), std::exchange(held_, 0)}, clock_.now());
    }
    if (session_->output().empty() && input_ended_) session_->end_of_input(clock_.now());
    if (!session_->output().empty()) return write();
    if (session_->ended()) return finish();
    wait_for_deadline();
    if (!reading_) read();
  }

  void read() {
    reading_ = true;
    in_.async_read_some(boost::asio::buffer(chunk_), [this, life = life_](error_code error, std::size_t got) {
      if (life != life_) return;
      reading_ = false;
      if (!error) {
        pause_ = shortest_pause;
        if (stuck_) {
          thrown_away_ += got;
          return read();
        }
        held_ = got;
      } else if (options_.device.empty()) {
        input_ended_ = true;
      } else {
        return hung_up();
      }
      go_on();
    });
  }

  void write() {
    writing_ = true;
    stuck_timer_.expires_after(stuck_after);
    stuck_timer_.async_wait([this, life = life_](error_code error) {
      if (error || life != life_ || !writing_ || is_script()) return;
      stuck_ = true;
      thrown_away_ += std::exchange(held_, 0);
      if (!reading_) read();
    });
    const std::string_view output = session_->output();
    out_.async_write_some(boost::asio::buffer(output.data(), output.size()),
                          [this, life = life_](error_code error, std::size_t sent) {
                            if (life != life_) return;
                            writing_ = stuck_ = false;
                            stuck_timer_.cancel();
                            if (error) return options_.device.empty() ? finish() : hung_up();
                            session_->written(sent);
                            go_on();
                          });
  }

  void wait_for_deadline() {
    const auto due = session_->next_deadline();
    if (!due) {
      timer_.cancel();
      return;
    }
    timer_.expires_at(std::chrono::steady_clock::time_point(std::chrono::milliseconds(clock_.monotonic_ms_at(*due))));
    timer_.async_wait([this, life = life_](error_code error) {
      if (error || life != life_ || writing_) return;
      session_->run_due(clock_.now());
      go_on();
    });
  }

  void hung_up() {
    ++life_;
    reading_ = writing_ = stuck_ = false;
    held_ = thrown_away_ = 0;
    timer_.cancel();
    stuck_timer_.cancel();
    error_code ignored;
    in_.close(ignored);
    out_.close(ignored);
    session_.reset();
    open_later("it was hung up");
  }

  /// A pipe or a file, which has its own pace.
  bool is_script() const { return options_.device.empty() && !keys_; }

  void finish() {
    exit_status_ = session_->any_failed() && is_script() ? 1 : 0;
    io_.stop();
  }

  const ConsoleOptions& options_;
  boost::asio::io_context io_{1};
  boost::asio::posix::stream_descriptor in_{io_};
  boost::asio::posix::stream_descriptor out_{io_};
  boost::asio::steady_timer timer_{io_};
  boost::asio::steady_timer retry_{io_};
  boost::asio::steady_timer stuck_timer_{io_};
  boost::asio::signal_set signals_{io_};
  lnx::MonotonicClock clock_;
  std::unique_ptr<lnx::KeyByKey> keys_;
  std::unique_ptr<ConsoleSession> session_;
  std::array<char, 512> chunk_{};
  std::chrono::seconds pause_ = shortest_pause;
  std::string told_;      ///< why the device cannot be used, as it was last said
  unsigned life_ = 0;     ///< of the device; what was begun in an earlier one no longer counts
  std::size_t held_ = 0;  ///< bytes of `chunk_` that the session has not had
  bool input_ended_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool stuck_ = false;  ///< output has not gone out for a while; input is thrown away
  std::size_t thrown_away_ = 0;
  int exit_status_ = 0;
};

}  // namespace

int run_console(const ConsoleOptions& options) {
  return Console(options).run();
}

}  // namespace bondbox

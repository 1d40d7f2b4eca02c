// The control socket's serving side: one command a connection.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firmware/command_executor.hpp"
#include "firmware/control_hooks.hpp"
#include "firmware/service_status.hpp"
#include "hal/linux/run_dir.hpp"

namespace bondbox::control {

/// Answers at most `sessions_max` clients at a time; further ones wait in the socket's backlog. A client that does not
/// finish its request, or does not read the answer, is cut off after five seconds, and sooner, after one, when its
/// place is wanted.
class Server {
 public:
  static constexpr std::size_t sessions_max = 64;
  /// Of these, for readers: root finds a place whatever they do.
  static constexpr std::size_t readers_max = 48;

  Server(boost::asio::io_context& io, CommandExecutor& executor);
  ~Server();

  /// From the next listen() on: this group may come in, too. Whoever is neither root nor this process's user may ask
  /// questions (CommandExecutor::is_question) and nothing else.
  void set_readers(std::optional<unsigned> group) noexcept { readers_ = group; }
  /// Commands of readers that were refused, and readers who found no place.
  std::uint64_t refused() const noexcept { return refused_; }

  /// Makes the socket at `path`, for this user alone or for the readers too; one that a dead process left there is
  /// replaced. Called again, it does so again; after a failure the socket of before goes on.
  Outcome listen(const std::string& path);

  /// Whether clients find it: its socket is where it was made.
  bool is_in_place() const { return lnx::identity_of(path_) == made_; }

  /// The socket of the process before, with the clients that wait there.
  Outcome take_over(const std::string& path, int handle);
  int handle() { return acceptor_.native_handle(); }
  /// Another process has the socket now.
  void let_go() noexcept { path_.clear(); }

  /// Readable when a client waits that may be let in; -1 while none may.
  int wait_handle() { return accepting_ ? acceptor_.native_handle() : -1; }
  /// Whether it has something to do in its own time, which only the io_context knows.
  bool is_busy() const noexcept { return !sessions_.empty() || !accepting_; }

  /// What became of those who asked; of the log it knows nothing.
  const ServiceStatus& status() const noexcept { return status_; }

  /// Both may be empty.
  void set_after_command(AfterCommand after, MayAnswer may) {
    after_command_ = std::move(after);
    may_answer_ = std::move(may);
  }
  /// Whether an answer waits.
  bool holds_answers() const noexcept { return held_ != 0; }

 private:
  class Session;
  void accept();
  void admit();
  /// Looks again who waits.
  void look_later(std::chrono::steady_clock::duration after);
  void start_session(bool is_reader);
  void session_ended(const Session& session);

  boost::asio::local::stream_protocol::acceptor acceptor_;
  boost::asio::steady_timer retry_;
  boost::asio::io_context& io_;
  CommandExecutor& executor_;
  AfterCommand after_command_;
  MayAnswer may_answer_;
  std::string path_;
  lnx::FileIdentity made_;
  /// Sessions outlive the server while their last operation is cancelled; they find it through this, or null.
  std::shared_ptr<Server*> self_;
  std::optional<unsigned> readers_;
  std::uint64_t refused_ = 0;
  std::size_t held_ = 0;            ///< answers
  std::vector<Session*> sessions_;  ///< the oldest first
  ServiceStatus status_;
  std::size_t reading_ = 0;  ///< sessions of readers
  /// Who has come in and finds no place yet; nobody else comes in meanwhile.
  std::optional<boost::asio::local::stream_protocol::socket> at_door_;
  bool accepting_ = false;
};

}  // namespace bondbox::control

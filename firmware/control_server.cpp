#include "firmware/control_server.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include "firmware/control_protocol.hpp"
#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/run_dir.hpp"
#include "hal/linux/users.hpp"

namespace bondbox::control {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

namespace {

/// How long a client has its place for itself: on a busy machine one that means well may be so long about its words.
constexpr auto undisturbed = std::chrono::seconds(1);
/// A client that connects waits for room here, so whoever fills it with silent ones delays others by two seconds.
constexpr int backlog = 128;

}  // namespace

class Server::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(stream_protocol::socket socket, Server& server, bool is_reader)
      : socket_(std::move(socket)),
        deadline_(server.io_),
        held_(server.io_),
        server_(server.self_),
        is_reader_(is_reader) {}

  bool is_reader() const noexcept { return is_reader_; }
  /// It has asked, and has to wait for its answer.
  bool is_held() const noexcept { return held_since_ms_ != 0; }
  std::chrono::steady_clock::time_point since() const noexcept { return since_; }

  /// Another client is to have its place.
  void give_way() {
    if (!closed_ && *server_ != nullptr) ++(*server_)->status_.clients_evicted;
    close();
  }

  void start() {
    cut_off_later();
    read();
  }

 private:
  void cut_off_later() {
    deadline_.expires_after(std::chrono::seconds(5));
    deadline_.async_wait([weak = weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (!error && self) self->cut_off();
    });
  }

  void read() {
    socket_.async_read_some(boost::asio::buffer(chunk_),
                            [self = shared_from_this()](error_code error, std::size_t got) {
                              self->request_.append(self->chunk_.data(), got);
                              if (error == boost::asio::error::eof) return self->answer();
                              if (error) return self->cut_off();
                              if (self->request_.size() > request_size_max) return self->answer();
                              self->read();
                            });
  }

  void answer() {
    if (*server_ == nullptr) return;
    Server& server = **server_;
    auto words = decode_request(request_);
    // Who has been told that nobody answers is not to be obeyed behind its back, when we are let go on.
    if (words && !CommandExecutor::is_question(*words) && lnx::has_hung_up(socket_.native_handle())) return cut_off();
    const bool too_long = request_.size() > request_size_max;
    ++server.status_.requests;
    server.status_.requests_too_long += too_long ? 1 : 0;
    server.status_.requests_malformed += !words && !too_long ? 1 : 0;
    const char* const refusal = too_long ? "the request is over 4096 bytes long\n" : "the request is malformed\n";
    answer_ = words ? execute(server, *words) : Reply{2, refusal};
    if (words) words_ = std::move(*words);
    if (answer_.goes_on) {
      if (server.after_command_) (void)server.after_command_(words_);
      return follow_drill();
    }
    answered(server);
  }

  /// A drill lives as long as whoever asked for it is there.
  void follow_drill() {
    deadline_.expires_after(std::chrono::milliseconds(5));
    deadline_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->look_after_drill();
    });
  }

  void look_after_drill() {
    if (closed_ || *server_ == nullptr) return;
    Server& server = **server_;
    if (std::optional<Reply> ended = server.executor_.take_drill_reply()) {
      answer_ = std::move(*ended);
      cut_off_later();
      return answered(server);
    }
    if (!lnx::has_hung_up(socket_.native_handle())) return follow_drill();
    server.executor_.give_up_drill();
    if (server.after_command_) (void)server.after_command_(words_);
    close();
  }

  void answered(Server& server) {
    if (server.after_command_) number_ = server.after_command_(words_);
    held_since_ms_ = lnx::monotonic_ms();
    ++server.held_;
    reply();
  }

  /// Once it may be given.
  void reply() {
    if (closed_ || *server_ == nullptr) return;
    Server& server = **server_;
    if (server.may_answer_ && !server.may_answer_({words_, answer_, number_, held_since_ms_})) {
      held_.expires_after(std::chrono::milliseconds(1));
      held_.async_wait([self = shared_from_this()](error_code error) {
        if (!error) self->reply();
      });
      return;
    }
    --server.held_;
    held_since_ms_ = 0;
    reply_ = encode_reply(answer_);
    boost::asio::async_write(
        socket_, boost::asio::buffer(reply_),
        [self = shared_from_this()](error_code error, std::size_t) { error ? self->cut_off() : self->close(); });
  }

  void cut_off() {
    if (!closed_ && *server_ != nullptr) ++(*server_)->status_.clients_cut_off;
    close();
  }

  Reply execute(Server& server, const std::vector<std::string>& words) const {
    if (!is_reader_ || CommandExecutor::is_question(words)) return server.executor_.execute(words);
    // Words that no command has are told to everybody.
    if (Reply wrong = CommandExecutor::check(words); wrong.exit_status != 0) return wrong;
    ++server.refused_;
    return {1, "EPERM: " + words[0] + " is for root; readers may ask for status, events, get, which and explain\n"};
  }

  /// The way every session ends.
  void close() {
    if (std::exchange(closed_, true)) return;
    error_code ignored;
    deadline_.cancel();
    held_.cancel();
    socket_.close(ignored);
    if (held_since_ms_ != 0 && *server_ != nullptr) --(*server_)->held_;
    if (*server_ != nullptr) (*server_)->session_ended(*this);
  }

  stream_protocol::socket socket_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer held_;
  std::shared_ptr<Server*> server_;
  std::array<char, 1024> chunk_{};
  std::string request_;
  std::vector<std::string> words_;
  Reply answer_;
  std::uint64_t number_ = 0;
  std::int64_t held_since_ms_ = 0;  ///< 0: nothing is held
  std::string reply_;
  const bool is_reader_;
  const std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  bool closed_ = false;
};

Server::Server(boost::asio::io_context& io, CommandExecutor& executor)
    : acceptor_(io), retry_(io), io_(io), executor_(executor), self_(std::make_shared<Server*>(this)) {}

Server::~Server() {
  *self_ = nullptr;
  if (!path_.empty()) std::remove(path_.c_str());
}

Outcome Server::listen(const std::string& path) {
  const auto failed = [&](const error_code& error) {
    return Outcome::failed(error.value(), "cannot listen on " + path + ": " + error.message());
  };
  if (path.size() >= 108)
    return Outcome::failed(ENAMETOOLONG, "cannot listen on " + path + ": the path is over 107 bytes");
  error_code error;
  stream_protocol::acceptor fresh(io_);
  std::remove(path.c_str());
  fresh.open(stream_protocol(), error);
  if (error) return failed(error);
  lnx::make_private(fresh.native_handle());
  fresh.bind(stream_protocol::endpoint(path), error);
  if (error) return failed(error);
  if (const int refused = readers_ ? lnx::let_group_in(path, *readers_) : 0; refused != 0)
    return failed(error_code(refused, boost::system::system_category()));
  path_ = path;
  fresh.listen(backlog, error);
  if (error) return failed(error);
  made_ = lnx::identity_of(path);
  // Ends an accept on the one before, whose handler then begins another.
  acceptor_ = std::move(fresh);
  accept();
  return Outcome::done();
}

Outcome Server::take_over(const std::string& path, int handle) {
  error_code error;
  acceptor_.assign(stream_protocol(), handle, error);
  if (error) return Outcome::failed(error.value(), "cannot listen on " + path + ": " + error.message());
  path_ = path;
  made_ = lnx::identity_of(path);
  accept();
  return Outcome::done();
}

void Server::accept() {
  if (accepting_ || at_door_) return;
  accepting_ = true;
  acceptor_.async_accept([this](error_code error, stream_protocol::socket socket) {
    accepting_ = false;
    if (error == boost::asio::error::operation_aborted) return accept();
    // No descriptor to be had: the client that waits keeps the socket ready, so trying again at once would never end.
    if (error) return look_later(std::chrono::milliseconds(100));
    at_door_.emplace(std::move(socket));
    admit();
  });
}

void Server::look_later(std::chrono::steady_clock::duration after) {
  retry_.expires_after(after);
  retry_.async_wait([this](error_code error) {
    if (!error) admit();
  });
}

/// Gives whoever is at the door a place, the oldest client's if need be, and lets the next one come.
void Server::admit() {
  if (!at_door_) return accept();
  const bool is_reader = !lnx::is_peer_in_charge(at_door_->native_handle());
  const bool has_room = sessions_.size() < sessions_max && (!is_reader || reading_ < readers_max);
  if (has_room) return start_session(is_reader);
  // Readers take the places of readers alone.
  const auto oldest = std::find_if(sessions_.begin(), sessions_.end(), [is_reader](const Session* session) {
    return !session->is_held() && (session->is_reader() || !is_reader);
  });
  const auto now = std::chrono::steady_clock::now();
  const auto free_at = oldest != sessions_.end() ? (*oldest)->since() + undisturbed : now + undisturbed;
  // Its end leads back here.
  if (free_at <= now) return (*oldest)->give_way();
  if (!is_reader) return look_later(free_at - now);
  // Nor do they wait for one: root would wait behind them.
  ++refused_;
  at_door_.reset();
  accept();
}

void Server::start_session(bool is_reader) {
  const auto session = std::make_shared<Session>(std::move(*at_door_), *this, is_reader);
  at_door_.reset();
  sessions_.push_back(session.get());
  reading_ += is_reader ? 1 : 0;
  session->start();
  accept();
}

void Server::session_ended(const Session& session) {
  std::erase(sessions_, &session);
  reading_ -= session.is_reader() ? 1 : 0;
  admit();
}

}  // namespace bondbox::control

#include "firmware/control_server.hpp"

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

class Server::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(stream_protocol::socket socket, Server& server, bool is_reader)
      : socket_(std::move(socket)),
        deadline_(server.io_),
        held_(server.io_),
        server_(server.self_),
        is_reader_(is_reader) {}

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
    if (*server_ != nullptr) (*server_)->session_ended(is_reader_);
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
  fresh.listen(boost::asio::socket_base::max_listen_connections, error);
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
  if (accepting_ || sessions_ >= sessions_max) return;
  accepting_ = true;
  acceptor_.async_accept([this](error_code error, stream_protocol::socket socket) {
    accepting_ = false;
    if (error == boost::asio::error::operation_aborted) return accept();
    if (error) return accept_later();
    const bool is_reader = !lnx::is_peer_in_charge(socket.native_handle());
    if (is_reader && reading_ >= readers_max) {
      ++refused_;
      return accept();
    }
    ++sessions_;
    reading_ += is_reader ? 1 : 0;
    std::make_shared<Session>(std::move(socket), *this, is_reader)->start();
    accept();
  });
}

/// No descriptor to be had: the client that waits keeps the socket ready, so trying again at once would never end.
void Server::accept_later() {
  retry_.expires_after(std::chrono::milliseconds(100));
  retry_.async_wait([this](error_code error) {
    if (!error) accept();
  });
}

void Server::session_ended(bool was_reader) {
  --sessions_;
  reading_ -= was_reader ? 1 : 0;
  accept();
}

}  // namespace bondbox::control

#include "firmware/control_server.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include "firmware/control_protocol.hpp"
#include "hal/linux/run_dir.hpp"

namespace bondbox::control {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

class Server::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(stream_protocol::socket socket, Server& server)
      : socket_(std::move(socket)), deadline_(server.io_), server_(server.self_) {}

  void start() {
    deadline_.expires_after(std::chrono::seconds(5));
    deadline_.async_wait([weak = weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (!error && self) self->cut_off();
    });
    read();
  }

 private:
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
    const auto words = decode_request(request_);
    const bool too_long = request_.size() > request_size_max;
    ++server.status_.requests;
    server.status_.requests_too_long += too_long ? 1 : 0;
    server.status_.requests_malformed += !words && !too_long ? 1 : 0;
    const char* const refusal = too_long ? "the request is over 4096 bytes long\n" : "the request is malformed\n";
    reply_ = encode_reply(words ? server.executor_.execute(*words) : Reply{2, refusal});
    if (server.after_command_) server.after_command_();
    boost::asio::async_write(
        socket_, boost::asio::buffer(reply_),
        [self = shared_from_this()](error_code error, std::size_t) { error ? self->cut_off() : self->close(); });
  }

  void cut_off() {
    if (!closed_ && *server_ != nullptr) ++(*server_)->status_.clients_cut_off;
    close();
  }

  /// The way every session ends.
  void close() {
    if (std::exchange(closed_, true)) return;
    error_code ignored;
    deadline_.cancel();
    socket_.close(ignored);
    if (*server_ != nullptr) (*server_)->session_ended();
  }

  stream_protocol::socket socket_;
  boost::asio::steady_timer deadline_;
  std::shared_ptr<Server*> server_;
  std::array<char, 1024> chunk_{};
  std::string request_;
  std::string reply_;
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
  {
    const lnx::PrivateFiles mine;
    fresh.bind(stream_protocol::endpoint(path), error);
  }
  if (error) return failed(error);
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
    ++sessions_;
    std::make_shared<Session>(std::move(socket), *this)->start();
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

void Server::session_ended() {
  --sessions_;
  accept();
}

}  // namespace bondbox::control

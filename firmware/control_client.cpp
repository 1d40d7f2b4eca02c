#include "firmware/control_client.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <functional>

#include "firmware/control_protocol.hpp"

namespace bondbox::control {

Reply ask(const std::string& socket_path, std::span<const std::string> words) {
  using boost::asio::local::stream_protocol;
  boost::system::error_code error;
  boost::asio::io_context io;
  stream_protocol::socket socket(io);
  if (socket_path.size() >= 108) return {1, socket_path + " is too long for a socket: over 107 bytes\n"};
  socket.connect(stream_protocol::endpoint(socket_path), error);
  if (error == boost::asio::error::access_denied) {
    return {1, "you may not talk to bondbox: " + socket_path + " is for root\n"};
  }
  if (error) return {1, "no bondbox is running: cannot connect to " + socket_path + ": " + error.message() + "\n"};

  const std::string request = encode_request(words);
  std::string answer;
  std::array<char, 4096> chunk{};
  bool finished = false;
  std::function<void()> read = [&] {
    socket.async_read_some(boost::asio::buffer(chunk), [&](boost::system::error_code failure, std::size_t got) {
      answer.append(chunk.data(), got);
      if (failure) {
        // Who is refused for asking too much has not been listened to to the end.
        finished = failure == boost::asio::error::eof || failure == boost::asio::error::connection_reset;
        return;
      }
      read();
    });
  };
  boost::asio::async_write(socket, boost::asio::buffer(request), [&](boost::system::error_code failure, std::size_t) {
    if (!failure) socket.shutdown(stream_protocol::socket::shutdown_send, failure);
    read();
  });
  // A drill ends by itself, and whoever cannot wait takes it along.
  const bool drills = !words.empty() && words[0] == "drill";
  io.run_for(drills ? std::chrono::hours(24) : std::chrono::seconds(10));
  if (finished && drills && answer.empty())
    return {1, "bondbox has ended in the middle of the drill; the port is given back by it, or by its next start\n"};
  if (!finished) return {1, "bondbox does not answer on " + socket_path + "\n"};
  const auto reply = decode_reply(answer);
  return reply ? *reply : Reply{1, "bondbox gave an answer that is none on " + socket_path + "\n"};
}

bool is_listening(const std::string& socket_path) {
  using boost::asio::local::stream_protocol;
  if (socket_path.size() >= 108) return false;
  boost::system::error_code error;
  boost::asio::io_context io;
  stream_protocol::socket socket(io);
  socket.connect(stream_protocol::endpoint(socket_path), error);
  return !error || error == boost::asio::error::access_denied;
}

}  // namespace bondbox::control

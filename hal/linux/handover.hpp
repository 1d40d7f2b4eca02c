// What a process leaves to the one that takes its place: descriptors by name, and what is known about them as text. And
// the way between the two: a local socket that carries both (unix(7), SOCK_SEQPACKET and SCM_RIGHTS), a message at a
// time, each bounded, each waited for a bounded time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hal/linux/unique_fd.hpp"
#include "hal/outcome.hpp"

namespace bondbox::lnx {

class Handover {
 public:
  static constexpr std::size_t items_max = 8'192;
  static constexpr std::size_t name_size_max = 255;

  // --- the giving side ---
  /// The descriptor stays the caller's, and open until it has been sent. One that is not open is passed over.
  void lend(std::string name, int fd);
  void note(std::string key, std::string value) { facts_[std::move(key)] = std::move(value); }
  void note(std::string key, std::int64_t value) { note(std::move(key), std::to_string(value)); }

  // --- the taking side ---
  bool has(std::string_view name) const { return taken_.find(name) != taken_.end(); }
  /// Whether a descriptor is left whose name begins so and ends in a number.
  bool has_any(std::string_view prefix) const;
  /// An invalid one where there is none of this name.
  UniqueFd take(std::string_view name);
  /// Empty where there is none.
  std::string_view fact(std::string_view key) const;
  bool has_fact(std::string_view key) const { return facts_.find(key) != facts_.end(); }
  /// 0 where there is none, or no number.
  std::int64_t number(std::string_view key) const;
  void keep(std::string name, UniqueFd fd) { taken_[std::move(name)] = std::move(fd); }
  std::size_t size() const noexcept { return taken_.size() + facts_.size(); }

  struct Lent {
    std::string name;
    int fd = -1;
  };
  void return_lent() noexcept { lent_.clear(); }
  const std::vector<Lent>& lent() const noexcept { return lent_; }
  const std::map<std::string, std::string, std::less<>>& facts() const noexcept { return facts_; }

 private:
  std::vector<Lent> lent_;
  std::map<std::string, UniqueFd, std::less<>> taken_;
  std::map<std::string, std::string, std::less<>> facts_;
};

/// One end of the way. Every call ends within the time it was given.
class HandoverChannel {
 public:
  static constexpr std::size_t message_size_max = 32 * 1024;
  static constexpr std::size_t descriptors_max = 64;  ///< in one message

  struct Message {
    std::string word;
    std::string text;
    std::vector<UniqueFd> descriptors;
  };

  HandoverChannel() = default;
  explicit HandoverChannel(UniqueFd fd) noexcept : fd_(std::move(fd)) {}

  /// ENOENT, ECONNREFUSED: nobody listens there.
  static Result<HandoverChannel> connect(const std::string& path);
  /// Two ends in one process.
  static Result<std::pair<HandoverChannel, HandoverChannel>> pair();

  bool is_open() const noexcept { return fd_.valid(); }
  /// Readable when the other end has said something, or is gone.
  int handle() const noexcept { return fd_.get(); }
  void close() noexcept { fd_.reset(); }

  /// A word alone or with a text, and with descriptors that stay the caller's. ETIMEDOUT, EPIPE, EMSGSIZE.
  Outcome send(std::string_view word, std::string_view text, std::span<const int> descriptors, int timeout_ms);
  Outcome send(std::string_view word, int timeout_ms) { return send(word, {}, {}, timeout_ms); }
  /// ETIMEDOUT; ECONNRESET: the other end is gone; EBADMSG: what came is no message.
  Result<Message> receive(int timeout_ms);

  /// All that is lent and noted, as messages, and "given" as the last.
  Outcome give(const Handover& handover, int timeout_ms);
  /// Receives them up to and including "given". EBADMSG: anything else came in between. E2BIG: more than items_max.
  Outcome take(Handover& handover, int timeout_ms);

  /// Whether the other end is gone, or goes within this time.
  bool has_ended(int timeout_ms) const;
  /// The process at the other end, as the kernel knows it; 0: unknown.
  int peer_pid() const;
  /// Whether it is root's, or of this process's own user.
  bool is_peer_trusted() const;

 private:
  Outcome give_facts(const Handover& handover, int timeout_ms);

  UniqueFd fd_;
};

/// Where a successor is awaited: a socket of this user's alone (0600), there for one connection.
class HandoverDoor {
 public:
  HandoverDoor() = default;
  ~HandoverDoor() { close(); }
  HandoverDoor(const HandoverDoor&) = delete;
  HandoverDoor& operator=(const HandoverDoor&) = delete;

  Outcome open(const std::string& path);
  bool is_open() const noexcept { return fd_.valid(); }
  int handle() const noexcept { return fd_.get(); }
  /// A process that is let in; EAGAIN: none waits. Others are turned away.
  Result<HandoverChannel> accept();
  void close() noexcept;

 private:
  UniqueFd fd_;
  std::string path_;
};

/// Bytes of any length as a descriptor (memfd_create(2)).
Result<UniqueFd> bytes_as_descriptor(std::string_view bytes);
/// E2BIG: longer than `size_max`.
Result<std::string> bytes_of_descriptor(int fd, std::size_t size_max);

}  // namespace bondbox::lnx

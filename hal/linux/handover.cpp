#include "hal/linux/handover.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <utility>

#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/run_dir.hpp"

namespace bondbox::lnx {
namespace {

Outcome failure(const char* what, int error) {
  return Outcome::failed(error, std::string(what) + ": " + std::strerror(error));
}

UniqueFd open_socket() {
  return UniqueFd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

bool fill(sockaddr_un& address, const std::string& path) {
  if (path.size() >= sizeof address.sun_path) return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return true;
}

/// Whether `events`, or an end of the connection, came in time.
bool wait_for(int fd, short events, std::int64_t until_ms) {
  for (;;) {
    pollfd one{fd, events, 0};
    const std::int64_t left = until_ms - monotonic_ms();
    const int count = ::poll(&one, 1, static_cast<int>(left > 0 ? left : 0));
    if (count > 0) return true;
    if (count == 0 || errno != EINTR) return false;
  }
}

struct Credentials {
  bool known = false;
  ucred value{};
};

Credentials credentials_of(int fd) {
  Credentials credentials;
  socklen_t size = sizeof credentials.value;
  credentials.known = ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials.value, &size) == 0;
  return credentials;
}

constexpr std::size_t facts_size_max = HandoverChannel::message_size_max - 64;  // with the word before them

/// KEY, a newline, the size of the value, a newline, the value; one after the other.
bool take_facts(std::string_view text, Handover& handover) {
  while (!text.empty()) {
    const std::size_t key_end = text.find('\n');
    const std::size_t size_end = key_end == std::string_view::npos ? key_end : text.find('\n', key_end + 1);
    if (size_end == std::string_view::npos || key_end > Handover::name_size_max) return false;
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(text.data() + key_end + 1, text.data() + size_end, size);
    if (error != std::errc{} || end != text.data() + size_end || size > text.size() - size_end - 1) return false;
    handover.note(std::string(text.substr(0, key_end)), std::string(text.substr(size_end + 1, size)));
    text.remove_prefix(size_end + 1 + size);
    if (handover.size() >= Handover::items_max) return true;
  }
  return true;
}

constexpr std::size_t control_size = CMSG_SPACE(HandoverChannel::descriptors_max * sizeof(int));

struct alignas(cmsghdr) Control {
  std::array<std::uint8_t, control_size> bytes{};
};

}  // namespace

void Handover::lend(std::string name, int fd) {
  if (fd >= 0) lent_.push_back({std::move(name), fd});
}

UniqueFd Handover::take(std::string_view name) {
  const auto found = taken_.find(name);
  if (found == taken_.end()) return UniqueFd();
  UniqueFd fd = std::move(found->second);
  taken_.erase(found);
  return fd;
}

bool Handover::has_any(std::string_view prefix) const {
  for (const auto& [name, fd] : taken_)
    if (name.starts_with(prefix) && name.back() >= '0' && name.back() <= '9') return true;
  return false;
}

std::string_view Handover::fact(std::string_view key) const {
  const auto found = facts_.find(key);
  return found != facts_.end() ? std::string_view(found->second) : std::string_view{};
}

std::int64_t Handover::number(std::string_view key) const {
  const std::string_view text = fact(key);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : 0;
}

Result<HandoverChannel> HandoverChannel::connect(const std::string& path) {
  UniqueFd fd = open_socket();
  sockaddr_un address{};
  if (!fd.valid()) return failure("no socket to take over by", errno);
  if (!fill(address, path)) return failure("the path to take over by is too long", ENAMETOOLONG);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return failure("nobody hands over", errno);
  return HandoverChannel(std::move(fd));
}

Result<std::pair<HandoverChannel, HandoverChannel>> HandoverChannel::pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
    return failure("no socket to take over by", errno);
  return std::pair(HandoverChannel(UniqueFd(ends[0])), HandoverChannel(UniqueFd(ends[1])));
}

Outcome HandoverChannel::send(std::string_view word, std::string_view text, std::span<const int> descriptors,
                              int timeout_ms) {
  std::string bytes(word);
  if (!text.empty()) bytes.append("\n").append(text);
  if (bytes.size() > message_size_max || descriptors.size() > descriptors_max)
    return failure("a message to the other process", EMSGSIZE);
  iovec part{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Control control;
  if (!descriptors.empty()) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(head), descriptors.data(), descriptors.size_bytes());
  }
  const std::int64_t until_ms = monotonic_ms() + timeout_ms;
  for (;;) {
    if (::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return Outcome::done();
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return failure("the other process cannot be told", errno);
    if (!wait_for(fd_.get(), POLLOUT, until_ms)) return failure("the other process does not listen", ETIMEDOUT);
  }
}

Result<HandoverChannel::Message> HandoverChannel::receive(int timeout_ms) {
  std::string bytes(message_size_max + 1, '\0');
  iovec part{bytes.data(), bytes.size()};
  Control control;
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  const std::int64_t until_ms = monotonic_ms() + timeout_ms;
  ssize_t got = -1;
  while ((got = ::recvmsg(fd_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) < 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return failure("the other process", errno);
    if (!wait_for(fd_.get(), POLLIN, until_ms)) return failure("the other process says nothing", ETIMEDOUT);
  }
  Message message;
  for (const cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr;
       one = CMSG_NXTHDR(&header, const_cast<cmsghdr*>(one))) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; at + sizeof(int) <= one->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(one) + at, sizeof fd);
      message.descriptors.emplace_back(fd);
    }
  }
  if (got == 0) return failure("the other process has gone", ECONNRESET);
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return failure("a message that is too long", EBADMSG);
  const std::string_view text(bytes.data(), static_cast<std::size_t>(got));
  const std::size_t end = text.find('\n');
  message.word = text.substr(0, end);
  if (end != std::string_view::npos) message.text = text.substr(end + 1);
  return message;
}

/// As many in a message as fit: each message may cost a change of processes while nobody forwards.
Outcome HandoverChannel::give_facts(const Handover& handover, int timeout_ms) {
  std::string text;
  for (const auto& [key, value] : handover.facts()) {
    const std::string fact = key + "\n" + std::to_string(value.size()) + "\n" + value;
    if (text.size() + fact.size() > facts_size_max && !text.empty()) {
      if (Outcome outcome = send("facts", text, {}, timeout_ms); !outcome.ok()) return outcome;
      text.clear();
    }
    text += fact;
  }
  return text.empty() ? Outcome::done() : send("facts", text, {}, timeout_ms);
}

Outcome HandoverChannel::give(const Handover& handover, int timeout_ms) {
  if (Outcome outcome = give_facts(handover, timeout_ms); !outcome.ok()) return outcome;
  const std::vector<Handover::Lent>& lent = handover.lent();
  for (std::size_t first = 0; first < lent.size(); first += descriptors_max) {
    std::string names;
    std::vector<int> descriptors;
    for (std::size_t i = first; i < lent.size() && i < first + descriptors_max; ++i) {
      names += lent[i].name + "\n";
      descriptors.push_back(lent[i].fd);
    }
    if (Outcome outcome = send("descriptors", names, descriptors, timeout_ms); !outcome.ok()) return outcome;
  }
  return send("given", timeout_ms);
}

Outcome HandoverChannel::take(Handover& handover, int timeout_ms) {
  const auto bad = [](const char* what) {
    return Outcome::failed(EBADMSG, std::string("the other process sent ") + what);
  };
  for (;;) {
    Result<Message> received = receive(timeout_ms);
    if (!received.ok()) return received.failure();
    Message& message = received.value();
    if (message.word == "given") return Outcome::done();
    if (message.word == "no") return Outcome::failed(ESTALE, message.text);
    if (handover.size() >= Handover::items_max) return failure("what the other process hands over", E2BIG);
    if (message.word == "facts") {
      if (!take_facts(message.text, handover)) return bad("a fact that is none");
    } else if (message.word == "descriptors") {
      std::string_view names = message.text;
      for (UniqueFd& fd : message.descriptors) {
        const std::size_t end = names.find('\n');
        if (end == std::string_view::npos || end > Handover::name_size_max) return bad("descriptors without names");
        handover.keep(std::string(names.substr(0, end)), std::move(fd));
        names.remove_prefix(end + 1);
      }
      if (!names.empty()) return bad("names without descriptors");
    } else {
      return bad("what nobody asked for");
    }
  }
}

bool HandoverChannel::has_ended(int timeout_ms) const {
  const std::int64_t until_ms = monotonic_ms() + timeout_ms;
  pollfd one{fd_.get(), 0, 0};
  do {
    const std::int64_t left = until_ms - monotonic_ms();
    if (::poll(&one, 1, static_cast<int>(left > 0 ? left : 0)) > 0) return true;
  } while (monotonic_ms() < until_ms);
  return false;
}

int HandoverChannel::peer_pid() const {
  const Credentials credentials = credentials_of(fd_.get());
  return credentials.known ? credentials.value.pid : 0;
}

bool HandoverChannel::is_peer_trusted() const {
  const Credentials credentials = credentials_of(fd_.get());
  return credentials.known && (credentials.value.uid == 0 || credentials.value.uid == ::geteuid());
}

Outcome HandoverDoor::open(const std::string& path) {
  close();
  sockaddr_un address{};
  if (!fill(address, path)) return failure(path.c_str(), ENAMETOOLONG);
  UniqueFd fd = open_socket();
  if (!fd.valid()) return failure(path.c_str(), errno);
  ::unlink(path.c_str());
  make_private(fd.get());
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return failure(path.c_str(), errno);
  path_ = path;
  fd_ = std::move(fd);
  if (::listen(fd_.get(), 1) == 0) return Outcome::done();
  const int error = errno;
  close();
  return failure(path.c_str(), error);
}

Result<HandoverChannel> HandoverDoor::accept() {
  UniqueFd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.valid()) return failure("no successor", errno == EWOULDBLOCK ? EAGAIN : errno);
  HandoverChannel channel(std::move(fd));
  if (!channel.is_peer_trusted()) return failure("a successor of another user is turned away", EAGAIN);
  return channel;
}

void HandoverDoor::close() noexcept {
  if (!fd_.valid()) return;
  fd_.reset();
  ::unlink(path_.c_str());
}

Result<UniqueFd> bytes_as_descriptor(std::string_view bytes) {
  UniqueFd fd(::memfd_create("bondbox-state", MFD_CLOEXEC));
  if (!fd.valid()) return failure("no memory to hand over by", errno);
  for (std::string_view rest = bytes; !rest.empty();) {
    const ssize_t written = ::write(fd.get(), rest.data(), rest.size());
    if (written <= 0) return failure("no memory to hand over by", written < 0 ? errno : ENOSPC);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return fd;
}

Result<std::string> bytes_of_descriptor(int fd, std::size_t size_max) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return failure("what was handed over", errno);
  if (status.st_size < 0 || static_cast<std::uint64_t>(status.st_size) > size_max)
    return failure("what was handed over", E2BIG);
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t got = ::pread(fd, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (got <= 0) return failure("what was handed over", got < 0 ? errno : EIO);
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace bondbox::lnx

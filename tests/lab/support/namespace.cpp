#include "tests/lab/support/namespace.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "tests/support/source_dir.hpp"

namespace bondbox::lab {
namespace {

constexpr std::string_view prefix = "bblab";
const std::string netns_directory = "/run/netns/";

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int to_status(int wait_status) {
  if (WIFEXITED(wait_status)) return WEXITSTATUS(wait_status);
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : -1;
}

/// In a child: becomes `sh -c command`, both outputs going to `output`.
[[noreturn]] void become_shell(const std::string& command, int output) {
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
  ::_exit(127);
}

/// The same as a child with a process group of its own. A fork would copy the tables of all that this program has
/// mapped, which takes user-mode-linux many times as long as the command itself. -1: it cannot be had.
pid_t spawn_shell(const std::string& command, int output) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  std::string words[] = {"sh", "-c", command};
  char* const arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t pid = -1;
  if (::posix_spawn(&pid, "/bin/sh", &files, &attributes, arguments, environ) != 0) pid = -1;
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  return pid;
}

/// Namespaces whose test process is no more.
void sweep() {
  std::error_code ignored;
  std::vector<std::string> dead;
  for (const auto& entry : std::filesystem::directory_iterator(netns_directory, ignored)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(prefix)) continue;
    pid_t pid = 0;
    const char* const begin = name.data() + prefix.size();
    if (std::from_chars(begin, name.data() + name.size(), pid).ec != std::errc{} || pid <= 0) continue;
    if (::kill(pid, 0) != 0 && errno == ESRCH) dead.push_back(name);
  }
  for (const std::string& name : dead) (void)run_command("ip netns del " + name);
}

}  // namespace

std::string of_package(const std::string& path) {
  for (const std::string& root : {std::string(), test::source_dir() + "/build/deps/unpacked"})
    if (::access((root + path).c_str(), R_OK) == 0) return root + path;
  return {};
}

CommandResult run_command(const std::string& command, int limit_s) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  lnx::UniqueFd reading(ends[0]);
  lnx::UniqueFd writing(ends[1]);
  Process process(spawn_shell(command, writing.get()));
  writing.reset();
  CommandResult result;
  /// Bytes taken, 0: the pipe has ended, -1: nothing came in that time.
  const auto take = [&](int wait_ms) -> ssize_t {
    pollfd waiting{reading.get(), POLLIN, 0};
    if (::poll(&waiting, 1, wait_ms) <= 0) return -1;
    std::array<char, 4096> text{};
    const ssize_t got = std::max<ssize_t>(0, ::read(reading.get(), text.data(), text.size()));
    result.output.append(text.data(), static_cast<std::size_t>(got));
    return got;
  };
  // A daemon that the command left behind may hold the pipe open, so its end is not waited for once the shell has
  // ended; all that the shell wrote before is in the pipe then, and only then.
  const std::int64_t deadline = now_ms() + std::int64_t{limit_s} * 1000;
  std::optional<int> ended;
  while (now_ms() < deadline) {
    if (!ended) ended = process.wait(0);
    const ssize_t got = take(ended ? 0 : 50);
    if (got == 0 || (got < 0 && ended)) break;
  }
  if (!ended) ended = process.wait(static_cast<int>(std::max<std::int64_t>(0, deadline - now_ms())));
  result.status = ended ? to_status(*ended) : 124;
  return result;
}

bool Process::is_running() const {
  if (pid_ <= 0) return false;
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

std::optional<int> Process::wait(int limit_ms) {
  const std::int64_t deadline = now_ms() + limit_ms;
  while (pid_ > 0) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      // What it started and left behind is in its process group.
      ::kill(-pid_, SIGKILL);
      pid_ = -1;
      return status;
    }
    if (now_ms() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return -1;
}

int Process::stop(int signal) {
  if (pid_ <= 0) return -1;
  ::kill(-pid_, signal);
  ::kill(pid_, signal);
  if (const std::optional<int> ended = wait(5'000); ended) return *ended;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  return wait(5'000).value_or(-1);
}

Namespace::Namespace() {
  static const bool swept = (sweep(), true);
  (void)swept;
  static std::atomic<int> counter{0};
  name_ = std::string(prefix) + std::to_string(::getpid()) + "-" + std::to_string(++counter);
  const CommandResult made = run_command("ip netns add " + name_ + " && ip -n " + name_ + " link set lo up");
  if (!made.ok()) throw std::runtime_error("no network namespace (root needed?): " + made.output);
}

Namespace::~Namespace() {
  end_bondboxes();
  (void)run_command("ip netns del " + name_);
}

void Namespace::end_bondboxes(std::string_view word) const {
  struct stat own {};
  if (::stat((netns_directory + name_).c_str(), &own) != 0) return;
  // Not by a stream: of a process that has just gone the file opens and cannot be read, and a stream throws then.
  const auto text_of = [](const std::string& path) {
    std::array<char, 4096> text{};
    const lnx::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const ssize_t got = ::read(file.get(), text.data(), text.size());
    return std::string(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  };
  const auto lives_here = [&](const std::string& process) {
    struct stat its {};
    return text_of(process + "/comm") == "bondbox\n" && ::stat((process + "/ns/net").c_str(), &its) == 0 &&
           its.st_ino == own.st_ino && its.st_dev == own.st_dev &&
           text_of(process + "/cmdline").find(word) != std::string::npos;
  };
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc{} || pid <= 1) continue;
    if (!lives_here(entry.path())) continue;
    ::kill(pid, SIGKILL);
    (void)wait_until([&] { return !lives_here(entry.path()); }, 5'000);
  }
}

CommandResult Namespace::run(const std::string& command, int limit_s) const {
  std::string quoted = "'";
  for (const char c : command) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  CommandResult result = run_command("exec ip netns exec " + name_ + " sh -c " + quoted + "'", limit_s);
  // `ip link` looks through all namespaces for that of a cable's other end, and says this of one that somebody is
  // taking away at the moment: of another test's.
  constexpr std::string_view strange = "Error: Peer netns reference is invalid.\n";
  for (std::size_t at; (at = result.output.find(strange)) != std::string::npos;)
    result.output.erase(at, strange.size());
  return result;
}

std::string Namespace::must(const std::string& command, int limit_s) const {
  CommandResult result = run(command, limit_s);
  if (!result.ok()) throw std::runtime_error(command + ": " + result.output);
  return std::move(result.output);
}

Process Namespace::start(const std::string& command, const std::string& output_path) const {
  return fork_inside([&] {
    const int output = ::open(output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    become_shell(command, output);
    return 127;
  });
}

Process Namespace::fork_inside(const std::function<int()>& body) const {
  // Opened here: the namespace may be gone before the child has run.
  const lnx::UniqueFd space(::open((netns_directory + name_).c_str(), O_RDONLY | O_CLOEXEC));
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid > 0) {
    ::setpgid(pid, pid);
    return Process(pid);
  }
  ::setpgid(0, 0);
  if (!space.valid() || ::setns(space.get(), CLONE_NEWNET) != 0) ::_exit(126);
  ::_exit(body());
}

Namespace::Stay::Stay(const Namespace& space) : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
  const lnx::UniqueFd target(::open((netns_directory + space.name()).c_str(), O_RDONLY | O_CLOEXEC));
  if (!before_.valid() || !target.valid() || ::setns(target.get(), CLONE_NEWNET) != 0)
    throw std::runtime_error("cannot enter " + space.name() + ": " + std::strerror(errno));
}

Namespace::Stay::~Stay() {
  if (::setns(before_.get(), CLONE_NEWNET) != 0) std::abort();
}

void lay_cable(const Namespace& left, const std::string& left_name, const Namespace& right,
               const std::string& right_name, int index) {
  const std::string with_index = index > 0 ? " index " + std::to_string(index) : std::string();
  const CommandResult made = run_command("ip -n " + left.name() + " link add " + left_name + with_index +
                                         " type veth peer name " + right_name + with_index + " netns " + right.name());
  if (!made.ok()) throw std::runtime_error("no cable: " + made.output);
}

Wiretap::Wiretap(const Namespace& space, const std::string& interface) {
  const Namespace::Stay inside(space);
  fd_ = lnx::UniqueFd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  const int on = 1;
  (void)::setsockopt(fd_.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof on);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  if (address.sll_ifindex == 0 || ::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot tap " + interface);
}

int Wiretap::send(std::span<const std::uint8_t> frame) {
  return ::send(fd_.get(), frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size()) ? 0 : errno;
}

std::vector<std::uint8_t> Wiretap::expect(const std::function<bool(std::span<const std::uint8_t>)>& wanted,
                                          int limit_ms) {
  const std::int64_t deadline = now_ms() + limit_ms;
  std::vector<std::uint8_t> buffer(70'000);
  for (std::int64_t left = limit_ms; left >= 0; left = deadline - now_ms()) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(left)) <= 0) continue;
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(tpacket_auxdata))> control{};
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT);
    if (got < 0) continue;
    std::vector<std::uint8_t> frame(buffer.begin(), buffer.begin() + got);
    const cmsghdr* extra = CMSG_FIRSTHDR(&message);
    tpacket_auxdata aux{};
    if (extra != nullptr && extra->cmsg_type == PACKET_AUXDATA) std::memcpy(&aux, CMSG_DATA(extra), sizeof aux);
    if ((aux.tp_status & TP_STATUS_VLAN_VALID) != 0 && frame.size() >= 12) {
      const auto high = [](std::uint16_t value) { return static_cast<std::uint8_t>(value >> 8); };
      const auto low = [](std::uint16_t value) { return static_cast<std::uint8_t>(value & 0xff); };
      const std::array<std::uint8_t, 4> tag{high(aux.tp_vlan_tpid), low(aux.tp_vlan_tpid), high(aux.tp_vlan_tci),
                                            low(aux.tp_vlan_tci)};
      frame.insert(frame.begin() + 12, tag.begin(), tag.end());
    }
    if (wanted(frame)) return frame;
  }
  return {};
}

GroupMember::GroupMember(const char* group, const char* holder) : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  ip_mreq wanted{};
  if (::inet_pton(AF_INET, group, &wanted.imr_multiaddr) != 1 ||
      ::inet_pton(AF_INET, holder, &wanted.imr_interface) != 1 ||
      ::setsockopt(fd_.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &wanted, sizeof wanted) != 0)
    throw std::runtime_error(std::string("cannot join ") + group + " on the interface of " + holder);
}

bool wait_until(const std::function<bool()>& done, int limit_ms) {
  const std::int64_t deadline = now_ms() + limit_ms;
  while (true) {
    if (done()) return true;
    if (now_ms() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace bondbox::lab

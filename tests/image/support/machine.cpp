#include "tests/image/support/machine.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "tests/lab/support/daemon.hpp"
#include "tests/support/socket_address.hpp"

namespace bondbox::image {
namespace {

constexpr std::array<const char*, 3> channel_names{"serial0", "serial1", "monitor"};

std::string image_of(const std::string& board) {
  return "build/image/" + board;
}

lnx::UniqueFd listen_at(const std::string& path) {
  const sockaddr_un address = test::socket_address(path);
  lnx::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd.get(), 1) != 0)
    throw std::runtime_error("cannot listen at " + path);
  return fd;
}

/// Without what a terminal would not show as text: escape sequences and carriage returns.
std::string plain(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '[') {
      for (i += 2; i < text.size() && (text[i] < '@' || text[i] > '~');) ++i;
    } else if (text[i] != '\r' && text[i] != '\x1b') {
      out += text[i];
    }
  }
  return out;
}

/// A line of the kernel's log: "[   12.345678] ..."
bool is_kernels(const std::string& line) {
  const std::size_t first = line.find_first_not_of(' ', 1);
  return line.starts_with('[') && first != std::string::npos &&
         std::isdigit(static_cast<unsigned char>(line[first])) != 0;
}

/// What a person asked for among what bondbox and the kernel say of their own accord.
std::string without_log(const std::string& text) {
  std::istringstream in(text);
  std::string out;
  for (std::string line; std::getline(in, line);)
    if (!line.starts_with("bondbox: ") && !is_kernels(line)) out += line + "\n";
  return out;
}

void remove_all(std::string& text, const std::string& part) {
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at)) text.erase(at, part.size());
}

constexpr const char* console_prompt = "bondbox> ";
constexpr const char* console_pause = "-- more: space, Enter for a line, q --";

}  // namespace

std::string Machine::what_is_missing(const std::string& board) {
  const std::string qemu = board.starts_with("qemu-") ? "qemu-system-" + board.substr(5) : board;
  if (!lab::run_command("command -v " + qemu).ok()) return "there is no " + qemu;
  if (!std::filesystem::exists(image_of(board) + "/kernel")) return "there is no image; make image BOARD=" + board;
  return {};
}

Machine::Machine(const std::string& board, const std::string& way, const std::string& kernel_words)
    : far_side_(scratch_.path()) {
  for (std::size_t i = 0; i < channels; ++i) listeners_[i] = listen_at(scratch_.path() + "/" + channel_names[i]);
  start(board, way, kernel_words);
  for (std::size_t i = 0; i < channels; ++i) {
    pollfd waiting{listeners_[i].get(), POLLIN, 0};
    if (::poll(&waiting, 1, 60'000) != 1)
      throw std::runtime_error("QEMU does not start: " + lab::read_text(scratch_.path() + "/output"));
    fds_[i] = lnx::UniqueFd(::accept4(listeners_[i].get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  thread_ = std::thread([this] { read_all(); });
}

Machine::~Machine() {
  process_.stop(SIGKILL);
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Machine::start(const std::string& board, const std::string& way, const std::string& kernel_words) {
  std::vector<std::string> words = {"board/boot.sh", board, image_of(board), way};
  for (std::size_t i = 0; i < channels; ++i) {
    const std::string name = channel_names[i];
    words.insert(words.end(), {"-chardev", "socket,id=" + name + ",server=off,path=" + scratch_.path() + "/" + name});
    if (i < lines)
      words.insert(words.end(), {"-serial", "chardev:" + name});
    else
      words.insert(words.end(), {"-mon", "chardev=" + name});
  }
  const std::vector<std::string> cables = far_side_.qemu_words();
  words.insert(words.end(), cables.begin(), cables.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const std::string output = scratch_.path() + "/output";
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid == 0) {
    ::setpgid(0, 0);
    // A test that is killed takes its machines along.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int in = ::open("/dev/null", O_RDONLY);
    const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::setenv("KERNEL_WORDS", kernel_words.c_str(), 1);
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
  }
  ::setpgid(pid, pid);
  process_ = lab::Process(pid);
}

void Machine::read_all() {
  std::array<char, 4096> buffer;
  std::array<pollfd, channels> waiting{};
  for (std::size_t i = 0; i < channels; ++i) waiting[i] = {fds_[i].get(), POLLIN, 0};
  while (!stopping_) {
    ::poll(waiting.data(), waiting.size(), 50);
    for (std::size_t i = 0; i < channels; ++i) {
      if (waiting[i].revents == 0) continue;
      const ssize_t length = ::recv(waiting[i].fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (length <= 0) {
        waiting[i].fd = -1;
        continue;
      }
      const std::lock_guard lock(mutex_);
      shown_[i].append(buffer.data(), static_cast<std::size_t>(length));
    }
  }
}

std::string Machine::shown(std::size_t line) const {
  const std::lock_guard lock(mutex_);
  return plain(shown_[line]);
}

void Machine::wait_for(std::string_view text, std::size_t from, std::size_t line, int limit_s) {
  const auto is_there = [&] { return shown(line).find(text, from) != std::string::npos; };
  for (int waited_ms = 0; waited_ms < limit_s * 1000; waited_ms += 20) {
    if (is_there()) return;
    if (!process_.is_running()) break;
    ::usleep(20'000);
  }
  if (is_there()) return;
  throw std::runtime_error("serial line " + std::to_string(line) + " does not show '" + std::string(text) +
                           "' behind character " + std::to_string(from) + "; it shows:\n" + shown(line) +
                           "\n--- the monitor\n" + shown(lines) + "\n--- QEMU\n" +
                           lab::read_text(scratch_.path() + "/output"));
}

void Machine::type(std::string_view text, std::size_t line) {
  while (!text.empty()) {
    const ssize_t length = ::send(fds_[line].get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (length <= 0) throw std::runtime_error("the machine is gone");
    text.remove_prefix(static_cast<std::size_t>(length));
  }
}

void Machine::wait_for_shell() {
  wait_for("router# ");
}

/// The two marks are put together by the shell, so that the typed line itself does not show them.
std::string Machine::run(const std::string& command) {
  const std::string number = std::to_string(++commands_);
  const std::string begin = "<begin" + number + ">\n";
  const std::string end = "<end" + number + ">";
  const std::size_t from = shown().size();
  type("echo '<'begin" + number + "'>'; " + command + "; echo '<'end" + number + "'>'\n");
  wait_for(end, from);
  const std::string all = shown().substr(from);
  const std::size_t first = all.find(begin);
  if (first == std::string::npos) throw std::runtime_error("no beginning of an answer in:\n" + all);
  return without_log(all.substr(first + begin.size(), all.find(end) - first - begin.size()));
}

void Machine::wait_for_console(std::size_t line) {
  wait_for(console_prompt, 0, line);
}

std::string Machine::ask(const std::string& command, std::size_t line) {
  const std::size_t from = shown(line).size();
  type(command + "\r", line);
  const std::string end = std::string("\n") + console_prompt;
  std::size_t page = from;
  for (int waited_ms = 0; shown(line).find(end, from) == std::string::npos; waited_ms += 20) {
    if (waited_ms > 60'000) throw std::runtime_error("no answer to '" + command + "'; the line shows:\n" + shown(line));
    if (const std::size_t more = shown(line).find(console_pause, page); more != std::string::npos) {
      page = more + 1;
      type(" ", line);
    }
    ::usleep(20'000);
  }
  std::string answer = shown(line).substr(from, shown(line).find(end, from) + 1 - from);
  answer.erase(0, answer.find('\n') + 1);
  remove_all(answer, console_pause);
  return without_log(answer);
}

void Machine::tell_monitor(const std::string& command) {
  type(command + "\n", lines);
}

void Machine::set_link(const std::string& card, bool up) {
  tell_monitor("set_link " + card + (up ? " on" : " off"));
}

std::optional<int> Machine::wait_for_end(int limit_s) {
  return process_.wait(limit_s * 1000);
}

}  // namespace bondbox::image

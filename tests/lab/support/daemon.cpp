#include "tests/lab/support/daemon.hpp"

#include <sys/wait.h>

#include <array>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "firmware/control_client.hpp"

namespace bondbox::lab {
namespace {

constexpr int start_limit_ms = 10'000;

Answer run_apart(const std::string& command, const Namespace* space) {
  const ScratchDirectory scratch;
  const std::string apart = command + " > " + scratch.path() + "/out 2> " + scratch.path() + "/err";
  const CommandResult result = space != nullptr ? space->run(apart) : run_command(apart);
  return {result.status, read_text(scratch.path() + "/out"), read_text(scratch.path() + "/err")};
}

}  // namespace

std::string program() {
  const char* const given = std::getenv("BONDBOX");
  return std::filesystem::absolute(given != nullptr && *given != '\0' ? given : "build/bondbox").string();
}

void write_text(const std::string& path, std::string_view text) {
  std::FILE* const file = std::fopen(path.c_str(), "we");
  const bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file == nullptr || std::fclose(file) != 0 || !written) throw std::runtime_error("cannot write " + path);
}

std::string read_text(const std::string& path) {
  std::string text;
  if (std::FILE* const file = std::fopen(path.c_str(), "re"); file != nullptr) {
    std::array<char, 4096> chunk{};
    for (std::size_t got = 1; got != 0;) {
      got = std::fread(chunk.data(), 1, chunk.size(), file);
      text.append(chunk.data(), got);
    }
    std::fclose(file);
  }
  return text;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Daemon::Daemon(const Namespace& space, std::string arguments) : space_(space), arguments_(std::move(arguments)) {
  start();
}

Daemon::~Daemon() {
  // Whatever a test does: the list of what a daemon may ask of the kernel is whole.
  const std::string said = log();
  const std::size_t at = said.find("the sandbox refused");
  BOOST_TEST(at == std::string::npos, said.substr(std::min(at, said.size()), 80));
  // Who has taken its place would make the run directory again.
  if (!run_dir().empty()) space_.end_bondboxes(run_dir());
}

void Daemon::start() {
  process_ = space_.start("exec " + program() + " run --run-dir " + run_.path() + " " + arguments_, log_file());
  const bool ready = wait_until([this] { return answers() || !is_running(); }, start_limit_ms) && is_running();
  BOOST_REQUIRE_MESSAGE(ready, "bondbox does not run: " << log());
  // What `offload = "auto"` loads beside the traffic changes the ports, which tests look at.
  (void)wait_until([this] { return has_settled(); }, start_limit_ms);
}

bool Daemon::has_settled() const {
  const std::string reason = status("/bonds/0/offload/reason");
  return reason != "it begins when the bond has been set up" && reason != "BPF programs are being loaded";
}

bool Daemon::answers() const {
  const std::array<std::string, 1> words{"status"};
  return control::ask(path("control.sock"), words).exit_status == 0;
}

int Daemon::stop(int signal) {
  // One signal to one process: Process::stop also signals the group, which would be a second SIGTERM.
  if (process_.pid() > 0) ::kill(process_.pid(), signal);
  const std::optional<int> ended = process_.wait(5'000);
  BOOST_TEST(ended.has_value(), "signal " << signal << " does not end bondbox: " << log());
  if (!ended) return -1;
  return WIFSIGNALED(*ended) ? 128 + WTERMSIG(*ended) : WEXITSTATUS(*ended);
}

Answer Daemon::ask(const std::string& command) const {
  return run_apart("BONDBOX_RUN_DIR=" + run_.path() + " " + program() + " " + command, nullptr);
}

std::string Daemon::status(const std::string& pointer) const {
  const std::array<std::string, 3> words{"status", "--format", "json"};
  const Reply reply = control::ask(path("control.sock"), words);
  boost::json::error_code error;
  const boost::json::value document = boost::json::parse(reply.text, error);
  if (error) return {};
  const boost::json::value* const found = document.find_pointer(pointer, error);
  if (error || found == nullptr) return {};
  return found->is_string() ? std::string(found->get_string()) : boost::json::serialize(*found);
}

bool Daemon::comes_to(std::string_view port) const {
  return wait_until([&] { return active() == port; }, 5'000);
}

Answer run_program(const Namespace& space, const std::string& arguments, const std::string& before) {
  return run_apart(before + " " + program() + " " + arguments, &space);
}

}  // namespace bondbox::lab

#include "tests/bench/bondbox_daemon.hpp"

#include <signal.h>

#include <array>
#include <boost/json.hpp>
#include <stdexcept>

#include "firmware/control_client.hpp"
#include "tests/bench/interrupt.hpp"
#include "tests/lab/support/daemon.hpp"

namespace bondbox::bench {
namespace {

constexpr int start_limit_ms = 60'000;

Reply ask_status(const std::string& run_dir) {
  const std::array<std::string, 3> words{"status", "--format", "json"};
  return control::ask(run_dir + "/control.sock", words);
}

}  // namespace

BondboxDaemon::BondboxDaemon(const lab::Namespace& space, const std::string& words) {
  process_ =
      space.start("exec " + lab::program() + " run --run-dir " + run_.path() + " " + words, scratch_.path() + "/log");
}

void BondboxDaemon::must_answer() const {
  const auto answers = [&] { return ask_status(run_.path()).exit_status == 0; };
  const bool came =
      lab::wait_until([&] { return answers() || !process_.is_running() || is_interrupted(); }, start_limit_ms);
  stop_if_interrupted();
  if (!came || !process_.is_running()) throw std::runtime_error("bondbox does not run: " + log());
}

BondboxDaemon::~BondboxDaemon() {
  if (process_.pid() > 0) ::kill(process_.pid(), SIGTERM);
  (void)process_.wait(5'000);
}

std::string BondboxDaemon::status(const std::string& pointer) const {
  boost::json::error_code error;
  const boost::json::value document = boost::json::parse(ask_status(run_.path()).text, error);
  if (error) return {};
  const boost::json::value* const found = document.find_pointer(pointer, error);
  if (error || found == nullptr) return {};
  return found->is_string() ? std::string(found->get_string()) : boost::json::serialize(*found);
}

bool BondboxDaemon::set(const std::string& option, const std::string& value) const {
  const std::array<std::string, 4> words{"set", "bond0", option, value};
  return control::ask(run_.path() + "/control.sock", words).exit_status == 0;
}

std::string BondboxDaemon::log() const {
  return lab::read_text(scratch_.path() + "/log");
}

bool has_option(const std::string& name) {
  const std::string help = lab::run_command(lab::program() + " help options").output;
  return help.find("\n  " + name + " ") != std::string::npos || help.find("\n" + name + " ") != std::string::npos;
}

}  // namespace bondbox::bench

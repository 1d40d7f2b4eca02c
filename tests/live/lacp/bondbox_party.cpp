// The program under test.
#include <signal.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

#include "firmware/control_client.hpp"
#include "tests/lab/support/daemon.hpp"
#include "tests/live/lacp/party.hpp"

namespace bondbox::live {
namespace {

constexpr int start_limit_ms = 20'000;

class BondboxParty final : public Party {
 public:
  BondboxParty(const lab::Namespace& space, PartyOptions options) : space_(space), options_(std::move(options)) {
    start();
  }

  void start() override {
    std::string words = options_.bond;
    for (const std::string& port : options_.ports) words += " " + port;
    words += std::string(" mode=4 miimon=100 xmit_hash_policy=layer3+4 lacp_rate=") + (options_.fast ? "fast" : "slow");
    words += std::string(" lacp_active=") + (options_.active ? "on" : "off");
    words += " min_links=" + std::to_string(options_.min_links);
    if (options_.user_key != 0) words += " ad_user_port_key=" + std::to_string(options_.user_key);
    if (!options_.system.empty()) words += " ad_actor_system=" + options_.system;
    if (!options_.address.empty()) words += " address=" + options_.address;
    if (const char* const offload = std::getenv("OFFLOAD"); offload != nullptr && *offload != '\0')
      words += std::string(" offload=") + offload;
    words_ = " --run-dir " + run_.path() + " " + words;
    process_ = space_.start("exec " + lab::program() + " run" + words_, log_file());
    const bool ready = lab::wait_until([this] { return view().readable || !process_.is_running(); }, start_limit_ms) &&
                       view().readable;
    if (!ready) throw std::runtime_error("bondbox does not run: " + log());
  }

  void stop() override {
    if (process_.pid() > 0) ::kill(process_.pid(), SIGTERM);
    if (!process_.wait(10'000)) throw std::runtime_error("bondbox does not end: " + log());
  }

  View view() override {
    const std::array<std::string, 4> words{"status", options_.bond, "--format", "proc"};
    const Reply reply = control::ask(run_.path() + "/control.sock", words);
    return reply.exit_status == 0 ? read_proc_view(reply.text) : View{};
  }

  void take_over() override {
    const std::string log = log_file() + "-successor";
    lab::Process next = space_.start("exec " + lab::program() + " run --takeover" + words_, log);
    const std::string told = std::to_string(next.pid()) + "\n";
    const bool done = lab::wait_until([&] { return lab::read_text(run_.path() + "/pid") == told; }, start_limit_ms) &&
                      process_.wait(start_limit_ms);
    if (!done) throw std::runtime_error("bondbox does not take over: " + lab::read_text(log));
    process_ = std::move(next);
  }

  void kill() override { process_.stop(SIGKILL); }

  View published() override { return read_proc_view(lab::read_text(run_.path() + "/net/bonding/" + options_.bond)); }

  std::string explain(const std::string& port) override {
    return lab::run_command("BONDBOX_RUN_DIR=" + run_.path() + " " + lab::program() + " explain " + options_.bond +
                            " " + port)
        .output;
  }

  std::string log() override { return lab::read_text(log_file()) + explain(""); }

 private:
  std::string log_file() const { return scratch_.path() + "/log"; }

  const lab::Namespace& space_;
  PartyOptions options_;
  std::string words_;
  lab::ScratchDirectory scratch_;
  lab::ScratchDirectory run_;
  lab::Process process_;
};

}  // namespace

std::unique_ptr<Party> make_bondbox_party(const lab::Namespace& space, const PartyOptions& options) {
  return std::make_unique<BondboxParty>(space, options);
}

}  // namespace bondbox::live

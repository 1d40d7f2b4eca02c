#include "tests/soak/subject.hpp"

#include <boost/json.hpp>
#include <csignal>
#include <filesystem>
#include <stdexcept>

#include "firmware/control_client.hpp"
#include "tests/bench/counters.hpp"
#include "tests/bench/interrupt.hpp"

namespace bondbox::soak {
namespace {

namespace json = boost::json;

constexpr const char* mode_words[] = {"balance-rr", "active-backup", "balance-xor", "broadcast",
                                      "802.3ad",    "balance-tlb",   "balance-alb"};
constexpr int start_limit_ms = 20'000;

std::string socket_of(const lab::ScratchDirectory& run) {
  return run.path() + "/control.sock";
}

std::size_t entries(const std::string& directory) {
  std::size_t count = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) count += entry.exists(ignored);
  return count;
}

json::value status_of(const Reply& reply) {
  json::error_code error;
  json::value document = json::parse(reply.text, error);
  return error ? json::value() : document;
}

std::int64_t number(const json::value& document, const std::string& pointer) {
  json::error_code error;
  const json::value* const found = document.find_pointer(pointer, error);
  if (error || found == nullptr || !found->is_number()) return 0;
  const auto value = found->to_number<std::int64_t>(error);
  if (error) throw std::runtime_error(pointer + " is " + json::serialize(*found));
  return value;
}

}  // namespace

Subject::Subject(const Settings& settings) : settings_(settings) {
  if (!faces_a_switch(settings.mode)) {
    house_.town.must("ip link del switch; ip link set port0 down; ip link set port1 down");
    peer_ = std::make_unique<Process>();
    start(*peer_, house_.town,
          std::string("bond0 port0 port1 miimon=100 address=192.168.10.254/24 mode=") + std::to_string(settings.mode) +
              (settings.mode == 4 ? " lacp_rate=fast" : ""));
  } else {
    house_.lay(2);
  }
  write_config(0);
  start(box_, house_.box, "-c " + house_.config_path());
  if (!lab::reaches(house_.box, lab::House::town_v4)) throw std::runtime_error("the peer is not reached: " + log());
  if (!comes_to_be_whole()) throw std::runtime_error("not all ports come up: " + log());
  // A partner may need a while longer.
  bench::pause_for(peer_ ? 3 : 0);
}

Subject::~Subject() {
  for (Process* const one : {&box_, peer_.get()}) {
    if (one == nullptr || one->process.pid() <= 0) continue;
    ::kill(one->process.pid(), SIGCONT);
    ::kill(one->process.pid(), SIGTERM);
    (void)one->process.wait(5'000);
  }
}

bool Subject::answers(const Process& one) {
  const std::vector<std::string> words{"status"};
  return control::ask(socket_of(one.run), words).exit_status == 0;
}

void Subject::start(Process& one, const lab::Namespace& space, const std::string& words) {
  one.process = space.start("exec " + lab::program() + " run --run-dir " + one.run.path() + " " + words,
                            one.scratch.path() + "/log");
  const bool came = lab::wait_until(
      [&] { return answers(one) || !one.process.is_running() || bench::is_interrupted(); }, start_limit_ms);
  bench::stop_if_interrupted();
  if (!came || !one.process.is_running())
    throw std::runtime_error("bondbox does not run: " + lab::read_text(one.scratch.path() + "/log"));
}

std::vector<bench::Cable> Subject::cables() const {
  const std::string bridge = has_switch() ? "switch" : "";
  return {{"eth0", "port0", 10, bridge}, {"eth1", "port1", 11, bridge}};
}

Reply Subject::ask(const std::vector<std::string>& words) const {
  return control::ask(socket_of(box_.run), words);
}

void Subject::write_config(int variant) const {
  std::string text = std::string("[bond.bond0]\nmode = \"") + mode_words[settings_.mode] +
                     "\"\nports = [\"eth0\", \"eth1\"]\naddress = [\"192.168.10.52/24\"]\noffload = \"" +
                     (settings_.bpf ? "auto" : "off") + "\"\nmiimon = " + (variant == 0 ? "100" : "50") + "\n";
  if (settings_.mode == 4) text += "lacp_rate = \"fast\"\n";
  lab::write_text(house_.config_path(), text);
}

void Subject::stop_for(double seconds) const {
  ::kill(box_.process.pid(), SIGSTOP);
  // However the wait ends, it must not stay stopped.
  struct Resume {
    pid_t pid;
    ~Resume() { ::kill(pid, SIGCONT); }
  } const resume{box_.process.pid()};
  bench::pause_for(seconds);
}

bool Subject::kill_and_start() {
  ::kill(box_.process.pid(), SIGKILL);
  (void)box_.process.wait(5'000);
  start(box_, house_.box, "-c " + house_.config_path());
  return comes_to_be_whole();
}

bool Subject::take_over() {
  lab::Process next = house_.box.start(
      "exec " + lab::program() + " run --takeover --run-dir " + box_.run.path() + " -c " + house_.config_path(),
      box_.scratch.path() + "/log");
  const std::optional<int> ended = box_.process.wait(15'000);
  if (ended != 0) return false;
  box_.process = std::move(next);
  return comes_to_be_whole();
}

bool Subject::comes_to_be_whole() const {
  return lab::wait_until(
      [&] {
        const json::value document = status_of(ask({"status", "--format", "json"}));
        json::error_code error;
        const json::value* const degraded = document.find_pointer("/bonds/0/degraded", error);
        const bool whole = !error && degraded != nullptr && degraded->is_bool() && !degraded->get_bool();
        const json::value* const serving = document.find_pointer("/bonds/0/offload/serving", error);
        const json::value* const wanted = document.find_pointer("/bonds/0/offload/wanted", error);
        const bool waits = settings_.bpf && wanted != nullptr && *wanted == json::value("auto") && serving != nullptr &&
                           *serving == json::value(false);
        if (settings_.mode != 4 || !whole || waits) return whole && !waits;
        return number(document, "/bonds/0/lacp/active_aggregator/ports") == 2;
      },
      settings_.mode == 4 ? 20'000 : 10'000);
}

Resources Subject::resources() const {
  const std::string process = "/proc/" + std::to_string(box_.process.pid());
  return {bench::own_bytes(box_.process.pid()) / 1024, entries(process + "/fd"), entries(process + "/task")};
}

Counted Subject::counted() const {
  const json::value document = status_of(ask({"status", "--format", "json"}));
  Counted counted;
  for (const char* what : {"tx_no_port", "tx_runts", "tx_punted", "host_rx_lost_below"})
    counted.out += number(document, std::string("/bonds/0/") + what);
  for (int port = 0; port < 3; ++port) {
    const std::string at = "/bonds/0/ports/" + std::to_string(port);
    counted.out += number(document, at + "/tx/frames") + number(document, at + "/tx/refused");
    counted.in += number(document, at + "/rx/frames");
  }
  return counted;
}

Counted Subject::counted(const std::string& port) const {
  const json::value document = status_of(ask({"status", "--format", "json"}));
  for (int i = 0; i < 3; ++i) {
    const std::string at = "/bonds/0/ports/" + std::to_string(i);
    json::error_code error;
    const json::value* const name = document.find_pointer(at + "/name", error);
    if (name != nullptr && *name == json::value(port))
      return {number(document, at + "/tx/frames") + number(document, at + "/tx/refused"),
              number(document, at + "/rx/frames")};
  }
  return {};
}

std::vector<std::string> Subject::end() {
  std::vector<std::string> left;
  ::kill(box_.process.pid(), SIGTERM);
  const std::optional<int> ended = box_.process.wait(10'000);
  if (ended != 0) left.push_back(ended ? "it ended with a failure" : "SIGTERM does not end it");
  if (house_.box.run("ip link show bond0").ok()) left.push_back("bond0 is still there");
  const std::string ports = house_.portraits();
  for (const char* trace : {"NOARP", "clsact", "ALLMULTI", "PROMISC", "disable_ipv6:1"})
    if (lab::contains(ports, trace)) left.push_back(std::string("a port still has ") + trace);
  // Traces of failovers are there to be read afterwards.
  const std::string files =
      lab::run_command("cd " + box_.run.path() +
                       " && find . ! -type d ! -name lock ! -name bonds.events ! -path './trace/*'")
          .output;
  if (!files.empty()) left.push_back("files in the run directory: " + files);
  return left;
}

std::string Subject::log() const {
  return lab::read_text(box_.scratch.path() + "/log");
}

std::string Subject::peer_log() const {
  return peer_ ? lab::read_text(peer_->scratch.path() + "/log") : std::string();
}

std::vector<std::pair<std::string, std::string>> Subject::run_directories() const {
  std::vector<std::pair<std::string, std::string>> all{{"box", box_.run.path()}};
  if (peer_) all.emplace_back("town", peer_->run.path());
  return all;
}

}  // namespace bondbox::soak

#include "tests/bench/loss_command.hpp"

#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>

#include "firmware/control_client.hpp"
#include "tests/bench/loss.hpp"
#include "tests/lab/support/lab_house.hpp"

namespace bondbox::bench {
namespace {

constexpr const char* usage =
    "bondbox-bench loss [KEY=VALUE...] [-- WORDS...]\n"
    "  pulls=50       how often the cable that carries is pulled\n"
    "  rate=10000     packets a second, each way\n"
    "  kind=far       far: the peer's end goes down; near: the appliance's; removal: the interface is deleted\n"
    "  traffic=both   both, out (of the appliance) or in\n"
    "  peer=switch    switch: a bridge; bond: a bond of our own, with the same words of `mode` and `miimon`\n"
    "  who=bondbox    bondbox, or kernel: the kernel's own driver with the same words (where there is one)\n"
    "  rest=0         ms more between a cable's return and the next pull: 3000 for LACP to agree on it again\n"
    "  seed=1         another number, other moments\n"
    "  limit=95       seconds at most\n"
    "  status=FILE    what the bonds have counted at the end, as `bondbox status --format json` says it\n"
    "  json=FILE      the result for machines as well\n"
    "  WORDS          of bondbox run after its ports and addresses; mode=1 miimon=100 unless given\n";

struct Options {
  LossSettings settings;
  bool peer_bond = false;
  bool kernel = false;  ///< the driver, on both ends where the peer is a bond
  std::string json_file;
  std::string status_file;
  std::string words;
};

bool read_number(std::string_view text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number >= 0;
}

bool read_word(std::string_view key, std::string_view value, Options& options) {
  LossSettings& settings = options.settings;
  int number = 0;
  if (key == "kind") {
    settings.kind = value == "near" ? PullKind::near_end : value == "removal" ? PullKind::removal : PullKind::far_end;
    return value == "far" || value == "near" || value == "removal";
  }
  if (key == "traffic") {
    settings.out = value != "in";
    settings.in = value != "out";
    return value == "both" || value == "in" || value == "out";
  }
  if (key == "peer") {
    options.peer_bond = value == "bond";
    return options.peer_bond || value == "switch";
  }
  if (key == "who") {
    options.kernel = value == "kernel";
    return options.kernel || value == "bondbox";
  }
  if (key == "status") {
    options.status_file = value;
    return !value.empty();
  }
  if (key == "json") {
    options.json_file = value;
    return !value.empty();
  }
  if (!read_number(value, number)) return false;
  if (key == "pulls") settings.pulls = number;
  if (key == "rate") settings.rate = number;
  if (key == "seed") settings.seed = static_cast<std::uint32_t>(number);
  if (key == "rest") settings.rest_ms = number;
  if (key == "limit") settings.limit_s = number;
  return key == "pulls" || key == "rate" || key == "seed" || key == "rest" || key == "limit";
}

bool read_options(std::span<const std::string_view> words, Options& options) {
  bool ours = true;
  for (const std::string_view word : words) {
    if (!ours) {
      options.words.append(" ").append(word);
    } else if (word == "--") {
      ours = false;
    } else {
      const std::size_t equals = word.find('=');
      if (equals == std::string_view::npos || !read_word(word.substr(0, equals), word.substr(equals + 1), options))
        return false;
    }
  }
  if (options.words.find(" mode=") == std::string::npos) options.words += " mode=1";
  if (options.words.find(" miimon=") == std::string::npos) options.words += " miimon=100";
  return true;
}

std::string program() {
  const char* const given = std::getenv("BONDBOX");
  return std::filesystem::absolute(given != nullptr && *given != '\0' ? given : "build/bondbox").string();
}

/// bondbox, running until it is destroyed, however that comes.
class Bondbox {
 public:
  Bondbox(const lab::Namespace& space, const std::string& words)
      : process_(space.start("exec " + program() + " run --run-dir " + run_.path() + " " + words, log())) {
    const std::array<std::string, 1> ask{"status"};
    const bool ready = lab::wait_until(
        [&] { return control::ask(run_.path() + "/control.sock", ask).exit_status == 0 || !process_.is_running(); },
        10'000);
    if (!ready || !process_.is_running()) throw std::runtime_error("bondbox does not run; its words were: " + words);
  }
  ~Bondbox() {
    if (process_.pid() > 0) ::kill(process_.pid(), SIGTERM);
    (void)process_.wait(5'000);
  }
  Bondbox(const Bondbox&) = delete;
  Bondbox& operator=(const Bondbox&) = delete;

  /// What it has counted, as it tells programs.
  std::string status() const {
    const std::array<std::string, 3> words{"status", "--format", "json"};
    return control::ask(run_.path() + "/control.sock", words).text;
  }

  /// Seconds of CPU that it has used.
  double cpu_s() const {
    const std::string text = lab::run_command("cat /proc/" + std::to_string(process_.pid()) + "/stat").output;
    unsigned long user = 0;
    unsigned long system = 0;
    const std::size_t after_name = text.rfind(')');
    if (after_name == std::string::npos ||
        std::sscanf(text.c_str() + after_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                    &system) != 2)
      return 0;
    return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }

 private:
  std::string log() const { return scratch_.path() + "/log"; }

  lab::ScratchDirectory scratch_;
  lab::ScratchDirectory run_;
  lab::Process process_;
};

/// The kernel's driver, by the same words, with the ports given to it.
void make_kernel_bond(const lab::Namespace& space, const std::array<std::string, 2>& ports, const std::string& address,
                      const std::string& words) {
  std::istringstream list(words);
  std::string command = "ip link add bond0 type bond";
  for (std::string word; list >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || word.starts_with("offload=")) continue;
    command += " " + word.substr(0, equals) + " " + word.substr(equals + 1);
  }
  for (const std::string& port : ports)
    command += " && ip link set " + port + " down && ip link set " + port + " master bond0";
  space.must(command + " && ip addr add " + address + " dev bond0 && ip link set bond0 up");
}

void write_file(const std::string& path, const std::string& text) {
  std::FILE* const file = std::fopen(path.c_str(), "we");
  if (file == nullptr || std::fputs(text.c_str(), file) < 0 || std::fclose(file) != 0)
    throw std::runtime_error("cannot write " + path);
}

int measure(Options& options) {
  const lab::House house;
  options.settings.box = &house.box;
  options.settings.town = &house.town;
  std::unique_ptr<Bondbox> partner;
  if (options.peer_bond) {
    house.town.must("ip link del switch; ip link set port0 down; ip link set port1 down");
    for (Cable& cable : options.settings.cables) cable.peer_of.clear();
    if (options.kernel)
      make_kernel_bond(house.town, {"port0", "port1"}, "192.168.10.254/24", options.words);
    else
      partner = std::make_unique<Bondbox>(house.town, "bond0 port0 port1 address=192.168.10.254/24" + options.words);
  }
  std::unique_ptr<Bondbox> bond;
  if (options.kernel)
    make_kernel_bond(house.box, {"eth0", "eth1"}, "192.168.10.52/24", options.words);
  else
    bond = std::make_unique<Bondbox>(house.box, "bond0 eth0 eth1 address=192.168.10.52/24" + options.words);
  if (!lab::reaches(house.box, options.settings.town_address)) throw std::runtime_error("the peer is not reached");
  const double cpu_before = bond ? bond->cpu_s() : 0;
  const auto began = std::chrono::steady_clock::now();
  const LossResult result = measure_loss(options.settings);
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began;
  const double cpu = bond ? (bond->cpu_s() - cpu_before) / passed.count() : 0;
  std::printf("%s bond0 eth0 eth1%s; %d packets/s each way\n%sCPU of bondbox: %.0f %% of a core\n",
              options.kernel ? "the kernel's driver," : "bondbox run", options.words.c_str(), options.settings.rate,
              loss_text(result).c_str(), cpu * 100);
  if (!options.json_file.empty()) write_file(options.json_file, loss_json(result));
  std::string counted;
  for (const Bondbox* const end : {bond.get(), partner.get()})
    if (end != nullptr) counted += end->status();
  if (!options.status_file.empty()) write_file(options.status_file, counted);
  return 0;
}

}  // namespace

int loss_command(std::span<const std::string_view> words) {
  Options options;
  if (!words.empty() && words[0] == "help") {
    std::fputs(usage, stdout);
    return 0;
  }
  if (!read_options(words, options)) {
    std::fputs(usage, stderr);
    return 2;
  }
  try {
    return measure(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bondbox-bench loss: %s\n", error.what());
    return 1;
  }
}

}  // namespace bondbox::bench

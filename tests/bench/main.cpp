// make bench, make bench-kernel: bondbox beside a bare cable and other bonding programs.
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <stdexcept>
#include <string_view>

#include "tests/bench/growth.hpp"
#include "tests/bench/interrupt.hpp"
#include "tests/bench/kernel.hpp"
#include "tests/bench/loss_command.hpp"
#include "tests/bench/micro.hpp"
#include "tests/bench/rounds.hpp"
#include "tests/lab/support/daemon.hpp"

namespace bondbox::bench {
namespace {

constexpr double idle_s = 3;

constexpr const char* help_text =
    "bondbox-bench run       this machine: bare cable, bondbox, other programs (make bench)\n"
    "bondbox-bench kernel    user-mode-linux: bare cable, the kernel's driver, bondbox (make bench-kernel)\n"
    "bondbox-bench micro     the cost of single decisions\n"
    "bondbox-bench loss      packets lost when a cable is pulled; `loss help` says more\n"
    "bondbox-bench growth    what an idle bondbox costs, by ports, bonds and VLANs\n"
    "\n"
    "  ROUNDS=N     interleaved rounds, 5 unless given\n"
    "  SECONDS=S    a measurement, 0.5 unless given\n"
    "  ONLY=A,B     contestants beside the bare cable: packet, bpf, ovs, dpdk\n"
    "  PULLS=N      of a cable, per contestant, 10 unless given; 0: none\n"
    "  FORMAT=json  JSON to stdout instead of text\n"
    "  OUT=DIR      where bench.svg, bench.json and bench.txt go; build unless given\n"
    "  TABLES=0     without the idle table, which takes half a minute\n"
    "  MICRO=FILE   the micro-benchmarks; left out unless given\n";

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

double number_in(const char* name, double otherwise, double least, double most) {
  const std::string text = variable(name);
  if (text.empty()) return otherwise;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
    std::array<char, 160> message{};
    std::snprintf(message.data(), message.size(), "%s must be a number from %g to %g", name, least, most);
    throw std::runtime_error(message.data());
  }
  return value;
}

Settings read_settings() {
  Settings settings;
  settings.rounds = static_cast<int>(number_in("ROUNDS", settings.rounds, 1, 100));
  settings.seconds = number_in("SECONDS", settings.seconds, 0.1, 60);
  settings.pulls = static_cast<int>(number_in("PULLS", settings.pulls, 0, 60));
  const std::string only = variable("ONLY");
  for (std::size_t at = 0; at < only.size();) {
    const std::size_t end = std::min(only.find(',', at), only.size());
    if (end > at) settings.only.insert(only.substr(at, end - at));
    at = end + 1;
  }
  return settings;
}

std::string describe_machine() {
  std::string cpu;
  const std::string text = lab::read_text("/proc/cpuinfo");
  if (const std::size_t at = text.find("model name"); at != std::string::npos) {
    const std::size_t begin = text.find(": ", at) + 2;
    cpu = " " + text.substr(begin, text.find('\n', begin) - begin);
  }
  utsname name{};
  (void)::uname(&name);
  return std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)) + " CPUs" + cpu + ", Linux " + name.release +
         (lab::contains(text, "hypervisor") ? ", virtual machine" : "");
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  (void)std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts);
  return text.data();
}

std::string version() {
  std::string text = lab::run_command(lab::program() + " version").output;
  return text.substr(0, text.find('\n'));
}

std::string out_directory() {
  const std::string given = variable("OUT");
  return given.empty() ? "build" : given;
}

bool wants_json() {
  return variable("FORMAT") == "json";
}

Results begin_results(const Settings& settings) {
  Results results;
  results.machine = describe_machine();
  results.version = version();
  results.date = today();
  results.rounds = settings.rounds;
  results.seconds = settings.seconds;
  return results;
}

void write_files(const Results& results) {
  lab::write_text(out_directory() + "/bench.svg", as_svg(results));
  lab::write_text(out_directory() + "/bench.json", as_json(results));
  lab::write_text(out_directory() + "/bench.txt", as_text(results));
}

/// What a table lacks must not cost the rest of the run.
template <class Make>
void add_table(Results& results, const char* name, Make make) {
  std::fprintf(stderr, "  TABLE %s\n", name);
  try {
    results.tables.push_back(make());
  } catch (const Interrupted&) {
    throw;
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "  skipped: %s: %s\n", name, error.what());
  }
}

int run() {
  const Settings settings = read_settings();
  Results results = begin_results(settings);
  results.contestants = run_rounds(parties_here(), settings);
  // Filled in before the rest, which is bounded, but long.
  write_files(results);
  if (variable("TABLES") != "0") add_table(results, "idle", [] { return growth_table(idle_s); });
  if (!variable("MICRO").empty()) add_table(results, "micro", [] { return micro_table(); });
  write_files(results);
  std::fputs((wants_json() ? as_json(results) : as_text(results)).c_str(), stdout);
  return 0;
}

int run_inside() {
  const Settings settings = read_settings();
  Results results = begin_results(settings);
  results.machine += " (user-mode-linux)";
  results.contestants = run_rounds(parties_inside(), settings);
  write_files(results);
  return 0;
}

int run_kernel() {
  (void)read_settings();
  const lab::ScratchDirectory scratch;
  run_inside_kernel(std::filesystem::canonical("/proc/self/exe").string(), scratch.path());
  for (const char* kind : {"svg", "json", "txt"})
    lab::write_text(out_directory() + "/bench-kernel." + kind,
                    lab::read_text(scratch.path() + "/bench." + std::string(kind)));
  std::fputs(lab::read_text(scratch.path() + (wants_json() ? "/bench.json" : "/bench.txt")).c_str(), stdout);
  return 0;
}

int print_table(Table (*make)()) {
  Results results = begin_results({});
  results.tables.push_back(make());
  std::fputs((wants_json() ? as_json(results) : as_text(results.tables.front())).c_str(), stdout);
  return 0;
}

int run_micro() {
  return print_table(&micro_table);
}

int run_growth() {
  return print_table([] { return growth_table(idle_s); });
}

struct Word {
  std::string_view word;
  int (*act)();
};
constexpr std::array words{Word{"run", &run}, Word{"inside", &run_inside}, Word{"kernel", &run_kernel},
                           Word{"micro", &run_micro}, Word{"growth", &run_growth}};

int work(int argc, char* argv[]) {
  const std::vector<std::string_view> rest(argv + std::min(argc, 2), argv + argc);
  if (argc > 1 && std::string_view(argv[1]) == "loss") return loss_command(rest);
  for (const Word& word : words)
    if (argc == 2 && word.word == argv[1]) {
      if (::geteuid() != 0) throw std::runtime_error("the bench makes network namespaces and needs root");
      catch_signals();
      return word.act();
    }
  std::fputs(help_text, argc == 2 && std::string_view(argv[1]) == "help" ? stdout : stderr);
  return argc == 2 && std::string_view(argv[1]) == "help" ? 0 : 2;
}

}  // namespace
}  // namespace bondbox::bench

int main(int argc, char* argv[]) {
  try {
    return bondbox::bench::work(argc, argv);
  } catch (const bondbox::bench::Interrupted&) {
    std::fputs("bench: interrupted, cleaned up\n", stderr);
    return 130;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return 1;
  }
}

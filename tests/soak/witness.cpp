#include "tests/soak/witness.hpp"

#include <chrono>
#include <filesystem>

#include "firmware/text.hpp"

namespace bondbox::soak {
namespace {

constexpr auto interval = std::chrono::milliseconds(50);
constexpr auto gap = std::chrono::seconds(1);
constexpr const char* net_words =
    "date +%s.%N; ip -s -d link; ip addr; ip -s neigh; ip route; cat /proc/net/packet; for i in $(ls /sys/class/net); "
    "do "
    "tc -s filter show dev $i ingress; done";

}  // namespace

Witness::Witness(const Subject& subject, std::string directory, int number)
    : subject_(subject), directory_(std::move(directory)), number_(number) {}

Witness::~Witness() {
  (void)heard();
}

void Witness::watch(const bench::NumberedFlow& out, const bench::NumberedFlow& in) {
  if (!directory_.empty()) thread_ = std::thread([this, &out, &in] { look({&out, &in}); });
}

std::string Witness::heard() {
  looking_ = false;
  if (thread_.joinable()) thread_.join();
  return heard_;
}

void Witness::look(std::array<const bench::NumberedFlow*, 2> flows) {
  using Clock = std::chrono::steady_clock;
  std::array<std::uint64_t, 2> seen{};
  std::array<Clock::time_point, 2> since{Clock::now(), Clock::now()};
  while (looking_ && heard_.empty()) {
    std::this_thread::sleep_for(interval);
    for (std::size_t way = 0; way < flows.size(); ++way) {
      const std::uint64_t now = flows[way]->highest();
      if (now != seen[way] || now == 0) {
        seen[way] = now;
        since[way] = Clock::now();
      } else if (Clock::now() - since[way] >= gap && heard_.empty()) {
        ask(way == 0 ? "out" : "in");
      }
    }
  }
}

void Witness::ask(const char* way) {
  heard_ = format("%s/gap-%d", directory_.c_str(), number_);
  std::error_code error;
  std::filesystem::create_directories(heard_, error);
  lab::write_text(heard_ + "/way", std::string(way) + "\n");
  for (const auto& [name, run_dir] : subject_.run_directories()) {
    const std::string to = heard_ + "/" + name;
    const auto tell = [&](const std::string& words, const std::string& file) {
      (void)lab::run_command("timeout 5 " + lab::program() + " --run-dir " + run_dir + " " + words + " > " + to + "." +
                             file + " 2>&1");
    };
    tell("trace", "said");
    tell("status --format json", "json");
    tell("status", "status");
    tell("events", "events");
    (void)lab::run_command("cp -r " + run_dir + "/trace " + to + ".trace");
  }
  lab::write_text(heard_ + "/box.net", subject_.house().box.run(net_words).output);
  lab::write_text(heard_ + "/town.net", subject_.house().town.run(net_words).output);
  lab::write_text(heard_ + "/box.log", subject_.log());
  lab::write_text(heard_ + "/town.log", subject_.peer_log());
}

}  // namespace bondbox::soak

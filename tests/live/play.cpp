#include "tests/live/play.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>

#include "tests/lab/support/daemon.hpp"
#include "tests/live/side.hpp"
#include "tests/live/support/machine_watch.hpp"
#include "tests/live/support/uml_machine.hpp"

namespace bondbox::live {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

std::string file_of(const std::string& directory, std::size_t number, const char* what) {
  return directory + "/" + std::to_string(number) + "." + what;
}

/// Steps begin on a timetable, so that lateness does not add up unseen.
class Timetable {
 public:
  void advance(int ms) { due_ += milliseconds(ms); }
  void sleep() const { std::this_thread::sleep_until(due_); }
  int late_ms() const {
    return static_cast<int>(std::chrono::duration_cast<milliseconds>(Clock::now() - due_).count());
  }

 private:
  Clock::time_point due_ = Clock::now();
};

void append(std::vector<std::string>& to, std::vector<std::string> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

void play_one(const std::string& directory, std::size_t number) {
  const Scenario scenario = Scenario::parse(lab::read_text(file_of(directory, number, "scenario")));
  const std::unique_ptr<Side> sides[] = {make_kernel_side(scenario), make_bondbox_side(scenario)};
  Record records[2];
  MachineWatch machine;
  Timetable timetable;
  const auto run = [&](const std::string& name, int lasts_ms, const auto& begin) {
    int late = timetable.late_ms();
    for (std::size_t i = 0; i < 2; ++i) records[i].push_back({name, 0, begin(*sides[i])});
    // What was asked of the second side came so much later.
    late = std::max(late, timetable.late_ms() - (name == "set up" ? 1'000 : 0));
    timetable.advance(lasts_ms);
    timetable.sleep();
    // Not only the steps must begin and end in time: what monitors count goes on in between.
    late = std::max({late, timetable.late_ms(), machine.take_longest_ms()});
    for (std::size_t i = 0; i < 2; ++i) {
      append(records[i].back().lines, sides[i]->look());
      records[i].back().late_ms = late;
    }
  };
  run("set up", scenario.setup_ms(), [](Side& side) { return side.set_up(); });
  for (const Step& step : scenario.steps) {
    run(step.action, step.lasts_ms, [&](Side& side) { return side.act(step); });
  }
  lab::write_text(file_of(directory, number, "kernel"), to_text(records[0]));
  lab::write_text(file_of(directory, number, "bondbox"), to_text(records[1]));
}

pid_t fork_one(const std::string& directory, std::size_t number) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  int status = 0;
  try {
    play_one(directory, number);
  } catch (const std::exception& error) {
    lab::write_text(file_of(directory, number, "trouble"), std::string(error.what()) + "\n");
    status = 1;
  }
  ::_exit(status);
}

}  // namespace

int Played::late_ms() const {
  int worst = 0;
  for (const StepRecord& step : kernel) worst = std::max(worst, step.late_ms);
  return worst;
}

int play_inside(const std::string& directory, int first, int step, int at_once) {
  // What the sides keep for themselves belongs on a file system of this machine, not on the host's.
  ::setenv("TMPDIR", "/run", 1);
  int running = 0;
  for (std::size_t number = static_cast<std::size_t>(first);; number += static_cast<std::size_t>(step)) {
    const bool more = std::filesystem::exists(file_of(directory, number, "scenario"));
    while (running > 0 && (running >= at_once || !more)) {
      if (::wait(nullptr) > 0) --running;
    }
    if (!more) return 0;
    if (fork_one(directory, number) > 0) ++running;
    // Starting costs more than running: not all of them in the same moment.
    std::this_thread::sleep_for(milliseconds(150));
  }
}

std::vector<Played> play(const std::vector<Scenario>& scenarios, int at_once, int machines) {
  const lab::ScratchDirectory scratch;
  int longest_ms = 0;
  for (std::size_t i = 0; i < scenarios.size(); ++i) {
    lab::write_text(file_of(scratch.path(), i, "scenario"), scenarios[i].text());
    longest_ms = std::max(longest_ms, scenarios[i].lasts_ms());
  }
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  std::vector<std::unique_ptr<UmlMachine>> running;
  for (int i = 0; i < machines; ++i) {
    running.push_back(std::make_unique<UmlMachine>(UmlMachine::usual_modules(), 512));
    running.back()->start(self + " " + play_word + " " + scratch.path() + " " + std::to_string(i) + " " +
                          std::to_string(machines) + " " + std::to_string(at_once));
  }
  const int rounds = static_cast<int>(scenarios.size()) / (at_once * machines) + 2;
  const int limit_s = 60 + rounds * (longest_ms / 1000 + 20);
  std::string machine_trouble;
  for (const auto& machine : running) {
    const UmlResult result = machine->wait(limit_s);
    if (!result.ok()) machine_trouble += result.text();
  }
  std::vector<Played> all;
  for (std::size_t i = 0; i < scenarios.size(); ++i) {
    Played played;
    played.kernel = parse_record(lab::read_text(file_of(scratch.path(), i, "kernel")));
    played.bondbox = parse_record(lab::read_text(file_of(scratch.path(), i, "bondbox")));
    played.trouble = lab::read_text(file_of(scratch.path(), i, "trouble"));
    const bool whole = !played.kernel.empty() && played.kernel.size() == played.bondbox.size();
    if (played.trouble.empty() && !whole) played.trouble = "no record was left: " + machine_trouble;
    all.push_back(std::move(played));
  }
  return all;
}

}  // namespace bondbox::live

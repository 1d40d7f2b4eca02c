#include "tests/live/lacp/side_by_side.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <exception>
#include <optional>
#include <sstream>

#include "tests/lab/support/daemon.hpp"
#include "tests/live/lacp/traffic.hpp"

namespace bondbox::live {
namespace {

constexpr int build_limit_ms = 90'000;
constexpr int run_limit_ms = 120'000;

const Case* find_case(const std::string& name) {
  for (const std::span<const Case> table : {negotiation_cases(), outage_cases()})
    for (const Case& test : table)
      if (name == test.name) return &test;
  return nullptr;
}

std::optional<Kind> kind_of(const std::string& name) {
  for (const Kind kind : {Kind::bondbox, Kind::kernel, Kind::ovs})
    if (name == kind_name(kind)) return kind;
  return std::nullopt;
}

/// All wait until all are there: each says so on one pipe, the end of the other lets them go.
struct Barrier {
  std::array<lnx::UniqueFd, 2> ready;
  std::array<lnx::UniqueFd, 2> go;

  Barrier() {
    for (std::array<lnx::UniqueFd, 2>* const pipe : {&ready, &go}) {
      std::array<int, 2> ends{-1, -1};
      if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
      *pipe = {lnx::UniqueFd(ends[0]), lnx::UniqueFd(ends[1])};
    }
  }
  void wait() {
    go[1].reset();
    char byte = 0;
    (void)::write(ready[1].get(), &byte, 1);
    (void)::read(go[0].get(), &byte, 1);
  }
  void let_go(std::size_t count) {
    const std::int64_t deadline = now_ms() + build_limit_ms;
    for (char byte = 0; count > 0 && now_ms() < deadline;) {
      pollfd waiting{ready[0].get(), POLLIN, 0};
      if (::poll(&waiting, 1, 100) > 0 && ::read(ready[0].get(), &byte, 1) == 1) --count;
    }
    go[1].reset();
  }
};

void append(std::string& text, const char* kind, const std::string& entry) {
  // An entry may have many lines: those after the first begin with a tab.
  text += kind;
  for (const char c : entry) text += c == '\n' ? std::string("\n\t") : std::string(1, c);
  text += "\n";
}

void run_job(const std::string& directory, const Job& job, Barrier& barrier) {
  Findings findings;
  bool waited = false;
  std::string text;
  try {
    // One street after the other: in a machine with one CPU they would only wait for each other's commands.
    lnx::UniqueFd turn(::open((directory + "/jobs").c_str(), O_RDONLY | O_CLOEXEC));
    (void)::flock(turn.get(), LOCK_EX);
    Pair pair(job.left, job.right, findings);
    turn.reset();
    pair.before_start = [&] {
      waited = true;
      barrier.wait();
    };
    try {
      find_case(job.test)->run(pair);
    } catch (const std::exception& error) {
      findings.check(false, error.what());
    }
    if (!findings.failures().empty() || std::getenv("BONDBOX_LACP_STORY") != nullptr) {
      findings.note("story:" + pair.story());
      for (Party* const party : {pair.left.get(), pair.right.get()})
        if (party != nullptr)
          if (const std::string log = party->log(); !log.empty()) findings.note("log: " + log);
    }
  } catch (const std::exception& error) {
    findings.check(false, error.what());
  }
  if (!waited) barrier.wait();
  for (const std::string& failure : findings.failures()) append(text, "failure ", failure);
  for (const std::string& note : findings.notes()) append(text, "note ", note);
  lab::write_text(directory + "/" + job.file(), text + "end\n");
}

std::vector<Job> read_jobs(const std::string& directory) {
  std::vector<Job> jobs;
  std::istringstream lines(lab::read_text(directory + "/jobs"));
  for (std::string left, right, test; lines >> left >> right >> test;)
    if (kind_of(left) && kind_of(right) && find_case(test) != nullptr)
      jobs.push_back({test, *kind_of(left), *kind_of(right)});
  return jobs;
}

}  // namespace

void write_jobs(const std::string& directory, const std::vector<Job>& jobs) {
  std::string text;
  for (const Job& job : jobs)
    text += std::string(kind_name(job.left)) + " " + kind_name(job.right) + " " + job.test + "\n";
  lab::write_text(directory + "/jobs", text);
}

int work_off_jobs(const std::string& directory) {
  const std::vector<Job> jobs = read_jobs(directory);
  Barrier barrier;
  std::vector<lab::Process> processes;
  for (const Job& job : jobs) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      // A group of its own, so that whatever it starts ends with it.
      ::setpgid(0, 0);
      run_job(directory, job, barrier);
      ::_exit(0);
    }
    if (pid > 0) ::setpgid(pid, pid);
    processes.emplace_back(pid);
  }
  barrier.let_go(jobs.size());
  const std::int64_t deadline = now_ms() + run_limit_ms;
  bool all = true;
  for (lab::Process& process : processes)
    all &= process.wait(static_cast<int>(std::max<std::int64_t>(0, deadline - now_ms()))).has_value();
  return all ? 0 : 1;
}

JobResult read_result(const std::string& directory, const Job& job) {
  JobResult result;
  std::istringstream lines(lab::read_text(directory + "/" + job.file()));
  std::vector<std::string>* entries = nullptr;
  for (std::string line; std::getline(lines, line);) {
    if (line == "end") {
      result.ended = true;
    } else if (line.starts_with("\t") && entries != nullptr) {
      entries->back() += "\n" + line.substr(1);
    } else {
      const std::size_t blank = line.find(' ');
      entries = line.starts_with("failure ") ? &result.failures : &result.notes;
      entries->push_back(line.substr(blank + 1));
    }
  }
  return result;
}

}  // namespace bondbox::live

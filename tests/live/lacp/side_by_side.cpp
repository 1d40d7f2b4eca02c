#include "tests/live/lacp/side_by_side.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <span>
#include <sstream>

#include "tests/lab/support/daemon.hpp"
#include "tests/live/lacp/traffic.hpp"
#include "tests/live/support/machine_watch.hpp"

namespace bondbox::live {
namespace {

// Side by side, but not so many that they wait for each other's CPU: in a machine that has one, a case with traffic
// takes a seventh of it.
constexpr std::size_t at_once = 6;
// A case whose machine did not keep pace is tried again, alone; then it has failed.
constexpr int attempts_max = 3;
constexpr int case_limit_ms = 150'000;
constexpr int begin_limit_ms = 420'000;  ///< after that none begins

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

void append(std::string& text, const char* kind, const std::string& entry) {
  // An entry may have many lines: those after the first begin with a tab.
  text += kind;
  for (const char c : entry) text += c == '\n' ? std::string("\n\t") : std::string(1, c);
  text += "\n";
}

std::string result_path(const std::string& directory, const Job& job) {
  return directory + "/" + job.file();
}

void run_job(const std::string& directory, const Job& job, const std::vector<std::string>& notes_before) {
  Findings findings;
  for (const std::string& note : notes_before) findings.note(note);
  std::string text;
  try {
    const MachineWatch machine;
    // One street after the other: side by side they would only wait for each other's commands.
    lnx::UniqueFd turn(::open((directory + "/jobs").c_str(), O_RDONLY | O_CLOEXEC));
    (void)::flock(turn.get(), LOCK_EX);
    Pair pair(job.left, job.right, findings);
    turn.reset();
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
    if (const std::string trouble = machine.trouble(); !trouble.empty()) append(text, "machine ", trouble);
  } catch (const std::exception& error) {
    findings.check(false, error.what());
  }
  for (const std::string& failure : findings.failures()) append(text, "failure ", failure);
  for (const std::string& note : findings.notes()) append(text, "note ", note);
  // All or nothing: whoever reads it may come at any time.
  lab::write_text(result_path(directory, job) + ".new", text + "end\n");
  std::filesystem::rename(result_path(directory, job) + ".new", result_path(directory, job));
}

/// A job that is to be done, and what was seen of it in vain.
struct Attempt {
  Job job;
  std::vector<std::string> notes;
};

/// Does them, so many at a time. Those that have not ended in time have no result.
void run_all(const std::string& directory, std::span<const Attempt> attempts, std::size_t at_a_time,
             std::int64_t begin_until) {
  struct Running {
    lab::Process process;
    std::int64_t deadline;
  };
  std::vector<Running> running;
  for (std::size_t next = 0; next < attempts.size() || !running.empty(); sleep_ms(20)) {
    std::erase_if(running, [](Running& one) { return one.process.wait(0).has_value() || now_ms() > one.deadline; });
    if (now_ms() > begin_until) next = attempts.size();
    if (next == attempts.size() || running.size() >= at_a_time) continue;
    const Attempt& attempt = attempts[next++];
    std::filesystem::remove(result_path(directory, attempt.job));
    const pid_t pid = ::fork();
    if (pid == 0) {
      // A group of its own, so that whatever it starts ends with it.
      ::setpgid(0, 0);
      run_job(directory, attempt.job, attempt.notes);
      ::_exit(0);
    }
    if (pid > 0) ::setpgid(pid, pid);
    running.push_back({lab::Process(pid), now_ms() + case_limit_ms});
  }
}

/// What failed in a machine that did not keep pace.
std::vector<Attempt> worth_another(const std::string& directory, const std::vector<Attempt>& attempts) {
  std::vector<Attempt> again;
  for (const Attempt& attempt : attempts) {
    const JobResult result = read_result(directory, attempt.job);
    if (!result.ended || result.failures.empty() || result.machine.empty()) continue;
    again.push_back(attempt);
    const std::string& what = result.failures.front();
    again.back().notes.push_back("tried again, the machine did not keep pace (" + result.machine +
                                 "): " + what.substr(0, what.find('\n')));
  }
  return again;
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
  std::vector<Job> jobs = read_jobs(directory);
  // The longest first, so that none of them is left alone at the end.
  std::stable_partition(jobs.begin(), jobs.end(), [](const Job& job) { return find_case(job.test)->is_long; });
  std::vector<Attempt> attempts;
  for (const Job& job : jobs) attempts.push_back({job, {}});
  const std::int64_t begin_until = now_ms() + begin_limit_ms;
  for (int attempt = 0; attempt < attempts_max && !attempts.empty(); ++attempt) {
    run_all(directory, attempts, attempt == 0 ? at_once : 1, begin_until);
    attempts = worth_another(directory, attempts);
  }
  return 0;
}

JobResult read_result(const std::string& directory, const Job& job) {
  JobResult result;
  std::istringstream lines(lab::read_text(result_path(directory, job)));
  std::vector<std::string>* entries = nullptr;
  for (std::string line; std::getline(lines, line);) {
    if (line == "end") {
      result.ended = true;
    } else if (line.starts_with("\t") && entries != nullptr) {
      entries->back() += "\n" + line.substr(1);
    } else {
      const std::size_t blank = line.find(' ');
      if (line.starts_with("machine ")) {
        result.machine = line.substr(blank + 1);
        continue;
      }
      entries = line.starts_with("failure ") ? &result.failures : &result.notes;
      entries->push_back(line.substr(blank + 1));
    }
  }
  return result;
}

}  // namespace bondbox::live

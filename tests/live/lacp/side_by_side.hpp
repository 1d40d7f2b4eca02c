// Runs cases side by side, each in a process of its own: they mostly wait for timers of whole seconds. A case that
// failed in a machine that did not keep pace is tried again, alone; what failed in a quiet one has failed.
#pragma once

#include <string>
#include <vector>

#include "tests/live/lacp/cases.hpp"

namespace bondbox::live {

/// A case with who stands where.
struct Job {
  std::string test;
  Kind left = Kind::bondbox;
  Kind right = Kind::kernel;

  std::string title() const { return std::string(kind_name(left)) + " and " + kind_name(right); }
  std::string file() const { return std::string(kind_name(left)) + "-" + kind_name(right) + "." + test; }
};

struct JobResult {
  bool ended = false;
  std::vector<std::string> failures;
  std::vector<std::string> notes;
  std::string machine;  ///< how the machine failed meanwhile; empty: it kept pace
};

/// The word with which this test program, called as `bondbox-live WORD DIRECTORY`, does work_off_jobs().
inline constexpr const char* jobs_word = "lacp-cases";

/// Writes down what is to be run in a directory.
void write_jobs(const std::string& directory, const std::vector<Job>& jobs);
/// Runs it and writes a result for each job there. Returns an exit status, 0.
int work_off_jobs(const std::string& directory);
JobResult read_result(const std::string& directory, const Job& job);

}  // namespace bondbox::live

// Who looks on while packets cross, and when for a second none has arrived on one of the ways asks everybody at once
// what they know: traces, status and events of both ends, and what their kernels have of interfaces and neighbours.
#pragma once

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "tests/bench/numbered_flow.hpp"
#include "tests/soak/subject.hpp"

namespace bondbox::soak {

class Witness {
 public:
  /// What it hears goes to `directory`/gap-N; nothing is asked where that is empty.
  Witness(const Subject& subject, std::string directory, int number);
  ~Witness();
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  /// From now on, until it is destroyed.
  void watch(const bench::NumberedFlow& out, const bench::NumberedFlow& in);
  /// Where it has put what it heard; empty: there was no gap. To be called when the flows have ended.
  std::string heard();

 private:
  void look(std::array<const bench::NumberedFlow*, 2> flows);
  void ask(const char* way);

  const Subject& subject_;
  std::string directory_;
  int number_;
  std::string heard_;
  std::atomic<bool> looking_ = true;
  std::thread thread_;
};

}  // namespace bondbox::soak

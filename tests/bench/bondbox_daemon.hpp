// bondbox as a process of the bench.
#pragma once

#include <string>

#include "tests/bench/street.hpp"

namespace bondbox::bench {

class BondboxDaemon {
 public:
  /// `bondbox run WORDS`.
  BondboxDaemon(const lab::Namespace& space, const std::string& words);
  ~BondboxDaemon();
  BondboxDaemon(const BondboxDaemon&) = delete;
  BondboxDaemon& operator=(const BondboxDaemon&) = delete;

  /// Waits until it answers, or throws with its log.
  void must_answer() const;

  pid_t pid() const noexcept { return process_.pid(); }
  /// What `status --format json` says at a JSON pointer, as JSON or a bare string; empty where there is nothing.
  std::string status(const std::string& pointer) const;
  /// Writes an option of bond0; whether it took it.
  bool set(const std::string& option, const std::string& value) const;
  std::string log() const;

 private:
  lab::ScratchDirectory scratch_;
  lab::ScratchDirectory run_;
  lab::Process process_;
};

/// Whether this bondbox knows the option.
bool has_option(const std::string& name);

}  // namespace bondbox::bench

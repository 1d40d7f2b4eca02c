// What a long run is about: a bondbox in a house, by the paths and modes of a run, and what can be asked of it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "firmware/control_protocol.hpp"
#include "tests/bench/cables.hpp"
#include "tests/lab/support/lab_house.hpp"
#include "tests/soak/soak.hpp"

namespace bondbox::soak {

/// What a daemon has counted, as far as the ledger can be held against it.
struct Counted {
  std::int64_t out = 0;  ///< what came from the host, by whatever became of it
  std::int64_t in = 0;   ///< what ports have delivered
};

class Subject {
 public:
  /// Throws std::runtime_error when it does not run or does not reach its peer.
  explicit Subject(const Settings& settings);
  ~Subject();
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  const lab::House& house() const noexcept { return house_; }
  std::vector<bench::Cable> cables() const;
  /// Whether the peer is a switch, so that ports may come and go as they like; else it is a bond of the same mode.
  bool has_switch() const noexcept { return peer_ == nullptr; }

  Reply ask(const std::vector<std::string>& words) const;
  /// A file like the first one with other values that move no traffic.
  void write_config(int variant) const;
  void stop_for(double seconds) const;
  /// kill -9 and a new start; false when that does not come to answer.
  bool kill_and_start();
  /// Another process takes its place; false when it does not, or the old one does not end.
  bool take_over();
  /// Waits for all ports to be up and, where programs are to carry, for them to serve: five seconds at most, or what
  /// LACP needs.
  bool comes_to_be_whole() const;
  Resources resources() const;
  Counted counted() const;
  /// Of one port.
  Counted counted(const std::string& port) const;
  /// SIGTERM; what is left of it then.
  std::vector<std::string> end();
  std::string log() const;
  std::string peer_log() const;
  /// Of the daemons that run, by the name of where they run.
  std::vector<std::pair<std::string, std::string>> run_directories() const;

 private:
  struct Process {
    lab::ScratchDirectory scratch;
    lab::ScratchDirectory run;
    lab::Process process;
  };
  static void start(Process& one, const lab::Namespace& space, const std::string& words);
  static bool answers(const Process& one);

  Settings settings_;
  lab::House house_;
  std::unique_ptr<Process> peer_;
  Process box_;
};

}  // namespace bondbox::soak

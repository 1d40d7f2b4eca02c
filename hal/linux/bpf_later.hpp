// Programs that are loaded in a thread of their own. The verifier takes milliseconds over one, more on a machine whose
// CPUs are taken, and a daemon that carries frames must not stand still meanwhile.
#pragma once

#include <linux/bpf.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "hal/linux/bpf_programs.hpp"
#include "hal/linux/unique_fd.hpp"
#include "hal/wire/ids.hpp"

namespace bondbox::lnx {

class LaterPrograms {
 public:
  struct Job {
    BpfRole role = BpfRole::egress;
    PortId port{};
    std::uint64_t mark = 0;  ///< the caller's
    std::vector<bpf_insn> code;
    // The result, as of load_program.
    UniqueFd program;
    int error = 0;
    std::string complaint;
  };

  LaterPrograms();
  LaterPrograms(const LaterPrograms&) = delete;
  LaterPrograms& operator=(const LaterPrograms&) = delete;
  /// Does not wait: on a busy machine that could be long. The thread ends after the program that it is about.
  ~LaterPrograms();

  /// Not while it is busy. Programs of one process are loaded one after the other, so that the verifier leaves a CPU to
  /// everybody else.
  void start(std::vector<Job> jobs);
  /// From start() to take().
  bool is_busy() const noexcept { return busy_; }
  bool is_ready() const noexcept { return busy_ && shared_->ready.load(std::memory_order_acquire); }
  /// Waits until all are loaded or refused.
  std::vector<Job> take();
  /// Readable when is_ready(); -1: there is no such thing, one has to ask.
  int wait_handle() const noexcept { return event_->get(); }

 private:
  struct Shared {
    std::vector<Job> jobs;
    std::atomic<bool> unwanted = false;
    std::atomic<bool> ready = false;
  };
  static void load(Shared& shared, const UniqueFd& event);

  bool busy_ = false;
  std::shared_ptr<UniqueFd> event_;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace bondbox::lnx

// A program that is loaded in a thread of its own. The verifier may take a good part of a second over one, and a daemon
// that carries other bonds must not stand still meanwhile.
#pragma once

#include <linux/bpf.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "hal/linux/unique_fd.hpp"

namespace bondbox::lnx {

class LaterProgram {
 public:
  LaterProgram() = default;
  LaterProgram(const LaterProgram&) = delete;
  LaterProgram& operator=(const LaterProgram&) = delete;
  /// Waits for the program that is being verified, if any is.
  ~LaterProgram();

  /// Once. Programs of one process are loaded one after the other, so that the verifier leaves a CPU to everybody else.
  /// `name` outlives it.
  void start(const char* name, std::uint32_t type, std::vector<bpf_insn> code);
  bool is_started() const noexcept { return started_; }
  bool is_ready() const noexcept { return ready_.load(std::memory_order_acquire); }
  /// As load_program; once is_ready().
  int take(UniqueFd& program, std::string& complaint);

 private:
  void load(const char* name, std::uint32_t type);

  std::vector<bpf_insn> code_;
  UniqueFd program_;
  std::string complaint_;
  int error_ = 0;
  bool started_ = false;
  std::atomic<bool> unwanted_ = false;
  std::atomic<bool> ready_ = false;
  std::thread thread_;
};

}  // namespace bondbox::lnx

#include "hal/linux/bpf_later.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <system_error>
#include <utility>

#include "hal/linux/bpf_syscall.hpp"

namespace bondbox::lnx {

LaterProgram::~LaterProgram() {
  unwanted_ = true;
  if (thread_.joinable()) thread_.join();
}

void LaterProgram::start(const char* name, std::uint32_t type, std::vector<bpf_insn> code) {
  code_ = std::move(code);
  started_ = true;
  try {
    thread_ = std::thread([this, name, type] {
      // Not the last of all: on a machine whose CPUs are taken that would be tens of seconds (observed).
      constexpr int behind_others = 5;
      (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), behind_others);
      load(name, type);
    });
  } catch (const std::system_error&) {
    load(name, type);  // no thread to be had: rather late than never
  }
}

void LaterProgram::load(const char* name, std::uint32_t type) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  error_ = unwanted_ ? ECANCELED : load_program({name, type, code_}, program_, complaint_);
  ready_.store(true, std::memory_order_release);
}

int LaterProgram::take(UniqueFd& program, std::string& complaint) {
  if (thread_.joinable()) thread_.join();
  started_ = false;
  ready_ = false;
  program = std::move(program_);
  complaint = std::move(complaint_);
  code_ = {};
  return error_;
}

}  // namespace bondbox::lnx

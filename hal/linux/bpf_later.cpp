#include "hal/linux/bpf_later.hpp"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <system_error>
#include <utility>

#include "hal/linux/bpf_syscall.hpp"

namespace bondbox::lnx {

LaterPrograms::LaterPrograms() : event_(std::make_shared<UniqueFd>(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))) {}

LaterPrograms::~LaterPrograms() {
  if (shared_) shared_->unwanted = true;
  if (thread_.joinable()) thread_.detach();
}

void LaterPrograms::start(std::vector<Job> jobs) {
  shared_ = std::make_shared<Shared>();
  shared_->jobs = std::move(jobs);
  busy_ = true;
  try {
    // The thread may outlive this object, so what it works on is its own, too.
    thread_ = std::thread([shared = shared_, event = event_] {
      // Not the last of all: on a machine whose CPUs are taken that would be tens of seconds (observed).
      constexpr int behind_others = 5;
      (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), behind_others);
      load(*shared, *event);
    });
  } catch (const std::system_error&) {
    load(*shared_, *event_);  // no thread to be had: rather late than never
  }
}

void LaterPrograms::load(Shared& shared, const UniqueFd& event) {
  static std::mutex one_at_a_time;
  for (Job& job : shared.jobs) {
    const std::lock_guard lock(one_at_a_time);
    job.error = shared.unwanted ? ECANCELED : load_program(job.role, job.code, job.program, job.complaint);
  }
  shared.ready.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  if (event.valid()) (void)!::write(event.get(), &one, sizeof one);
}

std::vector<LaterPrograms::Job> LaterPrograms::take() {
  if (thread_.joinable()) thread_.join();
  std::uint64_t times = 0;
  if (event_->valid()) (void)!::read(event_->get(), &times, sizeof times);
  busy_ = false;
  const std::shared_ptr<Shared> done = std::exchange(shared_, nullptr);
  return std::move(done->jobs);
}

}  // namespace bondbox::lnx

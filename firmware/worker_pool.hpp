// The further loops as threads: each sleeps until one of its channels has frames.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "firmware/worker.hpp"
#include "hal/linux/worker_thread.hpp"
#include "hal/outcome.hpp"

namespace bondbox {

/// How many loops `loops = "auto"` means on so many CPUs: one, unless there are at least four, where the threads of the
/// programs that send and receive have CPUs of their own.
std::size_t automatic_loops(std::size_t cpus) noexcept;

/// To be destroyed after every bond that uses it.
class WorkerPool final : public LoopHost {
 public:
  WorkerPool() = default;
  ~WorkerPool() override;
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// So many loops, the caller's own included. Where a thread cannot be had, those before it are kept.
  Outcome start(std::size_t loops);

  std::size_t workers() const noexcept override { return members_.size(); }
  std::optional<std::size_t> add(LoopShare& share) override;
  void remove(std::size_t slot) override;
  void watch(std::size_t worker, std::size_t slot, std::size_t source, int handle) override;
  void forget(std::size_t worker, int handle) override { members_[worker]->thread.forget(handle); }
  void pause() override { lnx::sleep_a_moment(); }
  int wake_handle() const noexcept override { return main_.handle(); }
  void take_wake() override { main_.take(); }

 private:
  struct Member {
    Member(std::size_t number, ShareTables& tables) : worker(number, tables) {}
    Worker worker;
    lnx::WorkerThread thread;
  };

  int serve(Worker& worker, std::span<const std::uint32_t> tokens);

  ShareTables tables_;
  ShareTable table_{};
  lnx::Wakeup main_;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace bondbox

#include "firmware/file_writer.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/worker_thread.hpp"

namespace bondbox {
namespace {

constexpr std::int64_t end_limit_ms = 2'000;
constexpr std::uint32_t news_token = 0;

}  // namespace

/// What both threads know. Outlives the FileWriter where a file system does not come back.
struct FileWriter::Shared {
  ~Shared() {
    delete inbox.exchange(nullptr);
    delete outbox.exchange(nullptr);
  }

  /// All that is there, before what comes meanwhile.
  int serve() {
    news.take();
    while (const std::unique_ptr<Batch> batch{inbox.exchange(nullptr, std::memory_order_acq_rel)}) {
      for (Job& job : *batch) {
        job.outcome = job.work();
        job.work = nullptr;
        deliver(std::move(job));
      }
    }
    results.wake();
    told.store(true, std::memory_order_release);
    return -1;
  }

  void deliver(Job&& job) {
    std::unique_ptr<Batch> all{outbox.exchange(nullptr, std::memory_order_acq_rel)};
    if (!all) all = std::make_unique<Batch>();
    all->push_back(std::move(job));
    outbox.store(all.release(), std::memory_order_release);
  }

  std::atomic<Batch*> inbox{nullptr};   ///< stored into by who hands over alone, taken out of by both
  std::atomic<Batch*> outbox{nullptr};  ///< the other way round
  lnx::Wakeup news;
  lnx::Wakeup results;
  std::atomic<bool> told{false};  ///< after `results`, so that looking at it tells whether there is something to take
  lnx::WorkerThread thread;
};

FileWriter::FileWriter() : shared_(std::make_unique<Shared>()) {}

FileWriter::~FileWriter() {
  calls_back_ = false;
  if (!has_thread_ || wait(end_limit_ms)) return;
  // It cannot be joined, and what it works with must stay.
  (void)shared_.release();
}

Outcome FileWriter::start() {
  int error = shared_->news.open();
  if (error == 0) error = shared_->results.open();
  if (error != 0) return Outcome::failed(error, "no descriptor for the thread that writes files");
  Shared* const shared = shared_.get();
  Outcome outcome =
      shared->thread.start("bondbox-files", [shared](std::span<const std::uint32_t>) { return shared->serve(); });
  if (!outcome.ok()) return outcome;
  shared->thread.watch(shared->news.handle(), news_token);
  has_thread_ = true;
  return outcome;
}

void FileWriter::hand(std::string_view name, Work work, Done done) {
  Job job{std::string(name), ++sequence_, lnx::monotonic_ms(), std::move(work), std::move(done), {}};
  if (pending_.empty()) moved_ms_ = job.since_ms;
  if (!has_thread_) {
    pending_.push_back({job.name, job.number, job.since_ms});
    job.outcome = job.work();
    return finish(job);
  }
  std::unique_ptr<Batch> waiting{shared_->inbox.exchange(nullptr, std::memory_order_acq_rel)};
  if (!waiting) waiting = std::make_unique<Batch>();
  const auto before = std::find_if(waiting->begin(), waiting->end(), [&](const Job& one) { return one.name == name; });
  if (before != waiting->end()) {
    job.number = before->number;
    job.since_ms = before->since_ms;
    waiting->erase(before);
    ++replaced_;
  } else {
    pending_.push_back({job.name, job.number, job.since_ms});
  }
  waiting->push_back(std::move(job));
  shared_->inbox.store(waiting.release(), std::memory_order_release);
  shared_->news.wake();
}

void FileWriter::finish(Job& job) {
  moved_ms_ = lnx::monotonic_ms();
  worst_lag_ms_ = std::max(worst_lag_ms_, moved_ms_ - job.since_ms);
  std::erase_if(pending_, [&](const Pending& one) { return one.number == job.number; });
  ++(job.outcome.ok() ? written_ : failed_[job.name]);
  if (job.done && calls_back_) job.done(job.outcome);
}

void FileWriter::take_results() {
  if (!has_thread_) return;
  if (shared_->told.load(std::memory_order_relaxed) && shared_->told.exchange(false)) shared_->results.take();
  if (pending_.empty()) return;
  const std::unique_ptr<Batch> batch{shared_->outbox.exchange(nullptr, std::memory_order_acq_rel)};
  if (!batch) return;
  for (Job& job : *batch) finish(job);
}

int FileWriter::handle() const noexcept {
  return has_thread_ ? shared_->results.handle() : -1;
}

bool FileWriter::has_done(std::uint64_t number) const noexcept {
  return pending_.empty() || pending_.front().number > number;
}

bool FileWriter::wait(std::int64_t limit_ms) {
  const std::int64_t until_ms = lnx::monotonic_ms() + limit_ms;
  for (;;) {
    take_results();
    const std::int64_t left = until_ms - lnx::monotonic_ms();
    if (is_idle() || left <= 0) return is_idle();
    shared_->results.wait(left);
  }
}

std::int64_t FileWriter::lag_ms() const noexcept {
  return pending_.empty() ? 0 : lnx::monotonic_ms() - pending_.front().since_ms;
}

std::int64_t FileWriter::stuck_ms() const noexcept {
  return pending_.empty() ? 0 : lnx::monotonic_ms() - moved_ms_;
}

FileStatus FileWriter::status() const {
  FileStatus status;
  status.lag_ms = lag_ms();
  status.worst_lag_ms = std::max(worst_lag_ms_, status.lag_ms);
  if (!pending_.empty()) status.waits_for = pending_.front().name;
  status.written = written_;
  status.replaced = replaced_;
  status.failed.assign(failed_.begin(), failed_.end());
  return status;
}

}  // namespace bondbox

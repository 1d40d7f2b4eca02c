#include "firmware/worker_pool.hpp"

#include <algorithm>
#include <cstdio>

#include "hal/linux/wait_set.hpp"

namespace bondbox {
namespace {

constexpr std::uint32_t sources = 32;  // of one share: its ports and the host, to a power of two
static_assert(source_host < sources);
constexpr int retry_ms = 1;
constexpr std::size_t cpus_min = 4;

}  // namespace

std::size_t automatic_loops(std::size_t cpus) noexcept {
  return cpus < cpus_min ? 1 : std::min(cpus, loops_max);
}

WorkerPool::~WorkerPool() = default;

Outcome WorkerPool::start(std::size_t loops) {
  if (loops <= 1) return Outcome::done();
  if (const int error = main_.open(); error != 0)
    return Outcome::failed(error, "no descriptor by which loops could wake the main thread");
  for (std::size_t i = 0; i + 1 < std::min(loops, loops_max); ++i) {
    auto member = std::make_unique<Member>(i, tables_);
    Worker& worker = member->worker;
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "bondbox-%u", static_cast<unsigned>(i + 2));
    Outcome outcome = member->thread.start(
        name.data(), [this, &worker](std::span<const std::uint32_t> tokens) { return serve(worker, tokens); });
    if (!outcome.ok()) return outcome;
    members_.push_back(std::move(member));
  }
  return Outcome::done();
}

int WorkerPool::serve(Worker& worker, std::span<const std::uint32_t> tokens) {
  bool told = worker.has_leftovers() && worker.retry();
  bool waits = false;
  for (const std::uint32_t token : tokens) {
    told = worker.serve(token / sources, token % sources) || told;
    waits = waits || worker.waits();
  }
  if (told) main_.wake();
  if (waits) lnx::yield_cpu();
  return worker.has_leftovers() ? retry_ms : -1;
}

std::optional<std::size_t> WorkerPool::add(LoopShare& share) {
  const auto free = std::find(table_.begin(), table_.end(), nullptr);
  if (free == table_.end()) return std::nullopt;
  const auto slot = static_cast<std::size_t>(free - table_.begin());
  table_[slot] = &share;
  tables_.publish(table_);
  return slot;
}

void WorkerPool::remove(std::size_t slot) {
  table_[slot] = nullptr;
  const ShareTables::Epoch epoch = tables_.publish(table_);
  while (!tables_.passed(epoch)) pause();
}

void WorkerPool::watch(std::size_t worker, std::size_t slot, std::size_t source, int handle) {
  members_[worker]->thread.watch(handle, static_cast<std::uint32_t>(slot * sources + source));
}

}  // namespace bondbox

// Times each item and writes a line for it: its key, a tab, its title, a tab, nanoseconds for one piece of work, a tab,
// how many pieces a counting run does. Under callgrind (with the function below toggling collection, and a dump after
// it) no time is taken; each item, in the same order, makes one dump of exactly that many pieces.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <vector>

#include "tests/bench/micro/items.hpp"

/// Nothing but this is counted. Calls `work` so often; C linkage, so that it can be named to callgrind.
extern "C" __attribute__((noinline)) void bondbox_measured(const std::function<void()>* work, std::uint32_t times) {
  for (std::uint32_t i = 0; i < times; ++i) (*work)();
  asm volatile("" : : : "memory");
}

namespace bondbox::bench {
namespace {

constexpr std::uint32_t counted_calls = 20;
constexpr std::uint64_t sample_ns = 2'000'000;
constexpr int samples = 9;

std::uint64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

/// For one call: the smallest of several samples, for whatever disturbs only adds to it.
double time_of(const Item& item) {
  std::uint32_t times = 1;
  for (std::uint64_t took = 0; took < sample_ns / 4;) {
    times *= 2;
    const std::uint64_t begin = now_ns();
    bondbox_measured(&item.work, times);
    took = now_ns() - begin;
  }
  double best = 0;
  for (int i = 0; i < samples; ++i) {
    const std::uint64_t begin = now_ns();
    bondbox_measured(&item.work, times * 2);
    const double took = static_cast<double>(now_ns() - begin) / (times * 2.0);
    best = i == 0 ? took : std::min(best, took);
  }
  return best;
}

std::vector<Item> all_items() {
  std::vector<Item> items{{"nothing", "the measuring loop", 1, [] {}}};
  for (auto* const some : {&hash_items, &decision_items, &forwarder_items, &control_items})
    for (Item& item : some()) items.push_back(std::move(item));
  return items;
}

}  // namespace
}  // namespace bondbox::bench

int main(int argc, char* argv[]) {
  const bool counting = argc == 2 && std::strcmp(argv[1], "count") == 0;
  for (const bondbox::bench::Item& item : bondbox::bench::all_items()) {
    double ns = 0;
    if (counting)
      bondbox_measured(&item.work, bondbox::bench::counted_calls);
    else
      ns = bondbox::bench::time_of(item) / item.per_call;
    std::printf("%s\t%s\t%.3f\t%u\n", item.key.c_str(), item.title.c_str(), ns,
                bondbox::bench::counted_calls * item.per_call);
  }
  return 0;
}

#include "tests/bench/cables.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <utility>

namespace bondbox::bench {
namespace {

void open_in(const lab::Namespace& space, lnx::Interfaces& interfaces) {
  const lab::Namespace::Stay inside(space);
  if (const int error = interfaces.open(); error != 0)
    throw std::runtime_error(std::string("no rtnetlink: ") + std::strerror(error));
}

void must(const lab::CommandResult& result) {
  if (!result.ok()) throw std::runtime_error("a cable cannot be pulled or laid: " + result.output);
}

void set_up(lnx::Interfaces& interfaces, const std::string& name, bool up) {
  lnx::InterfaceInfo info;
  int error = interfaces.find(name, info);
  if (error == 0) error = interfaces.set_flags(info.index, up ? static_cast<std::uint32_t>(IFF_UP) : 0U, IFF_UP);
  if (error != 0) throw std::runtime_error(name + " cannot be set up or down: " + std::strerror(error));
}

}  // namespace

Cables::Cables(const lab::Namespace& box, const lab::Namespace& town, std::vector<Cable> cables)
    : box_space_(box), town_space_(town), cables_(std::move(cables)) {
  open_in(town, town_);
  open_in(box, box_);
  const lab::Namespace::Stay inside(town);
  counters_ = lnx::UniqueFd(::open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC));
  if (!counters_.valid()) throw std::runtime_error("no counters of the peer's interfaces");
}

std::size_t Cables::carrying() const {
  const std::vector<std::uint64_t> before = count();
  std::this_thread::sleep_for(std::chrono::milliseconds(8));
  const std::vector<std::uint64_t> after = count();
  std::size_t best = 0;
  for (std::size_t i = 1; i < after.size(); ++i)
    if (after[i] - before[i] > after[best] - before[best]) best = i;
  return best;
}

void Cables::pull(std::size_t cable, PullKind kind) {
  const Cable& it = cables_[cable];
  switch (kind) {
    case PullKind::far_end:
      return set_up(town_, it.far_end, false);
    case PullKind::near_end:
      return set_up(box_, it.near_end, false);
    case PullKind::removal:
      return must(lab::run_command("ip -n " + box_space_.name() + " link del " + it.near_end));
  }
}

void Cables::put_back(std::size_t cable, PullKind kind) {
  const Cable& it = cables_[cable];
  if (kind == PullKind::near_end) {
    set_up(box_, it.near_end, true);
  } else {
    if (kind == PullKind::removal) {
      lab::lay_cable(box_space_, it.near_end, town_space_, it.far_end, it.index);
      if (!it.peer_of.empty())
        must(lab::run_command("ip -n " + town_space_.name() + " link set " + it.far_end + " master " + it.peer_of));
    }
    set_up(town_, it.far_end, true);
  }
  // A bridge forwards on a port when the kernel has told it of the link, up to a second later. Asking for the
  // interface brings that forward (since Linux 6.8), saying so to the bridge does on older kernels: so it is a
  // switch, which forwards at once.
  lnx::InterfaceInfo info;
  (void)town_.find(it.far_end, info);
  if (!it.peer_of.empty() && (info.flags & IFF_RUNNING) == 0)
    (void)lab::run_command("bridge -n " + town_space_.name() + " link set dev " + it.far_end + " state 3");
}

/// Packets that each far end has received and sent.
std::vector<std::uint64_t> Cables::count() const {
  std::array<char, 8192> text{};
  const ssize_t got = ::pread(counters_.get(), text.data(), text.size() - 1, 0);
  std::vector<std::uint64_t> counts(cables_.size());
  if (got <= 0) return counts;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::string key = cables_[i].far_end + ":";
    const char* const line = std::strstr(text.data(), key.c_str());
    unsigned long long received = 0;
    unsigned long long sent = 0;
    if (line != nullptr &&
        std::sscanf(line + key.size(), " %*u %llu %*u %*u %*u %*u %*u %*u %*u %llu", &received, &sent) == 2)
      counts[i] = received + sent;
  }
  return counts;
}

}  // namespace bondbox::bench

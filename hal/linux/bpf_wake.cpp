#include "hal/linux/bpf_wake.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "hal/linux/bpf/layout.hpp"

namespace bondbox::lnx {
namespace {

/// A position in the kernel's word size; read and written by both sides at once.
using Position = unsigned long;

Position load(const std::uint8_t* at) noexcept {
  return __atomic_load_n(reinterpret_cast<const Position*>(at), __ATOMIC_ACQUIRE);
}

}  // namespace

int BpfWake::make() {
  page_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  size_ = std::max<std::size_t>(bpf_wake_size, page_);
  if (const int error = map_.make({.name = "bondbox_wake",
                                   .type = BPF_MAP_TYPE_RINGBUF,
                                   .value_size = 0,
                                   .entries = static_cast<std::uint32_t>(size_),
                                   .flags = 0});
      error != 0)
    return error;
  return map_memory();
}

int BpfWake::take_over(UniqueFd map) {
  page_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  size_ = std::max<std::size_t>(bpf_wake_size, page_);
  map_.take_over(std::move(map));
  return map_memory();
}

int BpfWake::map_memory() {
  int error = consumer_.map(map_.fd(), page_, PROT_READ | PROT_WRITE, 0);
  if (error == 0) error = producer_.map(map_.fd(), page_ + 2 * size_, PROT_READ, page_);
  if (error != 0) map_ = {};
  return error;
}

bool BpfWake::take() noexcept {
  if (producer_.data() == nullptr) return false;
  const Position before = load(consumer_.data());
  const Position end = load(producer_.data());
  Position at = before;
  while (at < end) {
    const std::uint8_t* const record = producer_.data() + page_ + (at & (size_ - 1));
    const std::uint32_t length = __atomic_load_n(reinterpret_cast<const std::uint32_t*>(record), __ATOMIC_ACQUIRE);
    // Not finished yet: its writer wakes us again.
    if ((length & BPF_RINGBUF_BUSY_BIT) != 0) break;
    constexpr std::uint32_t flags = BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT;
    at += ((length & ~flags) + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
  }
  if (at == before) return false;
  __atomic_store_n(reinterpret_cast<Position*>(consumer_.data()), at, __ATOMIC_RELEASE);
  return true;
}

}  // namespace bondbox::lnx

#include "hal/linux/memory.hpp"

#include <malloc.h>

namespace bondbox::lnx {
namespace {

/// Larger than what comes and goes all the time, smaller than the copies that are made for files.
constexpr int mapped_from = 48 * 1024;
constexpr int left_at_top = 32 * 1024;  // less than mapped_from, so that no large block is cut from it
constexpr int taken_at_once = 16 * 1024;

}  // namespace

void give_memory_back() {
  // Left to itself, glibc takes larger blocks from the heap once one has been freed, keeps twice as much at its end,
  // and has one heap for each thread: what a failover's trace needs for a moment stays for good.
  (void)::mallopt(M_MMAP_THRESHOLD, mapped_from);
  (void)::mallopt(M_TRIM_THRESHOLD, left_at_top);
  (void)::mallopt(M_TOP_PAD, taken_at_once);
  (void)::mallopt(M_ARENA_MAX, 1);
}

void give_free_pages_back() {
  (void)::malloc_trim(0);
}

}  // namespace bondbox::lnx

#include "hal/linux/bpf_syscall.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace bondbox::lnx {
namespace {

/// A request, zero in every byte: the kernel refuses what is set where it knows nothing.
bpf_attr blank() noexcept {
  bpf_attr request;
  std::memset(&request, 0, sizeof request);
  return request;
}

constexpr std::uint32_t tcx_ingress = 46;  // BPF_TCX_INGRESS and BPF_TCX_EGRESS, since Linux 6.6
constexpr std::uint32_t tcx_egress = 47;

/// A descriptor or count, or a negative errno.
int call(bpf_cmd command, bpf_attr& request) {
  const long result = ::syscall(SYS_bpf, command, &request, sizeof(bpf_attr));
  return result < 0 ? -errno : static_cast<int>(result);
}

std::uint64_t pointer(const void* to) noexcept {
  return reinterpret_cast<std::uintptr_t>(to);
}

template <std::size_t size>
void put_name(char (&place)[size], const char* name) noexcept {
  std::strncpy(place, name, size - 1);
}

void lock_any_memory() {
  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
  (void)::setrlimit(RLIMIT_MEMLOCK, &all);
}

std::uint32_t device_hook(BpfHook hook) noexcept {
  return hook == BpfHook::ingress ? tcx_ingress : tcx_egress;
}

/// The verifier ends with counts of its work; the sentence before those is the complaint.
std::string last_sentence(std::string_view log) {
  std::string_view found;
  while (!log.empty()) {
    const std::size_t end = std::min(log.find('\n'), log.size());
    const std::string_view line = log.substr(0, end);
    if (!line.empty() && !line.starts_with("processed ") && !line.starts_with("verification time")) found = line;
    log.remove_prefix(std::min(end + 1, log.size()));
  }
  return std::string(found.substr(0, 200));
}

}  // namespace

int BpfMap::make(const BpfMapShape& shape) {
  bpf_attr request = blank();
  request.map_type = shape.type;
  request.key_size = shape.type == BPF_MAP_TYPE_RINGBUF ? 0 : sizeof(std::uint32_t);
  request.value_size = shape.value_size;
  request.max_entries = shape.entries;
  request.map_flags = shape.flags;
  put_name(request.map_name, shape.name);
  int made = call(BPF_MAP_CREATE, request);
  if (made == -EPERM) {
    lock_any_memory();
    made = call(BPF_MAP_CREATE, request);
  }
  if (made < 0) return -made;
  fd_ = UniqueFd(made);
  return 0;
}

int BpfMap::update(std::uint32_t key, const void* value) const {
  bpf_attr request = blank();
  request.map_fd = static_cast<std::uint32_t>(fd_.get());
  request.key = pointer(&key);
  request.value = pointer(value);
  return -std::min(call(BPF_MAP_UPDATE_ELEM, request), 0);
}

int BpfMap::lookup(std::uint32_t key, void* value) const {
  bpf_attr request = blank();
  request.map_fd = static_cast<std::uint32_t>(fd_.get());
  request.key = pointer(&key);
  request.value = pointer(value);
  return -std::min(call(BPF_MAP_LOOKUP_ELEM, request), 0);
}

int BpfMemory::map(int fd, std::size_t size, int protection, std::size_t offset) {
  unmap();
  void* const got = ::mmap(nullptr, size, protection, MAP_SHARED, fd, static_cast<off_t>(offset));
  if (got == MAP_FAILED) return errno;
  data_ = static_cast<std::uint8_t*>(got);
  size_ = size;
  return 0;
}

void BpfMemory::unmap() noexcept {
  if (data_ != nullptr) (void)::munmap(data_, size_);
  data_ = nullptr;
}

int load_program(const BpfProgramShape& shape, UniqueFd& program, std::string& complaint) {
  bpf_attr request = blank();
  request.prog_type = shape.type;
  request.insns = pointer(shape.code.data());
  request.insn_cnt = static_cast<std::uint32_t>(shape.code.size());
  // The kernel gives some of its helpers (reading its memory) only to programs that name the GPL here.
  request.license = pointer("Dual MIT/GPL");
  put_name(request.prog_name, shape.name);
  int loaded = call(BPF_PROG_LOAD, request);
  if (loaded == -EPERM) {
    // Before Linux 5.11 programs, too, count as locked memory.
    lock_any_memory();
    loaded = call(BPF_PROG_LOAD, request);
  }
  // The verifier gives up when a signal waits.
  for (int i = 0; i < 5 && loaded == -EAGAIN; ++i) loaded = call(BPF_PROG_LOAD, request);
  if (loaded >= 0) {
    program = UniqueFd(loaded);
    return 0;
  }
  // Once more for the verifier's words. A log that is too small is an error (ENOSPC) that would hide the first.
  std::string log(256 * 1024, '\0');
  request.log_level = 1;
  request.log_buf = pointer(log.data());
  request.log_size = static_cast<std::uint32_t>(log.size());
  if (const int again = call(BPF_PROG_LOAD, request); again >= 0) {
    program = UniqueFd(again);
    return 0;
  }
  complaint = last_sentence(log.c_str());
  return -loaded;
}

int run_program(int program, int index) {
  std::array<std::uint8_t, 64> frame{};
  __sk_buff context{};
  context.ifindex = static_cast<std::uint32_t>(index);
  bpf_attr request = blank();
  request.test.prog_fd = static_cast<std::uint32_t>(program);
  request.test.data_in = pointer(frame.data());
  request.test.data_size_in = frame.size();
  request.test.ctx_in = pointer(&context);
  request.test.ctx_size_in = sizeof context;
  return -std::min(call(BPF_PROG_TEST_RUN, request), 0);
}

bool is_named(int program, const char* name) {
  bpf_prog_info about{};
  bpf_attr request = blank();
  request.info.bpf_fd = static_cast<std::uint32_t>(program);
  request.info.info = pointer(&about);
  request.info.info_len = sizeof about;
  return call(BPF_OBJ_GET_INFO_BY_FD, request) >= 0 && std::string_view(about.name) == name;
}

namespace {

/// To open a program by its number takes CAP_SYS_ADMIN, which a daemon has given up; so it keeps descriptors of those
/// that it will have to know again.
struct KnownProgram {
  std::uint32_t number = 0;
  bool left = false;  ///< by a process before this one
  UniqueFd fd;
};

std::vector<KnownProgram>& known_programs() {
  static std::vector<KnownProgram> known;
  return known;
}

std::uint32_t number_of(int program) {
  bpf_prog_info about{};
  bpf_attr request = blank();
  request.info.bpf_fd = static_cast<std::uint32_t>(program);
  request.info.info = pointer(&about);
  request.info.info_len = sizeof about;
  return call(BPF_OBJ_GET_INFO_BY_FD, request) >= 0 ? about.id : 0;
}

UniqueFd copy_of(int fd) {
  return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

UniqueFd open_program(std::uint32_t number) {
  for (const KnownProgram& known : known_programs())
    if (known.number == number) return copy_of(known.fd.get());
  bpf_attr wanted = blank();
  wanted.prog_id = number;
  return UniqueFd(call(BPF_PROG_GET_FD_BY_ID, wanted));
}

void forget_program(int program) {
  const std::uint32_t number = number_of(program);
  std::erase_if(known_programs(), [number](const KnownProgram& known) { return known.number == number; });
}

}  // namespace

void know_left_programs(std::span<const char* const> names) {
  constexpr int most = 4'096;
  bpf_attr next = blank();
  for (int i = 0; i < most && call(BPF_PROG_GET_NEXT_ID, next) == 0; ++i) {
    next.start_id = next.next_id;
    UniqueFd program = open_program(next.next_id);
    const auto is_it = [&program](const char* name) { return program.valid() && is_named(program.get(), name); };
    if (std::any_of(names.begin(), names.end(), is_it))
      known_programs().push_back({next.next_id, true, std::move(program)});
  }
}

void forget_left_programs() {
  std::erase_if(known_programs(), [](const KnownProgram& known) { return known.left; });
}

void know_program(int program) {
  // Interfaces that vanished took theirs along untold, so the oldest make room: there are 64 bonds of 17 interfaces.
  constexpr std::size_t most = 2'048;
  if (known_programs().size() == most) known_programs().erase(known_programs().begin());
  if (UniqueFd copy = copy_of(program); copy.valid())
    known_programs().push_back({number_of(program), false, std::move(copy)});
}

UniqueFd program_on_device(int index, BpfHook hook, const char* name) {
  std::array<std::uint32_t, 64> numbers{};
  bpf_attr query = blank();
  query.query.target_fd = static_cast<std::uint32_t>(index);
  query.query.attach_type = device_hook(hook);
  query.query.prog_ids = pointer(numbers.data());
  query.query.prog_cnt = numbers.size();
  if (call(BPF_PROG_QUERY, query) < 0) return {};
  for (std::size_t i = 0; i < numbers.size() && i < query.query.prog_cnt; ++i) {
    UniqueFd program = open_program(numbers[i]);
    if (program.valid() && is_named(program.get(), name)) return program;
  }
  return {};
}

int attach_to_device(int index, BpfHook hook, int program, const char* name) {
  const UniqueFd before = program_on_device(index, hook, name);
  bpf_attr request = blank();
  request.target_fd = static_cast<std::uint32_t>(index);
  request.attach_bpf_fd = static_cast<std::uint32_t>(program);
  request.attach_type = device_hook(hook);
  if (before.valid()) {
    request.attach_flags = BPF_F_REPLACE;
    request.replace_bpf_fd = static_cast<std::uint32_t>(before.get());
  }
  if (const int attached = call(BPF_PROG_ATTACH, request); attached < 0) return -attached;
  if (before.valid()) forget_program(before.get());
  know_program(program);
  return 0;
}

int detach_from_device(int index, BpfHook hook, int program) {
  forget_program(program);
  bpf_attr request = blank();
  request.target_fd = static_cast<std::uint32_t>(index);
  request.attach_bpf_fd = static_cast<std::uint32_t>(program);
  request.attach_type = device_hook(hook);
  return -std::min(call(BPF_PROG_DETACH, request), 0);
}

std::string missing_bpf_rights() {
  struct Right {
    unsigned number;
    const char* name;
  };
  constexpr unsigned system_admin = 21;  // has held all of these since before there were others
  constexpr std::array rights{Right{39, "CAP_BPF"}, Right{38, "CAP_PERFMON"}, Right{12, "CAP_NET_ADMIN"}};
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> held{};
  if (::syscall(SYS_capget, &header, held.data()) != 0) return {};
  const auto has = [&held](unsigned number) { return (held[number / 32].effective >> number % 32 & 1) != 0; };
  std::string missing;
  for (const Right& right : rights) {
    const bool covered = right.number >= 32 && has(system_admin);
    if (!has(right.number) && !covered) missing.append(missing.empty() ? "" : " and ").append(right.name);
  }
  return missing;
}

std::uint32_t possible_cpus() {
  std::array<char, 256> text{};
  const UniqueFd file(::open("/sys/devices/system/cpu/possible", O_RDONLY | O_CLOEXEC));
  if (!file.valid() || ::read(file.get(), text.data(), text.size() - 1) <= 0) return 0;
  std::uint32_t count = 0;
  for (const char* at = text.data(); *at >= '0' && *at <= '9';) {
    char* end = nullptr;
    const unsigned long first = std::strtoul(at, &end, 10);
    const unsigned long last = *end == '-' ? std::strtoul(end + 1, &end, 10) : first;
    if (last < first || last > 65'535) return 0;
    count += static_cast<std::uint32_t>(last - first + 1);
    at = *end == ',' ? end + 1 : end;
  }
  return count;
}

}  // namespace bondbox::lnx

#include "hal/linux/tap_queues.hpp"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "hal/packet.hpp"

namespace bondbox::lnx {
namespace {

constexpr unsigned uso4 = 0x20;  // TUN_F_USO4 and TUN_F_USO6, since Linux 6.2
constexpr unsigned uso6 = 0x40;
constexpr short device_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;

/// Asks for as much as the kernel can leave to us; each older kernel refuses a set that it does not know whole.
void set_offload(int fd) {
  constexpr unsigned checksum = TUN_F_CSUM;
  constexpr unsigned tcp = checksum | TUN_F_TSO4 | TUN_F_TSO6;
  for (const unsigned features : std::array{tcp | TUN_F_TSO_ECN | uso4 | uso6, tcp | TUN_F_TSO_ECN, tcp, checksum})
    if (::ioctl(fd, TUNSETOFFLOAD, static_cast<unsigned long>(features)) == 0) return;
}

int attach(UniqueFd& fd, std::string_view name, int flags) {
  fd = UniqueFd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) return errno;
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), name.size());
  request.ifr_flags = static_cast<short>(device_flags | flags);
  return ::ioctl(fd.get(), TUNSETIFF, &request) == 0 ? 0 : errno;
}

/// Everything that the host has not put elsewhere goes to queue 0. errno, 0: done.
int steer_to_first(int fd) {
  constexpr std::array<bpf_insn, 2> program{bpf_insn{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0},
                                            bpf_insn{BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  bpf_attr request{};
  request.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  request.insns = reinterpret_cast<std::uintptr_t>(program.data());
  request.insn_cnt = program.size();
  request.license = reinterpret_cast<std::uintptr_t>("");
  const UniqueFd loaded(static_cast<int>(::syscall(SYS_bpf, BPF_PROG_LOAD, &request, sizeof request)));
  if (!loaded.valid()) return errno;
  int number = loaded.get();
  return ::ioctl(fd, TUNSETSTEERINGEBPF, &number) == 0 ? 0 : errno;
}

}  // namespace

int TapQueues::make(std::string_view name, bool several) {
  UniqueFd fd;
  if (several) {
    int error = attach(fd, name, IFF_TUN_EXCL | IFF_MULTI_QUEUE);
    if (error == 0) error = steer_to_first(fd.get());
    several_ = error == 0;
    if (error == EBUSY || error == EEXIST) return error;
    if (error != 0) {
      refusal_ =
          std::string("the kernel keeps no frames apart by queue (bpf(2) and TUNSETSTEERINGEBPF, Linux 4.16): ") +
          std::strerror(error);
    }
  }
  if (!several_) {
    fd.reset();  // takes away a device whose queues cannot be used
    if (const int error = attach(fd, name, IFF_TUN_EXCL); error != 0) return error;
  }
  return start(std::move(fd));
}

int TapQueues::take_over(std::string_view name, bool several) {
  UniqueFd fd;
  if (const int error = attach(fd, name, several ? IFF_MULTI_QUEUE : 0); error != 0) return error;
  several_ = several;
  if (several) (void)steer_to_first(fd.get());  // the program of then still stands where this one is refused
  return start(std::move(fd));
}

int TapQueues::start(UniqueFd fd) {
  int size = sizeof(OffloadHeader);
  if (::ioctl(fd.get(), TUNSETVNETHDRSZ, &size) != 0) return errno;
  set_offload(fd.get());
  fds_.push_back(std::move(fd));
  return 0;
}

Outcome TapQueues::open_next(std::string_view name) {
  UniqueFd fd;
  const int error = attach(fd, name, IFF_MULTI_QUEUE);
  if (error != 0)
    return Outcome::failed(error, std::string("the kernel refuses a further queue: ") + std::strerror(error));
  fds_.push_back(std::move(fd));
  return Outcome::done();
}

Outcome TapQueues::set_count(std::size_t count, std::string_view name) {
  if (count == 0 || count > queues_max) return Outcome::failed(EINVAL, "a TAP device has 1 to 17 queues");
  if (count > 1 && !several_) return Outcome::failed(EOPNOTSUPP, refusal_);
  wanted_ = count;
  while (fds_.size() < wanted_)
    if (Outcome opened = open_next(name); !opened.ok()) return opened;
  return Outcome::done();
}

void TapQueues::close_last() noexcept {
  fds_[fds_.size() - 1].reset();
  fds_.erase_at(fds_.size() - 1);
}

void TapQueues::found_empty(std::size_t queue) noexcept {
  // From the last one on: the driver gives the number of a queue that is closed to the last one.
  if (queue + 1 == fds_.size() && fds_.size() > wanted_) close_last();
}

void TapQueues::silence() noexcept {
  wanted_ = 1;
  while (fds_.size() > 1) close_last();
  if (!fds_.empty()) fds_[0].silence();
}

}  // namespace bondbox::lnx

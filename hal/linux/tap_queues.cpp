#include "hal/linux/tap_queues.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "hal/linux/flow_spread.hpp"
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

int steer(int fd, FlowSpread spread) {
  UniqueFd program;
  if (const int error = load_spread(spread, program); error != 0) return error;
  int number = program.get();
  return ::ioctl(fd, TUNSETSTEERINGEBPF, &number) == 0 ? 0 : errno;
}

Result<UniqueFd> attach_further(std::string_view name) {
  UniqueFd fd;
  if (const int error = attach(fd, name, IFF_MULTI_QUEUE); error != 0)
    return Outcome::failed(error, std::string("the kernel refuses a further queue: ") + std::strerror(error));
  return fd;
}

}  // namespace

int TapQueues::make(std::string_view name, std::size_t queues, std::size_t channels) {
  UniqueFd fd;
  if (queues > 1 || channels > 1) {
    int error = attach(fd, name, IFF_TUN_EXCL | IFF_MULTI_QUEUE);
    if (error == 0) error = steer(fd.get(), FlowSpread::first);
    if (error == EBUSY || error == EEXIST) return error;
    if (error == 0) {
      purpose_ = queues > 1 ? Purpose::queues : Purpose::channels;
    } else {
      refusal_ =
          std::string("the kernel keeps no frames apart by queue (bpf(2) and TUNSETSTEERINGEBPF, Linux 4.16): ") +
          std::strerror(error);
    }
  }
  if (purpose_ == Purpose::one) {
    fd.reset();  // takes away a device whose queues cannot be used
    if (const int error = attach(fd, name, IFF_TUN_EXCL); error != 0) return error;
  }
  return start(std::move(fd));
}

int TapQueues::take_over(std::string_view name, bool several, std::size_t queues, std::size_t channels) {
  UniqueFd fd;
  if (const int error = attach(fd, name, several ? IFF_MULTI_QUEUE : 0); error != 0) return error;
  if (several) purpose_ = queues == 1 && channels > 1 ? Purpose::channels : Purpose::queues;
  if (several) (void)steer(fd.get(), FlowSpread::first);  // the program of then still stands where this one is refused
  return start(std::move(fd));
}

void TapQueues::take_over(std::vector<UniqueFd> queues, bool several, std::size_t wanted, std::size_t channels) {
  if (several) purpose_ = wanted == 1 && channels > 1 ? Purpose::channels : Purpose::queues;
  wanted_ = wanted;
  for (UniqueFd& fd : queues) fds_.push_back(std::move(fd));
}

int TapQueues::start(UniqueFd fd) {
  int size = sizeof(OffloadHeader);
  if (::ioctl(fd.get(), TUNSETVNETHDRSZ, &size) != 0) return errno;
  set_offload(fd.get());
  fds_.push_back(std::move(fd));
  return 0;
}

Outcome TapQueues::set_count(std::size_t count, std::string_view name) {
  if (count == 0 || count > queues_max) return Outcome::failed(EINVAL, "a TAP device has 1 to 17 queues");
  if (count > 1 && purpose_ != Purpose::queues) return Outcome::failed(EOPNOTSUPP, refusal_);
  wanted_ = count;
  while (fds_.size() < wanted_) {
    auto fd = attach_further(name);
    if (!fd.ok()) return fd.failure();
    fds_.push_back(std::move(fd.value()));
  }
  return Outcome::done();
}

Result<UniqueFd> TapQueues::open_channel(std::string_view name) {
  if (purpose_ != Purpose::channels) return Outcome::failed(EOPNOTSUPP, refusal_);
  return attach_further(name);
}

Outcome TapQueues::spread_flows(bool on) {
  if (purpose_ != Purpose::channels) return on ? Outcome::failed(EOPNOTSUPP, refusal_) : Outcome::done();
  if (const int error = steer(fds_[0].get(), on ? FlowSpread::by_flow : FlowSpread::first); error != 0)
    return Outcome::failed(error, std::string("the kernel refuses to spread flows: ") + std::strerror(error));
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

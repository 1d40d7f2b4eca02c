#include "hal/linux/wait_set.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

namespace bondbox::lnx {

Outcome WaitSet::open() {
  // Ports of many bonds need more descriptors than the usual soft limit; what may be had is had.
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
  }
  epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (epoll_.get() >= 0) return Outcome::done();
  const int error = errno;
  return Outcome::failed(error, std::string("cannot watch descriptors: ") + std::strerror(error));
}

void WaitSet::watch(std::span<const int> handles) {
  // A number may stand for another file by now: all are taken out before any is put in.
  for (const int handle : watched_) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, handle, nullptr);
  watched_.assign(handles.begin(), handles.end());
  for (const int handle : watched_) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = handle;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, handle, &event);
  }
}

}  // namespace bondbox::lnx

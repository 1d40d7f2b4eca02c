// Contract: the machine. Opens NICs and host ports, and tells when something about them changed by itself.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "hal/host_port.hpp"
#include "hal/nic.hpp"
#include "hal/offload.hpp"
#include "hal/outcome.hpp"
#include "hal/wire/fixed_vector.hpp"

namespace bondbox {

struct HardwareEvent {
  enum class Kind : std::uint8_t {
    link_changed,  ///< look at the NIC's link now rather than at the next poll
    nic_vanished,  ///< its interface was removed
    nic_appeared,  ///< an interface of this name came into being
    host_changed,  ///< up or down, MAC, MTU, promiscuity or addresses of a host port (or of what is on top of it)
  };
  Kind kind = Kind::link_changed;
  std::string name;  ///< of the interface
};

class Hardware {
 public:
  virtual ~Hardware() = default;

  /// Claims the NIC (see nic.hpp). Fails with ENODEV when there is none of this name, EBUSY when it is claimed already
  /// or is itself a bond or the member of a bridge or another bond, EPERM without the right, EINVAL when it is not
  /// Ethernet. On failure nothing about the interface has changed.
  virtual Result<std::unique_ptr<Nic>> open_nic(std::string_view name, LinkSource source) = 0;

  /// Whether an interface of this name exists, claimed or not.
  virtual bool has_interface(std::string_view name) = 0;

  /// Makes the interface. Fails with EEXIST when the name is taken by something else, EPERM, ENOENT where the host
  /// cannot make one (no TAP driver), EINVAL for a bad name. With `queues` above 1 it is one whose set_queues() may be
  /// asked for more than one, where the host can do that; it has one at first. With one queue and `channels` above 1 it
  /// is one whose open_channel() may be called so often less one, where the host can do that.
  virtual Result<std::unique_ptr<HostPort>> open_host_port(std::string_view name, std::size_t queues = 1,
                                                           std::size_t channels = 1) = 0;

  /// Lets plans of the bond whose interface `host` is be executed below the daemon. Fails with EOPNOTSUPP where there
  /// is nothing that could, EPERM without the right, or the kernel's own errno; the reason says which part was refused.
  /// `host` outlives it.
  virtual Result<std::unique_ptr<Offload>> open_offload(HostPort& host) {
    return Outcome::failed(EOPNOTSUPP, std::string(host.name()) + " has nothing below it that could carry frames");
  }

  /// Appends what changed since the last call, oldest first, until `events` is full. Never blocks. Events that were
  /// lost below are made good by one link_changed with an empty name: look at everything.
  virtual void poll_events(FixedVector<HardwareEvent, 64>& events) = 0;

  /// As Nic::wait_handle, for poll_events.
  virtual int wait_handle() const noexcept = 0;
};

}  // namespace bondbox

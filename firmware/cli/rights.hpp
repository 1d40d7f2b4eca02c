// What the daemon may do once it runs, and who may ask it.
#pragma once

#include <functional>
#include <string>

#include "firmware/config/bond_config.hpp"
#include "firmware/log.hpp"
#include "firmware/privilege_status.hpp"
#include "firmware/runtime.hpp"
#include "hal/linux/linux_hardware.hpp"
#include "hal/linux/sandbox.hpp"

namespace bondbox::cli {

class Rights {
 public:
  using Say = std::function<void(LogLevel, const std::string&)>;

  Rights(lnx::LinuxHardware& hardware, Runtime& runtime, Say say)
      : hardware_(hardware), runtime_(runtime), say_(std::move(say)) {}

  /// Before everything that may fail for want of a right, so that it does so now and not in the first night; and while
  /// there is one thread. ENOENT: there is no such group as the configuration's readers.
  Outcome give_up(const Config& config);
  PrivilegeStatus status() const;
  /// A call that is missing in the list is a fault of the program's, or somebody is at work in it: each new one is
  /// told.
  void tell_refused_calls();

 private:
  lnx::LinuxHardware& hardware_;
  Runtime& runtime_;
  Say say_;
  bool wanted_ = false;
  lnx::SandboxState sandbox_;
  lnx::RefusedCall told_;
};

}  // namespace bondbox::cli

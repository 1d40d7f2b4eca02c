#pragma once

#include <string>

#include "hal/linux/unique_fd.hpp"

namespace bondbox::test {

/// A directory of its own under $TMPDIR or /tmp, removed with what is in it. Those of a run that was killed are removed
/// by the next one: the owner holds a lock on its directory, and the kernel lets go of it however the owner ends.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  lnx::UniqueFd lock_;
};

}  // namespace bondbox::test

#include "tests/support/scratch_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <stdexcept>

namespace bondbox::test {
namespace {

/// In user-mode-linux /tmp is this machine's, but locks are not: so a kernel looks after its own directories only.
std::string prefix() {
  std::string boot = "none";
  if (std::FILE* const file = std::fopen("/proc/sys/kernel/random/boot_id", "re"); file != nullptr) {
    char text[9] = "";
    if (std::fgets(text, sizeof text, file) != nullptr) boot = text;
    std::fclose(file);
  }
  return "bondbox-test-" + boot + "-";
}

std::string parent() {
  const char* const given = std::getenv("TMPDIR");
  return given != nullptr && *given == '/' ? given : "/tmp";
}

bool lock(const lnx::UniqueFd& directory) {
  return directory.valid() && ::flock(directory.get(), LOCK_EX | LOCK_NB) == 0;
}

lnx::UniqueFd open_directory(const std::string& path) {
  return lnx::UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// Directories whose owner is no more. One that was made just now may not have its lock yet.
void sweep() {
  constexpr std::time_t settled_s = 60;
  const std::string wanted = prefix();
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(parent(), ignored)) {
    if (!entry.path().filename().string().starts_with(wanted)) continue;
    struct stat found {};
    const lnx::UniqueFd directory = open_directory(entry.path());
    if (!directory.valid() || ::fstat(directory.get(), &found) != 0) continue;
    if (std::time(nullptr) - found.st_ctime < settled_s || !lock(directory)) continue;
    std::filesystem::remove_all(entry.path(), ignored);
  }
}

}  // namespace

ScratchDirectory::ScratchDirectory() {
  static const bool swept = (sweep(), true);
  (void)swept;
  std::string pattern = parent() + "/" + prefix() + "XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch directory");
  path_ = pattern;
  lock_ = open_directory(path_);
  (void)lock(lock_);
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace bondbox::test

// Who serves a run directory, as the kernel's list of locks tells it.
#include "hal/linux/left_bonds.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <string>

#include "hal/linux/unique_fd.hpp"
#include "tests/support/scratch_directory.hpp"

namespace bondbox::lnx {
namespace {

using test::ScratchDirectory;

UniqueFd locked(const std::string& path, int how) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  BOOST_REQUIRE(::flock(fd.get(), how | LOCK_NB) == 0);
  return fd;
}

/// Another process that holds the lock of a run directory, until the object ends.
class Holder {
 public:
  Holder(const std::string& run_dir, int how) {
    std::array<int, 2> told{};
    BOOST_REQUIRE(::pipe2(told.data(), O_CLOEXEC) == 0);
    const UniqueFd in(told[0]);
    UniqueFd out(told[1]);
    pid_ = ::fork();
    BOOST_REQUIRE(pid_ >= 0);
    if (pid_ == 0) hold(run_dir + "/lock", how, out.get());
    out.reset();
    char word = 0;
    BOOST_REQUIRE(::read(in.get(), &word, 1) == 1);
  }
  ~Holder() {
    ::kill(pid_, SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  [[noreturn]] static void hold(const std::string& path, int how, int told) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (::flock(fd, how | LOCK_NB) != 0 || ::write(told, "!", 1) != 1) ::_exit(1);
    ::alarm(60);
    ::pause();
    ::_exit(0);
  }

  pid_t pid_ = -1;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(linux_left_bonds)

BOOST_AUTO_TEST_CASE(who_holds_the_lock_serves_whatever_else_is_locked_and_however) {
  for (const int how : {LOCK_EX, LOCK_SH}) {
    const ScratchDirectory run;
    const UniqueFd before = locked(run.path() + "/before", LOCK_EX);
    const Holder holder(run.path(), how);
    const UniqueFd after = locked(run.path() + "/after", LOCK_EX);
    const Server server = server_of(run.path());
    BOOST_TEST(server.is_alive);
    BOOST_TEST(server.pid == holder.pid());
  }
}

BOOST_AUTO_TEST_CASE(a_lock_of_somebody_elses_is_not_the_run_directorys) {
  const ScratchDirectory run;
  const ScratchDirectory elsewhere;
  const UniqueFd other = locked(elsewhere.path() + "/lock", LOCK_EX);
  BOOST_TEST(server_of(run.path()).pid == 0);
  { const UniqueFd lock = locked(run.path() + "/lock", LOCK_EX); }
  BOOST_TEST(server_of(run.path()).pid == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lnx

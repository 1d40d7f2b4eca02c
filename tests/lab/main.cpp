// The lab: real veth cables, TAP and packet sockets in network namespaces of their own. It needs root; without it every
// case is skipped and says so.
#define BOOST_TEST_NO_MAIN
#define BOOST_TEST_ALTERNATIVE_INIT_API
#include <fcntl.h>
#include <unistd.h>

#include <boost/test/tree/traverse.hpp>
#include <boost/test/tree/visitor.hpp>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace {

namespace ut = boost::unit_test;

/// Empty when the lab can be set up here, else what is missing.
std::string what_is_missing() {
  if (geteuid() != 0) return "the lab makes network namespaces and needs root";
  const int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (tun < 0) return std::string("the lab needs /dev/net/tun: ") + std::strerror(errno);
  close(tun);
  return {};
}

class SkipAll : public ut::test_tree_visitor {
 public:
  explicit SkipAll(const std::string& reason) : reason_(reason) {}

  // On the cases and not on the master suite: a skipped master suite counts as a failure in Boost.Test.
  void visit(const ut::test_case& test) override {
    const std::string reason = reason_;
    const_cast<ut::test_case&>(test).add_precondition([reason](ut::test_unit_id) {
      boost::test_tools::assertion_result result(false);
      result.message() << reason;
      return result;
    });
  }

 private:
  std::string reason_;
};

bool prepare() {
  ut::framework::master_test_suite().p_name.value = "bondbox-lab";
  const std::string reason = what_is_missing();
  if (reason.empty()) return true;
  std::printf("every test of the lab is skipped: %s\n", reason.c_str());
  SkipAll skip(reason);
  ut::traverse_test_tree(ut::framework::master_test_suite(), skip, true);
  return true;
}

}  // namespace

int main(int argc, char* argv[]) {
  return ut::unit_test_main(&prepare, argc, argv);
}

// Live tests: bondbox beside the kernel's own bonding driver, in user-mode-linux. Where that cannot be had every case
// is skipped and says why.
#define BOOST_TEST_NO_MAIN
#define BOOST_TEST_ALTERNATIVE_INIT_API
#include <boost/test/tree/traverse.hpp>
#include <boost/test/tree/visitor.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/live/lacp/side_by_side.hpp"
#include "tests/live/play.hpp"
#include "tests/live/support/uml_machine.hpp"

namespace {

namespace ut = boost::unit_test;

/// Asked only when a case is about to run: finding out boots a machine.
class AskForMachine : public ut::test_tree_visitor {
 public:
  void visit(const ut::test_case& test) override {
    if (test.has_label("needs-no-machine")) return;
    const_cast<ut::test_case&>(test).add_precondition([](ut::test_unit_id) {
      const std::string& reason = bondbox::live::UmlMachine::what_is_missing();
      boost::test_tools::assertion_result result(reason.empty());
      result.message() << reason;
      return result;
    });
  }
};

bool prepare() {
  ut::framework::master_test_suite().p_name.value = "bondbox-live";
  AskForMachine ask;
  ut::traverse_test_tree(ut::framework::master_test_suite(), ask, true);
  return true;
}

}  // namespace

int main(int argc, char* argv[]) {
  // The test program's own other life, in a machine or beside itself.
  if (argc == 3 && std::string_view(argv[1]) == bondbox::live::jobs_word) return bondbox::live::work_off_jobs(argv[2]);
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 5 && words[0] == bondbox::live::play_word) {
    return bondbox::live::play_inside(words[1], std::stoi(words[2]), std::stoi(words[3]), std::stoi(words[4]));
  }
  return ut::unit_test_main(&prepare, argc, argv);
}

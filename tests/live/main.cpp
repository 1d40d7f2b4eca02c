// Live tests: bondbox beside the kernel's own bonding driver, in user-mode-linux. Where that cannot be had every case
// is skipped and says why.
#define BOOST_TEST_NO_MAIN
#define BOOST_TEST_ALTERNATIVE_INIT_API
#include <boost/test/tree/traverse.hpp>
#include <boost/test/tree/visitor.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/live/support/uml_machine.hpp"

namespace {

namespace ut = boost::unit_test;

/// Asked only when a case is about to run: finding out boots a machine.
class AskForMachine : public ut::test_tree_visitor {
 public:
  void visit(const ut::test_case& test) override {
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
  return ut::unit_test_main(&prepare, argc, argv);
}

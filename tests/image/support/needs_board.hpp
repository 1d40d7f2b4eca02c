#pragma once

#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/image/support/machine.hpp"

namespace bondbox::image {

/// A precondition for cases and suites that boot a board's image.
inline boost::unit_test::precondition needs_board(const std::string& board) {
  return boost::unit_test::precondition([board](boost::unit_test::test_unit_id) {
    const std::string reason = Machine::what_is_missing(board);
    boost::test_tools::assertion_result result(reason.empty());
    result.message() << reason;
    return result;
  });
}

}  // namespace bondbox::image

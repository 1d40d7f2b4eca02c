// What the kernel writes in its own byte order is no input for a program that is emulated beside it in another one.
#pragma once

#include <bit>
#include <boost/test/unit_test.hpp>
#include <cstdlib>

namespace bondbox::test {

/// A precondition: tests/cross.sh says when the tests are emulated, on a machine that is taken to be little-endian.
inline boost::unit_test::precondition needs_kernel_of_own_byte_order() {
  return boost::unit_test::precondition([](boost::unit_test::test_unit_id) {
    const bool foreign = std::getenv("BONDBOX_EMULATED") != nullptr && std::endian::native == std::endian::big;
    boost::test_tools::assertion_result result(!foreign);
    result.message() << "emulated, and the kernel's byte order is not ours";
    return result;
  });
}

}  // namespace bondbox::test

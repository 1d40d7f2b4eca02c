// Unit, scenario, oracle and frame tests: one binary, its main from Boost.Test, which is a
// library on this machine and a header in a build for another.
#define BOOST_TEST_MODULE bondbox
#ifdef BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#else
#include <boost/test/included/unit_test.hpp>
#endif

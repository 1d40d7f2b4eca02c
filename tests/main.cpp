// Unit, scenario, oracle and frame tests: one binary, its main from Boost.Test.
#define BOOST_TEST_MODULE bondbox
#include <boost/test/unit_test.hpp>

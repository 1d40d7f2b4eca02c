// Image tests: whole machines under QEMU, from the images of board/. A board whose image is missing has its cases
// skipped, with the reason.
#define BOOST_TEST_MODULE bondbox - image
#include <boost/test/unit_test.hpp>

// Asio is compiled without exceptions. What it would throw (no descriptor for its epoll, say) ends the program.
#include <boost/throw_exception.hpp>

#include <cstdio>
#include <cstdlib>

#ifdef BOOST_NO_EXCEPTIONS
namespace boost {

void throw_exception(const std::exception& error) {
  std::fprintf(stderr, "bondbox: %s\n", error.what());
  std::abort();
}
void throw_exception(const std::exception& error, const source_location&) {
  throw_exception(error);
}

}  // namespace boost
#endif

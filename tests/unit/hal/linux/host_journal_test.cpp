#include "hal/linux/host_journal.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

namespace bondbox::lnx {
namespace {

HostRecord record() {
  return {"bond0", 4026531840, "0f8e2d5a-0000-4000-8000-000000000001", 7, true};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(linux_host_journal)

BOOST_AUTO_TEST_CASE(a_record_comes_back_from_its_text) {
  BOOST_TEST((parse_host_record(to_text(record())) == record()));
  HostRecord bare;
  bare.name = "b";
  bare.index = 1;
  BOOST_TEST((parse_host_record(to_text(bare)) == bare));
}

BOOST_AUTO_TEST_CASE(a_text_that_was_cut_anywhere_is_refused) {
  const std::string text = to_text(record());
  for (std::size_t length = 0; length < text.size(); ++length)
    BOOST_TEST(!parse_host_record(text.substr(0, length)).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_not_understood_is_refused) {
  const std::string begin = "bondbox-host=1\nname=bond0\nindex=7\n";
  BOOST_TEST(parse_host_record(begin + "end\n").has_value());
  for (const char* line : {"colour=blue", "index=many", "index=0", "several_queues=2", "name="})
    BOOST_TEST(!parse_host_record(begin + line + "\nend\n").has_value(), line);
  BOOST_TEST(!parse_host_record("bondbox-port=1\nname=bond0\nindex=7\nend\n").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lnx

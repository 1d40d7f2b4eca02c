// A trace is exact only if all that the machine says passes the tape. What TapedHardware does not override would be
// answered by the interface itself: nothing would be recorded, nobody would be asked, and no compiler says so.
#include <boost/test/unit_test.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/frame/source_tree.hpp"

namespace bondbox::test {
namespace {

std::string code_of(const char* file) {
  return std::regex_replace(read_text(source_root / file), std::regex("//[^\n]*"), "");
}

std::set<std::string> virtuals_of(const std::string& code) {
  static const std::regex declaration("\\bvirtual\\b[^;{}()]*?(~?\\w+)\\(");
  std::set<std::string> names;
  for (std::sregex_iterator found(code.begin(), code.end(), declaration), end; found != end; ++found)
    if (const std::string name = (*found)[1]; name[0] != '~') names.insert(name);
  return names;
}

/// Functions that say `override` from this text on, up to the end of the class.
std::set<std::string> overridden_in(const std::string& code, const std::string& head) {
  static const std::regex declaration("(\\w+)\\([^;{}]*\\)[\\w\\s]*\\boverride\\b");
  const std::size_t from = code.find(head);
  BOOST_REQUIRE_MESSAGE(from != std::string::npos, "there is no " << head);
  const std::string body = code.substr(from, code.find("\n};", from) - from);
  std::set<std::string> names;
  for (std::sregex_iterator found(body.begin(), body.end(), declaration), end; found != end; ++found)
    names.insert((*found)[1]);
  return names;
}

struct Taped {
  const char* interface;
  const char* file;
  std::vector<const char*> classes;  ///< that override it between them
};

constexpr const char* source = "firmware/trace/taped_hardware.cpp";

std::vector<std::string> missing(const Taped& taped, const std::string& interface) {
  std::set<std::string> overridden;
  for (const char* head : taped.classes) overridden.merge(overridden_in(code_of(taped.file), head));
  std::vector<std::string> names;
  for (const std::string& name : virtuals_of(interface))
    if (!overridden.contains(name)) names.push_back(name);
  return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(taped_interfaces)

BOOST_AUTO_TEST_CASE(whatever_the_machine_can_be_asked_passes_the_tape) {
  const std::vector<Taped> all{
      {"hal/channel.hpp", source, {"class Taped : public Base"}},
      {"hal/nic.hpp", source, {"class Taped : public Base", "class TapedNic final"}},
      {"hal/host_port.hpp", source, {"class Taped : public Base", "class TapedHostPort final"}},
      {"hal/offload.hpp", source, {"class TapedOffload final"}},
      {"hal/hardware.hpp", "firmware/trace/taped_hardware.hpp", {"class TapedHardware final"}},
  };
  for (const Taped& taped : all) {
    const std::string interface = code_of(taped.interface);
    BOOST_TEST(virtuals_of(interface).size() >= 5U, taped.interface);
    for (const std::string& name : missing(taped, interface))
      BOOST_ERROR(taped.interface << ": " << name << "() passes by the tape");
  }
}

BOOST_AUTO_TEST_CASE(a_question_that_is_new_is_noticed) {
  const Taped nic{"hal/nic.hpp", source, {"class Taped : public Base", "class TapedNic final"}};
  const std::string interface = code_of(nic.interface) + "  virtual bool is_hot(int sensor) const { return false; }\n";
  BOOST_TEST((missing(nic, interface) == std::vector<std::string>{"is_hot"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

// Options are copied field by field in two places, a saved state and a trace: an option that one of them does not know
// would come out as its default.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "firmware/saved_state.hpp"
#include "firmware/trace/values.hpp"
#include "tests/unit/firmware/paper_bond.hpp"

namespace bondbox {
namespace {

BondOptions through_a_trace(const BondOptions& options) {
  std::uint8_t room[4096];
  trace::Writer writer(room, sizeof room);
  BondConfig config;
  config.options = options;
  trace::put_config(writer, config);
  trace::Reader reader(writer.written());
  BondConfig read = trace::get_config(reader);
  BOOST_TEST((reader.ok() && reader.at_end()));
  return read.options;
}

BondOptions through_a_state(const BondOptions& options) {
  std::vector<std::uint8_t> bytes;
  Archive writer = Archive::writer(bytes, Tick{});
  BondConfig config;
  config.options = options;
  archive(writer, config);
  Archive reader = Archive::reader(bytes, Tick{});
  BondConfig read;
  archive(reader, read);
  BOOST_TEST(reader.ended_well());
  return read.options;
}

/// Values that are not the default, as far as the table knows of any.
std::vector<std::string> values_of(const OptionInfo& option) {
  std::vector<std::string> values;
  for (const ValueName& value : option.values) values.emplace_back(value.name);
  if (option.kind == OptionKind::flag) values.insert(values.end(), {"0", "1"});
  if (option.kind == OptionKind::number) {
    values.push_back(std::to_string(option.minimum));
    values.push_back(std::to_string(option.maximum));
  }
  if (option.kind == OptionKind::text) values.insert(values.end(), {"e1", "02:00:00:00:0a:01", "any", "quorum:2"});
  if (option.kind == OptionKind::list) values.insert(values.end(), {"+10.0.0.9", "+fd00::9"});
  return values;
}

/// Writes it to a bond in a mode that takes it, with what it depends on; how it reads then, and in the copies.
bool is_copied(const OptionInfo& option, const std::string& value, Mode mode) {
  PaperBond bond(mode);
  if (!option.without_ports)
    for (const char* port : {"e0", "e1"}) (void)bond.enslave(port);
  (void)write_option(bond, "miimon", "100");
  const std::string before = read_option(bond, option.name).value();
  if (!write_option(bond, option.name, value).ok()) return false;
  const std::string after = read_option(bond, option.name).value();
  if (after == before) return false;
  for (const BondOptions& copy : {through_a_trace(bond.options()), through_a_state(bond.options())}) {
    PaperBond other(mode);
    for (const char* port : {"e0", "e1"}) (void)other.enslave(port);
    other.options() = copy;
    BOOST_TEST(read_option(other, option.name).value() == after, option.name << " " << value);
  }
  return true;
}

bool is_of_options(const OptionInfo& option) {
  if (option.kind == OptionKind::per_port || option.kind == OptionKind::read_only) return false;
  return option.name != "mode" && option.name != "slaves" && option.name != "active_slave";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(option_copies)

BOOST_AUTO_TEST_CASE(every_option_comes_through_a_trace_and_a_saved_state) {
  for (const OptionInfo& option : all_options()) {
    if (!is_of_options(option)) continue;
    int copied = 0;
    for (const std::string& value : values_of(option))
      for (std::uint8_t mode = 0; mode <= 6; ++mode) copied += is_copied(option, value, Mode{mode}) ? 1 : 0;
    BOOST_TEST(copied > 0, option.name << " could not be set to anything");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox

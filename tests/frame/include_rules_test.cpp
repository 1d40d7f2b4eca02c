#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/frame/include_rules.hpp"
#include "tests/frame/source_tree.hpp"

namespace bondbox::test {
namespace {

struct Include {
  std::string file;
  int line = 0;
  std::string header;
  bool quoted = false;
};

std::vector<Include> includes_of(const std::string& file) {
  std::vector<Include> includes;
  int number = 0;
  for (const std::string& line : lines_of(read_text(source_root / file))) {
    ++number;
    const std::size_t hash = line.find_first_not_of(" \t");
    if (hash == std::string::npos || line[hash] != '#') continue;
    const std::size_t word = line.find_first_not_of(" \t", hash + 1);
    if (word == std::string::npos || line.compare(word, 7, "include") != 0) continue;
    const std::size_t open = line.find_first_of("\"<", word);
    if (open == std::string::npos) continue;
    const std::size_t close = line.find_first_of("\">", open + 1);
    if (close == std::string::npos) continue;
    includes.push_back({file, number, line.substr(open + 1, close - open - 1), line[open] == '"'});
  }
  return includes;
}

std::vector<Include> includes_of_the_program() {
  std::vector<Include> all;
  for (const char* room : {"firmware", "hal", "policies"}) {
    for (const std::string& file : files_below(room)) {
      if (!is_cpp(file)) continue;
      const std::vector<Include> some = includes_of(file);
      all.insert(all.end(), some.begin(), some.end());
    }
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(include_rules)

BOOST_AUTO_TEST_CASE(every_include_of_the_program_keeps_the_rules) {
  const std::vector<Include> all = includes_of_the_program();
  BOOST_TEST(all.size() > 100U);
  for (const Include& include : all) {
    const std::string complaint = include_complaint(include.file, include.header, include.quoted);
    BOOST_TEST(complaint.empty(),
               include.file << ":" << include.line << ": includes " << include.header << ": " << complaint);
  }
}

BOOST_AUTO_TEST_CASE(every_quoted_include_names_a_file_from_the_top) {
  for (const Include& include : includes_of_the_program()) {
    if (!include.quoted || include.header.ends_with("_generated.hpp")) continue;
    BOOST_TEST(std::filesystem::is_regular_file(source_root / include.header),
               include.file << ":" << include.line << ": there is no file " << include.header);
  }
}

BOOST_AUTO_TEST_CASE(one_file_alone_reads_toml) {
  std::set<std::string> readers;
  for (const Include& include : includes_of_the_program()) {
    if (include.header.starts_with("toml++/")) readers.insert(include.file);
  }
  BOOST_TEST(readers.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_wrong_includes_are_noticed) {
  struct Wrong {
    const char* file;
    const char* header;
    bool quoted;
  };
  const Wrong wrong[] = {
      {"policies/active_backup.cpp", "hal/linux/packet_nic.hpp", true},
      {"policies/active_backup.cpp", "hal/clock.hpp", true},
      {"policies/active_backup.cpp", "firmware/bond.hpp", true},
      {"policies/active_backup.cpp", "chrono", false},
      {"policies/active_backup.cpp", "sys/socket.h", false},
      {"policies/active_backup.cpp", "toml++/toml.h", false},
      {"policies/active_backup.cpp", "boost/asio.hpp", false},
      {"policies/active_backup.cpp", "pcap/pcap.h", false},
      {"hal/wire/arp.hpp", "hal/nic.hpp", true},
      {"hal/nic.hpp", "policies/plan.hpp", true},
      {"hal/nic.hpp", "hal/linux/packet_nic.hpp", true},
      {"hal/sim/sim_nic.cpp", "hal/linux/packet_nic.hpp", true},
      {"hal/sim/sim_nic.cpp", "unistd.h", false},
      {"hal/linux/packet_nic.cpp", "firmware/bond.hpp", true},
      {"hal/linux/packet_nic.cpp", "pcap.h", false},
      {"firmware/bond.cpp", "policies/active_backup.hpp", true},
      {"firmware/bond.cpp", "bond.hpp", true},
      {"firmware/bond.cpp", "firmware/cli/cli.hpp", true},
      {"firmware/bond.cpp", "tests/frame/source_tree.hpp", true},
      {"firmware/bond.cpp", "unistd.h", false},
      {"firmware/bond.cpp", "boost/asio/io_context.hpp", false},
      {"firmware/bond.cpp", "iostream", false},
      {"firmware/config/reader.hpp", "toml++/toml.h", false},
  };
  for (const Wrong& one : wrong) {
    BOOST_TEST(!include_complaint(one.file, one.header, one.quoted).empty(), one.file << " may include " << one.header);
  }
}

BOOST_AUTO_TEST_CASE(the_right_includes_are_not_complained_about) {
  BOOST_TEST(include_complaint("policies/modes.hpp", "policies/active_backup.hpp", true).empty());
  BOOST_TEST(include_complaint("policies/active_backup.cpp", "policies/active_backup.hpp", true).empty());
  BOOST_TEST(include_complaint("policies/plan.hpp", "hal/wire/ids.hpp", true).empty());
  BOOST_TEST(include_complaint("policies/plan.hpp", "array", false).empty());
  BOOST_TEST(include_complaint("hal/linux/packet_nic.cpp", "linux/if_packet.h", false).empty());
  BOOST_TEST(include_complaint("hal/linux/packet_nic.cpp", "hal/nic.hpp", true).empty());
  BOOST_TEST(include_complaint("firmware/main.cpp", "hal/linux/packet_nic.hpp", true).empty());
  BOOST_TEST(include_complaint("firmware/main.cpp", "firmware/cli/cli.hpp", true).empty());
  BOOST_TEST(include_complaint("firmware/config/reader.cpp", "toml++/toml.h", false).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

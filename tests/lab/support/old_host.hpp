// An appliance that is configured as it was twenty years ago: /etc/network/interfaces and the real ifup and ifdown, of
// Debian or of busybox, with bondbox installed among them. /etc, /run and /usr/local/sbin are its own, its processes
// end with it.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <string>
#include <string_view>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

enum class IfTools { debian, busybox };

/// Whether the tools are here: installed, or unpacked by toolchain/setup.sh.
bool has_tools(IfTools tools);
/// For tests that are skipped elsewhere.
inline const boost::unit_test::precondition needs_old_tools([](boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result result(has_tools(IfTools::debian) && has_tools(IfTools::busybox));
  result.message() << "ifupdown and busybox-static are not here (toolchain/debian-packages, group unpacked)";
  return result;
});

class OldHost {
 public:
  /// Hooks of board/hooks are installed. `interfaces` is the text of /etc/network/interfaces.
  OldHost(const House& house, IfTools tools, std::string_view interfaces);
  ~OldHost();
  OldHost(const OldHost&) = delete;
  OldHost& operator=(const OldHost&) = delete;

  /// `sh -c command` there, to its end.
  CommandResult run(const std::string& command, int limit_s = 30);
  /// The same, requiring that it ends well. What it printed.
  std::string must(const std::string& command);
  /// What `bondbox get BOND OPTION` prints, without the newline.
  std::string option(const std::string& name, const std::string& bond = "bond0");
  /// Replaces a file below its /etc.
  void write_etc(const std::string& name, std::string_view text) const;

 private:
  ScratchDirectory scratch_;
  Process process_;
  std::FILE* commands_ = nullptr;
  int count_ = 0;
};

}  // namespace bondbox::lab

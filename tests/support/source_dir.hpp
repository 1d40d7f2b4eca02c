// Where this source tree lies: for tests that read it, or recordings in it.
#pragma once

#include <string>

namespace bondbox::test {

/// Absolute, without a slash at the end.
std::string source_dir();
/// The path of a recording: a file in tests/oracle/data.
std::string recording(const std::string& name);

}  // namespace bondbox::test

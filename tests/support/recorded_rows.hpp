// Reading the recorded tables in tests/oracle/data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bondbox::test {

/// The comma-separated fields of each line of tests/oracle/data/NAME; none when the file cannot be read.
std::vector<std::vector<std::string>> read_recorded_rows(std::string_view name);

/// "0a1b" as two bytes; empty when it is not pairs of hex digits. The vector has no room beyond its bytes, so that a
/// sanitizer sees any read beyond them.
std::vector<std::uint8_t> bytes_from_hex(std::string_view hex);

}  // namespace bondbox::test

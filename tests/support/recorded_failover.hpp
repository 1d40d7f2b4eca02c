// A short story of a bond in mode 1, as the file that `sim --trace` would write.
#pragma once

#include <cstdint>
#include <vector>

#include "firmware/trace/store.hpp"

namespace bondbox::test {

/// Two ports, the active one loses its link and gets it back.
const std::vector<std::uint8_t>& recorded_failover();
/// The file of all that the store holds.
std::vector<std::uint8_t> trace_bytes(const trace::Store& store);

}  // namespace bondbox::test

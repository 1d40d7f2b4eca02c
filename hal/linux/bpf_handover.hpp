// What of an offload goes to another process: maps and programs as descriptors, what is known about them as bytes. It
// is understood by a bondbox that has the same programs; another one loads its own.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace bondbox::lnx {

/// Equal where the programs and what they keep in maps are.
std::uint64_t bpf_signature() noexcept;

/// What everything of the bond whose interface has this index is called begins so.
inline std::string handed_bpf(int host_index) {
  return "bpf/" + std::to_string(host_index) + "/";
}

/// A value between two processes of one machine.
template <class Value>
std::string as_bytes(const Value& value) {
  static_assert(std::is_trivially_copyable_v<Value>);
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}
/// False, and nothing changed, when they are no such value.
template <class Value>
bool from_bytes(std::string_view bytes, Value& value) {
  static_assert(std::is_trivially_copyable_v<Value>);
  if (bytes.size() != sizeof value) return false;
  std::memcpy(static_cast<void*>(&value), bytes.data(), sizeof value);
  return true;
}

}  // namespace bondbox::lnx

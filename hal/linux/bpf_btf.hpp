// Where members lie in the running kernel's structures, from its own type information: BTF (Documentation/bpf/btf.rst),
// as much of it as that takes. The data is the kernel's, but nothing in it is trusted: every offset is checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "hal/wire/bytes.hpp"

namespace bondbox::lnx {

inline constexpr const char* kernel_types_path = "/sys/kernel/btf/vmlinux";

class KernelTypes {
 public:
  /// Reads the file. errno, 0: done; EINVAL: it is not BTF, or damaged; EFBIG: larger than any kernel's.
  int open(const char* path = kernel_types_path);
  /// The same of bytes at hand, taken over.
  int parse(std::vector<std::uint8_t> bytes);

  /// Offset in bytes of the member from the beginning of `struct NAME`, members of anonymous structs and unions
  /// included. Nothing when there is none, or when it is a bit field.
  std::optional<std::uint32_t> offset(std::string_view struct_name, std::string_view member) const;
  /// The number of the struct that offset() speaks of, and of the function; 0: there is none.
  std::uint32_t struct_number(std::string_view name, std::string_view member) const;
  std::uint32_t function_number(std::string_view name) const;
  /// Size in bytes of the kernel's `unsigned long`, and so of its pointers; 0: not told.
  std::uint32_t long_size() const;

 private:
  struct Type {
    std::uint32_t name = 0;
    std::uint32_t kind = 0;
    std::uint32_t count = 0;  ///< of members
    bool bit_fields = false;  ///< member offsets carry a size in bits
    std::size_t members = 0;  ///< where they begin in bytes_
  };

  std::uint32_t word(std::size_t at) const noexcept;
  std::string_view text(std::uint32_t at) const noexcept;
  Type type_at(std::size_t at) const noexcept;
  bool is_named(const Type& type, std::string_view name) const noexcept;
  bool index_types(std::size_t begin, std::size_t end);
  /// By its place in types_, and the member's offset in bits.
  std::optional<std::pair<std::size_t, std::uint32_t>> find(std::string_view struct_name,
                                                            std::string_view member) const;
  std::optional<std::uint32_t> bits_to(const Type& type, std::string_view member, int depth) const;

  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint32_t> types_;  ///< where each begins in bytes_, by its number less one
  std::size_t texts_ = 0;
  std::size_t texts_end_ = 0;
};

}  // namespace bondbox::lnx

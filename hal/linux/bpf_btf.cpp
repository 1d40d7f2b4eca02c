#include "hal/linux/bpf_btf.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "hal/linux/unique_fd.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::size_t file_max = 64 * 1024 * 1024;  // a distribution's kernel has 5 to 10 MB
constexpr int depth_max = 8;                        // of anonymous structs in each other
constexpr std::uint16_t magic = 0xeb9f;
constexpr std::size_t header_min = 24;
constexpr std::size_t type_size = 12;
constexpr std::size_t member_size = 12;
constexpr std::uint32_t kind_int = 1;
constexpr std::uint32_t kind_struct = 4;
constexpr std::uint32_t kind_union = 5;
constexpr std::uint32_t kind_function = 12;

/// What follows a type's three words, by kind: so many bytes for the type, so many for each of its parts.
struct Tail {
  std::uint8_t once;
  std::uint8_t each;
};
constexpr std::array<Tail, 20> tails{{
    {0, 0},   // void
    {4, 0},   // int
    {0, 0},   // pointer
    {12, 0},  // array
    {0, 12},  // struct
    {0, 12},  // union
    {0, 8},   // enum
    {0, 0},   // forward declaration
    {0, 0},   // typedef
    {0, 0},   // volatile
    {0, 0},   // const
    {0, 0},   // restrict
    {0, 0},   // function
    {0, 8},   // function's type
    {4, 0},   // variable
    {0, 12},  // section
    {0, 0},   // float
    {4, 0},   // declaration tag
    {0, 0},   // type tag
    {0, 12},  // enum of 64 bits
}};

}  // namespace

std::uint32_t KernelTypes::word(std::size_t at) const noexcept {
  // In the kernel's own byte order, which is ours.
  std::uint32_t value = 0;
  if (at + sizeof value <= bytes_.size()) std::memcpy(&value, bytes_.data() + at, sizeof value);
  return value;
}

std::string_view KernelTypes::text(std::uint32_t at) const noexcept {
  if (at >= texts_end_ - texts_) return {};
  const auto* first = reinterpret_cast<const char*>(bytes_.data()) + texts_ + at;
  return {first, ::strnlen(first, texts_end_ - texts_ - at)};
}

/// Without looking for the end of a name that is another: there are some 150,000 types.
bool KernelTypes::is_named(const Type& type, std::string_view name) const noexcept {
  if (type.name >= texts_end_ - texts_ || texts_end_ - texts_ - type.name <= name.size()) return false;
  const auto* const first = reinterpret_cast<const char*>(bytes_.data()) + texts_ + type.name;
  return std::memcmp(first, name.data(), name.size()) == 0 && first[name.size()] == '\0';
}

KernelTypes::Type KernelTypes::type_at(std::size_t at) const noexcept {
  const std::uint32_t info = word(at + 4);
  return {word(at), (info >> 24) & 0x1f, info & 0xffff, (info >> 31) != 0, at + type_size};
}

int KernelTypes::open(const char* path) {
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return errno;
  // As large as it says, at once, and a byte for the end: sysfs hands out a page a call, and the memory goes back to
  // the kernel whole.
  struct stat about {};
  const bool told = ::fstat(file.get(), &about) == 0 && about.st_size > 0;
  if (told && static_cast<std::uint64_t>(about.st_size) > file_max) return EFBIG;
  constexpr std::size_t chunk = 256 * 1024;
  std::vector<std::uint8_t> bytes(told ? static_cast<std::size_t>(about.st_size) + 1 : chunk);
  std::size_t have = 0;
  for (;;) {
    if (have > file_max) return EFBIG;
    if (have == bytes.size()) bytes.resize(have + chunk);
    const ssize_t got = ::read(file.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno != EINTR) return errno;
    if (got == 0) break;
    have += static_cast<std::size_t>(got < 0 ? 0 : got);
  }
  bytes.resize(have);
  return parse(std::move(bytes));
}

int KernelTypes::parse(std::vector<std::uint8_t> bytes) {
  bytes_ = std::move(bytes);
  types_.clear();
  texts_ = texts_end_ = 0;
  std::uint16_t found = 0;
  if (bytes_.size() < header_min) return EINVAL;
  std::memcpy(&found, bytes_.data(), sizeof found);
  const std::uint64_t header = word(4);
  const std::uint64_t type_begin = header + word(8);
  const std::uint64_t type_end = type_begin + word(12);
  const std::uint64_t text_begin = header + word(16);
  const std::uint64_t text_end = text_begin + word(20);
  const bool fits = header >= header_min && type_end <= bytes_.size() && text_end <= bytes_.size();
  if (found != magic || bytes_[2] != 1 || !fits) return EINVAL;
  texts_ = static_cast<std::size_t>(text_begin);
  texts_end_ = static_cast<std::size_t>(text_end);
  if (index_types(static_cast<std::size_t>(type_begin), static_cast<std::size_t>(type_end))) return 0;
  types_.clear();
  return EINVAL;
}

bool KernelTypes::index_types(std::size_t begin, std::size_t end) {
  constexpr std::size_t small = 16;  // bytes; most have more
  types_.reserve((end - begin) / small);
  std::size_t at = begin;
  while (at < end) {
    if (end - at < type_size) return false;
    const Type type = type_at(at);
    // A kind of a later kernel cannot be skipped, as nobody knows how long it is.
    if (type.kind == 0 || type.kind >= tails.size()) return false;
    const std::size_t tail = tails[type.kind].once + std::size_t{tails[type.kind].each} * type.count;
    if (end - at - type_size < tail) return false;
    types_.push_back(static_cast<std::uint32_t>(at));
    at += type_size + tail;
  }
  return true;
}

std::optional<std::uint32_t> KernelTypes::bits_to(const Type& type, std::string_view member, int depth) const {
  if (depth > depth_max) return std::nullopt;
  for (std::uint32_t i = 0; i < type.count; ++i) {
    const std::size_t at = type.members + i * member_size;
    const std::uint32_t packed = word(at + 8);
    const std::uint32_t bits = type.bit_fields ? packed & 0xffffff : packed;
    const std::string_view name = text(word(at));
    if (name == member) {
      if ((type.bit_fields && (packed >> 24) != 0) || bits % 8 != 0) return std::nullopt;
      return bits;
    }
    const std::uint32_t number = word(at + 4);
    if (!name.empty() || number == 0 || number > types_.size()) continue;
    const Type inner = type_at(types_[number - 1]);
    if (inner.kind != kind_struct && inner.kind != kind_union) continue;
    if (const auto further = bits_to(inner, member, depth + 1)) return bits + *further;
  }
  return std::nullopt;
}

std::optional<std::pair<std::size_t, std::uint32_t>> KernelTypes::find(std::string_view struct_name,
                                                                       std::string_view member) const {
  for (std::size_t i = 0; i < types_.size(); ++i) {
    const Type type = type_at(types_[i]);
    if (type.kind != kind_struct || !is_named(type, struct_name)) continue;
    // Modules and drivers may have further structs of the name; the one that has the member is meant.
    if (const auto bits = bits_to(type, member, 0)) return std::pair(i, *bits);
  }
  return std::nullopt;
}

std::optional<std::uint32_t> KernelTypes::offset(std::string_view struct_name, std::string_view member) const {
  const auto found = find(struct_name, member);
  return found ? std::optional(found->second / 8) : std::nullopt;
}

std::uint32_t KernelTypes::struct_number(std::string_view name, std::string_view member) const {
  const auto found = find(name, member);
  return found ? static_cast<std::uint32_t>(found->first + 1) : 0;
}

std::uint32_t KernelTypes::function_number(std::string_view name) const {
  for (std::size_t i = 0; i < types_.size(); ++i) {
    const Type type = type_at(types_[i]);
    if (type.kind == kind_function && is_named(type, name)) return static_cast<std::uint32_t>(i + 1);
  }
  return 0;
}

std::uint32_t KernelTypes::long_size() const {
  for (const std::uint32_t at : types_) {
    const Type type = type_at(at);
    if (type.kind != kind_int) continue;
    const std::string_view name = text(type.name);
    if (name != "long unsigned int" && name != "unsigned long") continue;
    const std::uint32_t size = word(at + 8);
    return size == 4 || size == 8 ? size : 0;
  }
  return 0;
}

}  // namespace bondbox::lnx

#include "hal/linux/bpf_btf.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/own_kernel.hpp"

namespace bondbox::test {

using lnx::KernelTypes;

namespace {

/// Type information written down by hand, in the machine's byte order.
class Blob {
 public:
  struct Member {
    std::string name;
    std::uint32_t type = 0;
    std::uint32_t bits = 0;
  };

  static constexpr std::uint32_t kind_int = 1, kind_array = 3, kind_struct = 4, kind_union = 5, kind_function = 12;
  static constexpr std::uint32_t bit_fields = 1U << 31;

  std::uint32_t add(std::uint32_t kind, const std::string& name, std::uint32_t size,
                    const std::vector<std::uint32_t>& tail = {}, std::uint32_t flags = 0) {
    for (const std::uint32_t part : {text(name), kind << 24 | flags, size}) types_.push_back(part);
    types_.insert(types_.end(), tail.begin(), tail.end());
    return ++count_;
  }

  std::uint32_t add_struct(std::uint32_t kind, const std::string& name, const std::vector<Member>& members,
                           std::uint32_t flags = 0) {
    std::vector<std::uint32_t> tail;
    for (const Member& member : members)
      for (const std::uint32_t part : {text(member.name), member.type, member.bits}) tail.push_back(part);
    return add(kind, name, 64, tail, flags | static_cast<std::uint32_t>(members.size()));
  }

  std::vector<std::uint8_t> bytes() const {
    const auto type_bytes = static_cast<std::uint32_t>(4 * types_.size());
    std::vector<std::uint32_t> words{0, 24, 0, type_bytes, type_bytes, static_cast<std::uint32_t>(texts_.size())};
    const std::uint16_t magic = 0xeb9f;
    std::memcpy(words.data(), &magic, sizeof magic);
    reinterpret_cast<std::uint8_t*>(words.data())[2] = 1;
    words.insert(words.end(), types_.begin(), types_.end());
    std::vector<std::uint8_t> all(4 * words.size());
    std::memcpy(all.data(), words.data(), all.size());
    all.insert(all.end(), texts_.begin(), texts_.end());
    return all;
  }

 private:
  std::uint32_t text(const std::string& name) {
    if (name.empty()) return 0;
    const auto at = static_cast<std::uint32_t>(texts_.size());
    texts_.insert(texts_.end(), name.c_str(), name.c_str() + name.size() + 1);
    return at;
  }

  std::vector<std::uint32_t> types_;
  std::vector<char> texts_{'\0'};
  std::uint32_t count_ = 0;
};

/// As the kernel's: what is looked for lies in an anonymous struct in an anonymous union.
Blob kernel_like() {
  Blob blob;
  const std::uint32_t word = blob.add(Blob::kind_int, "long unsigned int", 8, {0x40});
  (void)blob.add(Blob::kind_array, "", 0, {word, word, 4});
  const std::uint32_t inner = blob.add_struct(Blob::kind_struct, "", {{"next", word, 0}, {"dev", word, 128}});
  const std::uint32_t choice = blob.add_struct(Blob::kind_union, "", {{"list", word, 0}, {"", inner, 0}});
  (void)blob.add_struct(Blob::kind_struct, "sk_buff", {{"first", word, 0}, {"", choice, 64}, {"len", word, 320}});
  (void)blob.add_struct(Blob::kind_struct, "flags",
                        {{"whole", word, 32}, {"two_bits", word, 2U << 24 | 64}, {"odd", word, 3}}, Blob::bit_fields);
  (void)blob.add(Blob::kind_function, "bpf_rdonly_cast", word);
  return blob;
}

int parse(KernelTypes& types, const std::vector<std::uint8_t>& bytes) {
  return types.parse(bytes);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bpf_btf)

BOOST_AUTO_TEST_CASE(members_are_found_in_anonymous_structs_and_unions_too) {
  KernelTypes types;
  BOOST_REQUIRE(parse(types, kernel_like().bytes()) == 0);
  BOOST_TEST(types.offset("sk_buff", "first").value_or(999) == 0u);
  BOOST_TEST(types.offset("sk_buff", "list").value_or(999) == 8u);
  BOOST_TEST(types.offset("sk_buff", "dev").value_or(999) == 24u);
  BOOST_TEST(types.offset("sk_buff", "len").value_or(999) == 40u);
  BOOST_TEST(types.long_size() == 8u);
}

BOOST_AUTO_TEST_CASE(structs_and_functions_have_their_places_as_numbers) {
  KernelTypes types;
  BOOST_REQUIRE(parse(types, kernel_like().bytes()) == 0);
  BOOST_TEST(types.struct_number("sk_buff", "dev") == 5u);
  BOOST_TEST(types.struct_number("sk_buff", "state") == 0u);
  BOOST_TEST(types.function_number("bpf_rdonly_cast") == 7u);
  BOOST_TEST(types.function_number("sk_buff") == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_or_has_no_address_has_no_offset) {
  KernelTypes types;
  BOOST_REQUIRE(parse(types, kernel_like().bytes()) == 0);
  BOOST_TEST(!types.offset("sk_buff", "state"));
  BOOST_TEST(!types.offset("net_device", "dev"));
  BOOST_TEST(types.offset("flags", "whole").value_or(999) == 4u);
  BOOST_TEST(!types.offset("flags", "two_bits"));
  BOOST_TEST(!types.offset("flags", "odd"));
}

BOOST_AUTO_TEST_CASE(structs_that_hold_each_other_end_the_search) {
  Blob blob;
  (void)blob.add_struct(Blob::kind_struct, "loop", {{"", 1, 0}});
  KernelTypes types;
  BOOST_REQUIRE(parse(types, blob.bytes()) == 0);
  BOOST_TEST(!types.offset("loop", "anything"));
}

BOOST_AUTO_TEST_CASE(damaged_type_information_is_refused_or_read_within_its_bounds) {
  const std::vector<std::uint8_t> whole = kernel_like().bytes();
  KernelTypes types;
  BOOST_TEST(parse(types, {}) == EINVAL);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    BOOST_TEST(parse(types, cut) == EINVAL, size);
    BOOST_TEST(!types.offset("sk_buff", "dev"));
  }
  // Every byte in turn is made the worst it can be: whatever comes of it, nothing outside the bytes is read (the
  // sanitizers watch), and the answer comes.
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::vector<std::uint8_t> spoilt = whole;
    spoilt[at] = 0xff;
    if (parse(types, spoilt) == 0) (void)types.offset("sk_buff", "dev");
  }
  std::vector<std::uint8_t> foreign = whole;
  std::swap(foreign[0], foreign[1]);
  BOOST_TEST(parse(types, foreign) == EINVAL);
}

BOOST_AUTO_TEST_CASE(this_kernels_own_structures_are_understood, *needs_kernel_of_own_byte_order()) {
  KernelTypes types;
  if (!std::filesystem::exists(lnx::kernel_types_path)) {
    BOOST_TEST(types.open() == ENOENT);
    return;
  }
  BOOST_REQUIRE(types.open() == 0);
  const auto dev = types.offset("sk_buff", "dev");
  const auto state = types.offset("net_device", "state");
  const auto ifindex = types.offset("net_device", "ifindex");
  BOOST_REQUIRE((dev && state && ifindex));
  // The packet's device is behind two pointers (observed: Linux 4.1 to 6.18).
  BOOST_TEST(*dev == 2 * types.long_size());
  BOOST_TEST(*state % types.long_size() == 0u);
  BOOST_TEST(*state != 0u);
  BOOST_TEST(*ifindex % 4 == 0u);
  BOOST_TEST(*ifindex != *state);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_says_so) {
  KernelTypes types;
  BOOST_TEST(types.open("/nonexistent/vmlinux") == ENOENT);
  BOOST_TEST(types.open("/dev/null") == EINVAL);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

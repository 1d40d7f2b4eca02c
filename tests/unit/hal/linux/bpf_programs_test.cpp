#include "hal/linux/bpf_programs.hpp"

#include <array>
#include <bit>
#include <boost/test/unit_test.hpp>

#include "hal/linux/bpf/layout.hpp"

namespace bondbox::test {

using namespace lnx;

namespace {

std::uint64_t word(std::uint8_t code, std::uint8_t to, std::int32_t number) {
  bpf_insn instruction{};
  instruction.code = code;
  instruction.dst_reg = to & 0xf;
  instruction.imm = number;
  return std::bit_cast<std::uint64_t>(instruction);
}

/// "rN = VALUE ll", two words.
std::array<std::uint64_t, 2> load_wide(std::uint8_t to, std::uint64_t value) {
  return {word(BPF_LD | BPF_IMM | BPF_DW, to, static_cast<std::int32_t>(static_cast<std::uint32_t>(value))),
          word(0, 0, static_cast<std::int32_t>(static_cast<std::uint32_t>(value >> 32)))};
}

const std::uint64_t leave = word(BPF_JMP | BPF_EXIT, 0, 0);

}  // namespace

BOOST_AUTO_TEST_SUITE(bpf_programs)

BOOST_AUTO_TEST_CASE(a_map_takes_its_placeholders_place_as_a_descriptor) {
  const auto load = load_wide(1, bpf_map_plans);
  const std::array code{load[0], load[1], leave};
  const std::array values{BpfValue{bpf_map_plans, 17, true}};
  const auto filled = fill_in(code, values);
  BOOST_REQUIRE(filled.has_value());
  BOOST_REQUIRE(filled->size() == code.size());
  BOOST_TEST(int{(*filled)[0].src_reg} == BPF_PSEUDO_MAP_FD);
  BOOST_TEST(int{(*filled)[0].dst_reg} == 1);
  BOOST_TEST((*filled)[0].imm == 17);
  BOOST_TEST((*filled)[1].imm == 0);
  BOOST_TEST(std::bit_cast<std::uint64_t>((*filled)[2]) == leave);
}

BOOST_AUTO_TEST_CASE(a_number_takes_its_placeholders_place_with_both_halves) {
  const auto load = load_wide(3, bpf_number_device_state);
  const std::array code{load[0], load[1], leave};
  const std::array values{BpfValue{bpf_number_device_state, 0x1'8000'0002}};
  const auto filled = fill_in(code, values);
  BOOST_REQUIRE(filled.has_value());
  BOOST_TEST(int{(*filled)[0].src_reg} == 0);
  BOOST_TEST(static_cast<std::uint32_t>((*filled)[0].imm) == 0x8000'0002u);
  BOOST_TEST((*filled)[1].imm == 1);
}

BOOST_AUTO_TEST_CASE(other_wide_numbers_and_words_that_look_alike_stay) {
  const auto ordinary = load_wide(2, 0x1234'5678'9abc'def0);
  // The second half of a load is no instruction of its own, whatever it looks like.
  const std::array code{ordinary[0], ordinary[1], word(BPF_ALU64 | BPF_MOV | BPF_K, 0, -1), leave};
  const auto filled = fill_in(code, {});
  BOOST_REQUIRE(filled.has_value());
  for (std::size_t i = 0; i < code.size(); ++i) BOOST_TEST(std::bit_cast<std::uint64_t>((*filled)[i]) == code[i]);
}

BOOST_AUTO_TEST_CASE(a_placeholder_without_a_value_and_half_an_instruction_are_refused) {
  const auto load = load_wide(1, bpf_map_wake);
  const std::array values{BpfValue{bpf_map_plans, 3, true}};
  BOOST_TEST(!fill_in(std::array{load[0], load[1], leave}, values).has_value());
  BOOST_TEST(!fill_in(std::array{load[0]}, values).has_value());
}

BOOST_AUTO_TEST_CASE(a_function_of_the_kernel_takes_the_place_of_its_call_where_there_is_one) {
  const std::array code{word(BPF_JMP | BPF_CALL, 0, bpf_call_cast), leave};
  const auto reached = fill_in(code, std::array{BpfValue{bpf_call_cast, 65'477}});
  BOOST_REQUIRE(reached.has_value());
  BOOST_TEST(int{(*reached)[0].src_reg} == BPF_PSEUDO_KFUNC_CALL);
  BOOST_TEST((*reached)[0].imm == 65'477);
  const auto unknown = fill_in(code, std::array{BpfValue{bpf_call_cast, 0}});
  BOOST_REQUIRE(unknown.has_value());
  BOOST_TEST(int{(*unknown)[0].src_reg} == 0);
  BOOST_TEST((*unknown)[0].imm == BPF_FUNC_ktime_get_ns);
  BOOST_TEST(!fill_in(code, {}).has_value());
}

BOOST_AUTO_TEST_CASE(every_program_is_there_or_none_is_and_what_they_ask_for_is_known) {
  std::vector<BpfValue> values;
  for (std::uint64_t map = bpf_map_plans; map <= bpf_map_wake; ++map) values.push_back({map, 5, true});
  for (std::uint64_t number = bpf_number_port; number <= bpf_number_kind; ++number)
    values.push_back({number, 1, false});
  values.push_back({bpf_call_cast, 1});
  const bool built = !program_code(BpfRole::egress).empty();
  for (const BpfRole role : {BpfRole::egress, BpfRole::ingress, BpfRole::filter, BpfRole::locate}) {
    BOOST_TEST(!program_code(role).empty() == built);
    BOOST_TEST(fill_in(program_code(role), values).has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

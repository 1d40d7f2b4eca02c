#include "hal/linux/bpf_programs.hpp"

#include <bit>

#include "hal/linux/bpf/layout.hpp"
#include "hal/linux/bpf_syscall.hpp"

#ifndef BONDBOX_NO_BPF
#include "bpf_programs_generated.hpp"
#endif

namespace bondbox::lnx {
namespace {

constexpr std::uint64_t placeholder_mark = 0xb0bdb0bd;  // the upper half of each
constexpr std::uint8_t load_wide = BPF_LD | BPF_IMM | BPF_DW;
constexpr std::uint8_t call = BPF_JMP | BPF_CALL;

const BpfValue* value_of(std::uint64_t placeholder, std::span<const BpfValue> values) noexcept {
  for (const BpfValue& value : values)
    if (value.placeholder == placeholder) return &value;
  return nullptr;
}

}  // namespace

const char* program_name(BpfRole role) noexcept {
  switch (role) {
    case BpfRole::egress:
      return "bondbox_out";
    case BpfRole::ingress:
      return "bondbox_in";
    case BpfRole::filter:
      return "bondbox_hear";
    case BpfRole::locate:
      break;
  }
  return "bondbox_locate";
}

int load_program(BpfRole role, std::span<const bpf_insn> code, UniqueFd& program, std::string& complaint) {
  const auto type = role == BpfRole::filter ? BPF_PROG_TYPE_SOCKET_FILTER : BPF_PROG_TYPE_SCHED_CLS;
  return load_program({program_name(role), static_cast<std::uint32_t>(type), code}, program, complaint);
}

std::span<const std::uint64_t> program_code([[maybe_unused]] BpfRole role) noexcept {
#ifndef BONDBOX_NO_BPF
  switch (role) {
    case BpfRole::egress:
      return bpf_egress_code;
    case BpfRole::ingress:
      return bpf_ingress_code;
    case BpfRole::filter:
      return bpf_filter_code;
    case BpfRole::locate:
      return bpf_locate_code;
  }
#endif
  return {};
}

std::optional<std::vector<bpf_insn>> fill_in(std::span<const std::uint64_t> code, std::span<const BpfValue> values) {
  static_assert(sizeof(bpf_insn) == sizeof(std::uint64_t));
  std::vector<bpf_insn> filled;
  filled.reserve(code.size());
  for (const std::uint64_t word : code) filled.push_back(std::bit_cast<bpf_insn>(word));
  for (std::size_t i = 0; i < filled.size(); ++i) {
    if (filled[i].code == call && filled[i].imm == bpf_call_cast) {
      const BpfValue* const found = value_of(bpf_call_cast, values);
      if (found == nullptr) return std::nullopt;
      filled[i].src_reg = found->value != 0 ? BPF_PSEUDO_KFUNC_CALL : 0;
      filled[i].imm = found->value != 0 ? static_cast<std::int32_t>(found->value) : BPF_FUNC_ktime_get_ns;
    }
    if (filled[i].code != load_wide) continue;
    if (i + 1 == filled.size()) return std::nullopt;
    bpf_insn& low = filled[i];
    bpf_insn& high = filled[++i];
    if (static_cast<std::uint32_t>(high.imm) != placeholder_mark) continue;
    const BpfValue* const found = value_of(placeholder_mark << 32 | static_cast<std::uint32_t>(low.imm), values);
    if (found == nullptr) return std::nullopt;
    low.src_reg = found->is_map ? BPF_PSEUDO_MAP_FD : 0;
    low.imm = static_cast<std::int32_t>(static_cast<std::uint32_t>(found->value));
    high.imm = found->is_map ? 0 : static_cast<std::int32_t>(static_cast<std::uint32_t>(found->value >> 32));
  }
  return filled;
}

}  // namespace bondbox::lnx

#include "hal/linux/flow_spread.hpp"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bondbox::lnx {
namespace {

// Registers by what they hold.
constexpr std::uint8_t answer = BPF_REG_0;  // also what a load gives
constexpr std::uint8_t context = BPF_REG_6;
constexpr std::uint8_t hash = BPF_REG_7;
constexpr std::uint8_t scratch = BPF_REG_8;

constexpr std::int32_t multiplier = 0x2c1b3c6d;
constexpr std::int32_t fragment_bits = 0x3fff;  // more fragments, and the offset

struct Assembler {
  std::array<bpf_insn, 64> code{};
  std::size_t size = 0;

  static constexpr bpf_insn instruction(unsigned operation, std::uint8_t to, std::uint8_t from, std::int16_t jump,
                                        std::int32_t number) {
    bpf_insn one{};
    one.code = static_cast<std::uint8_t>(operation);
    one.dst_reg = to & 0xf;
    one.src_reg = from & 0xf;
    one.off = jump;
    one.imm = number;
    return one;
  }
  void put(unsigned operation, std::uint8_t to, std::uint8_t from, std::int16_t jump, std::int32_t number) {
    code[size++] = instruction(operation, to, from, jump, number);
  }
  void set(std::uint8_t to, std::int32_t number) { put(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, number); }
  void copy(std::uint8_t to, std::uint8_t from) { put(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
  /// 32 bits wide.
  void compute(unsigned operation, std::uint8_t to, std::int32_t number) {
    put(BPF_ALU | operation | BPF_K, to, 0, 0, number);
  }
  /// From so many bytes behind the start of the network header, in host byte order. A frame that is too short, or whose
  /// header is not in one piece, ends the program with the answer 0.
  void load(unsigned width, int offset) {
    put(BPF_LD | BPF_ABS | width, 0, 0, 0, static_cast<std::int32_t>(SKF_NET_OFF) + offset);
  }
  void load_behind_scratch(unsigned width) {
    put(BPF_LD | BPF_IND | width, 0, scratch, 0, static_cast<std::int32_t>(SKF_NET_OFF));
  }
  /// hash = (hash + answer) * multiplier
  void mix() {
    put(BPF_ALU | BPF_ADD | BPF_X, hash, answer, 0, 0);
    compute(BPF_MUL, hash, multiplier);
  }
  /// To be aimed later; which instruction it is.
  std::size_t jump(unsigned condition, std::uint8_t on, std::int32_t number) {
    put(BPF_JMP | condition | BPF_K, on, 0, 0, number);
    return size - 1;
  }
  void aim_here(std::size_t from) { code[from].off = static_cast<std::int16_t>(size - from - 1); }
  void end() { put(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }
};

/// The high bits of the product are the good ones.
void answer_with_hash(Assembler& program) {
  program.put(BPF_ALU | BPF_MOV | BPF_X, answer, hash, 0, 0);
  program.compute(BPF_RSH, answer, 16);
  program.end();
}

void spread_ipv4(Assembler& program) {
  program.load(BPF_W, 12);
  program.mix();
  program.load(BPF_W, 16);
  program.mix();
  program.load(BPF_B, 9);
  const std::size_t other_protocol = program.jump(BPF_JNE, answer, IPPROTO_TCP);
  program.load(BPF_H, 6);
  const std::size_t fragment = program.jump(BPF_JSET, answer, fragment_bits);
  program.load(BPF_B, 0);
  program.compute(BPF_AND, answer, 0xf);
  program.compute(BPF_LSH, answer, 2);
  program.copy(scratch, answer);
  program.load_behind_scratch(BPF_W);
  program.mix();
  program.aim_here(other_protocol);
  program.aim_here(fragment);
  answer_with_hash(program);
}

void spread_ipv6(Assembler& program) {
  for (int offset = 8; offset < 40; offset += 4) {
    program.load(BPF_W, offset);
    program.mix();
  }
  program.load(BPF_B, 6);
  const std::size_t icmp = program.jump(BPF_JEQ, answer, IPPROTO_ICMPV6);
  const std::size_t other_protocol = program.jump(BPF_JNE, answer, IPPROTO_TCP);
  program.load(BPF_W, 40);
  program.mix();
  program.aim_here(other_protocol);
  answer_with_hash(program);
  program.aim_here(icmp);
}

int load(std::span<const bpf_insn> code, UniqueFd& program) {
  bpf_attr request{};
  request.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  request.insns = reinterpret_cast<std::uintptr_t>(code.data());
  request.insn_cnt = static_cast<std::uint32_t>(code.size());
  request.license = reinterpret_cast<std::uintptr_t>("");
  program = UniqueFd(static_cast<int>(::syscall(SYS_bpf, BPF_PROG_LOAD, &request, sizeof request)));
  return program.valid() ? 0 : errno;
}

}  // namespace

int load_spread(FlowSpread spread, UniqueFd& program) {
  Assembler code;
  if (spread == FlowSpread::by_flow) {
    code.copy(context, BPF_REG_1);
    code.set(hash, 0);
    code.put(BPF_LDX | BPF_MEM | BPF_W, scratch, context, offsetof(__sk_buff, protocol), 0);
    const std::size_t is_ipv4 = code.jump(BPF_JEQ, scratch, htons(ETH_P_IP));
    const std::size_t is_ipv6 = code.jump(BPF_JEQ, scratch, htons(ETH_P_IPV6));
    const std::size_t is_other = code.jump(BPF_JA, 0, 0);
    code.aim_here(is_ipv4);
    spread_ipv4(code);
    code.aim_here(is_ipv6);
    spread_ipv6(code);
    code.aim_here(is_other);
  }
  code.set(answer, 0);
  code.end();
  return load({code.code.data(), code.size}, program);
}

}  // namespace bondbox::lnx

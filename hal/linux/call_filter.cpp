#include "hal/linux/call_filter.hpp"

#include <linux/seccomp.h>

#include <algorithm>
#include <bit>
#include <cstddef>

namespace bondbox::lnx {
namespace {

constexpr std::size_t halves_of_argument = sizeof(std::uint64_t);
constexpr std::uint32_t offset_of_lower_half = std::endian::native == std::endian::big ? 4 : 0;

/// Calls with consecutive numbers that are let through whatever their arguments, or all rules of one number.
struct Group {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::span<const CallRule> rules;  ///< empty: whatever the arguments
};

bool is_plain(const CallRule& rule) {
  return rule.conditions.size() == 0 && rule.result == 0;
}

std::vector<Group> grouped(std::span<const CallRule> sorted) {
  std::vector<Group> groups;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t end = i + 1;
    while (end < sorted.size() && sorted[end].number == sorted[i].number) ++end;
    const std::span<const CallRule> rules = sorted.subspan(i, end - i);
    const bool plain = std::any_of(rules.begin(), rules.end(), is_plain);
    const std::uint32_t number = sorted[i].number;
    if (plain && !groups.empty() && groups.back().rules.empty() && groups.back().last + 1 == number) {
      groups.back().last = number;
    } else {
      groups.push_back({number, number, plain ? std::span<const CallRule>() : rules});
    }
    i = end;
  }
  return groups;
}

class Writer {
 public:
  explicit Writer(std::uint32_t refusal) : refusal_(refusal) {}

  std::vector<sock_filter> take() { return std::move(code_); }

  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
  void end(std::uint32_t action) { add(BPF_RET | BPF_K, action); }
  /// The next instruction only if the accumulator compares so; else the one after it.
  void only_if(std::uint16_t comparison, std::uint32_t value) {
    add(static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K), value, 0, 1);
  }
  void only_unless(std::uint16_t comparison, std::uint32_t value) {
    add(static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K), value, 1, 0);
  }

  /// The number of the call is in the accumulator and not below that of the first group.
  void choose(std::span<const Group> groups) {
    if (groups.size() == 1) return decide(groups[0]);
    const std::size_t middle = groups.size() / 2;
    only_if(BPF_JGE, groups[middle].first);
    const std::size_t jump = begin_jump();
    choose(groups.first(middle));
    end_jump(jump);
    choose(groups.subspan(middle));
  }

 private:
  void add(std::uint16_t code, std::uint32_t value, std::uint8_t when_true = 0, std::uint8_t when_false = 0) {
    code_.push_back({code, when_true, when_false, value});
  }
  /// A conditional jump reaches 255 instructions; this one as far as it has to.
  std::size_t begin_jump() {
    add(BPF_JMP | BPF_JA, 0);
    return code_.size() - 1;
  }
  void end_jump(std::size_t jump) { code_[jump].k = static_cast<std::uint32_t>(code_.size() - jump - 1); }

  void decide(const Group& group) {
    only_if(BPF_JGT, group.last);
    end(refusal_);
    if (group.rules.empty()) return end(SECCOMP_RET_ALLOW);
    for (const CallRule& rule : group.rules) write(rule);
    end(refusal_);
  }

  void write(const CallRule& rule) {
    std::vector<std::size_t> to_the_next;
    for (std::size_t i = 0; i < rule.conditions.size(); ++i) {
      const CallCondition& condition = rule.conditions[i];
      load(offsetof(seccomp_data, args) + condition.argument * halves_of_argument + offset_of_lower_half);
      if (condition.mask != ~0U) add(BPF_ALU | BPF_AND | BPF_K, condition.mask);
      std::vector<std::size_t> holds;
      for (const std::uint32_t value : condition.values) {
        only_if(BPF_JEQ, value);
        holds.push_back(begin_jump());
      }
      to_the_next.push_back(begin_jump());
      for (const std::size_t jump : holds) end_jump(jump);
    }
    end(rule.result != 0 ? rule.result : SECCOMP_RET_ALLOW);
    for (const std::size_t jump : to_the_next) end_jump(jump);
  }

  std::uint32_t refusal_;
  std::vector<sock_filter> code_;
};

}  // namespace

std::vector<sock_filter> compile_calls(std::vector<CallRule> rules, std::uint32_t architecture, std::uint32_t refusal) {
  std::sort(rules.begin(), rules.end(), [](const CallRule& a, const CallRule& b) { return a.number < b.number; });
  const std::vector<Group> groups = grouped(rules);
  Writer writer(refusal);
  writer.load(offsetof(seccomp_data, arch));
  writer.only_unless(BPF_JEQ, architecture);
  writer.end(refusal);
  if (groups.empty()) {
    writer.end(refusal);
    return writer.take();
  }
  writer.load(offsetof(seccomp_data, nr));
  writer.only_unless(BPF_JGE, groups[0].first);
  writer.end(refusal);
  writer.choose(groups);
  return writer.take();
}

}  // namespace bondbox::lnx

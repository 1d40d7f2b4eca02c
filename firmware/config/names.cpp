#include "firmware/config/names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

namespace bondbox {
namespace {

constexpr std::size_t name_length_max = 40;

char folded(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c == '-' ? '_' : c;
}

/// Optimal string alignment distance: insertions, deletions, substitutions, swaps of neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  if (a.size() > name_length_max || b.size() > name_length_max) return std::numeric_limits<std::size_t>::max();
  std::array<std::array<std::size_t, name_length_max + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = folded(a[i - 1]) == folded(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      const bool swapped =
          i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], rows[(i + 1) % 3][j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t d = distance(name, candidate);
    if (d >= best_distance) continue;
    best = candidate;
    best_distance = d;
  }
  return best;
}

std::string bad_interface_name(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > 15) return "it is longer than 15 characters";
  if (name == "." || name == "..") return "\".\" and \"..\" name directories";
  for (const char c : name) {
    if (c == '/' || c == ':') return std::string("it contains '") + c + "'";
    const auto byte = static_cast<unsigned char>(c);
    if (byte == ' ' || (byte >= '\t' && byte <= '\r')) return "it contains white space";
    if (byte < ' ' || byte == 0x7f) return "it contains a control character";
  }
  return {};
}

}  // namespace bondbox

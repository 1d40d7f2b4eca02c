#include "tests/bench/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bondbox::bench {

double median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(values.size()));
  return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

Summary summarise(const std::vector<double>& values) {
  std::vector<double> numbers;
  for (const double value : values)
    if (std::isfinite(value)) numbers.push_back(value);
  if (numbers.empty()) return {};
  const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  return {median(numbers), *low, *high, numbers.size()};
}

std::vector<double> ratios(const std::vector<double>& values, const std::vector<double>& base) {
  std::vector<double> found;
  for (std::size_t round = 0; round < std::min(values.size(), base.size()); ++round) {
    const bool both = std::isfinite(values[round]) && std::isfinite(base[round]) && base[round] > 0;
    found.push_back(both ? values[round] / base[round] : std::numeric_limits<double>::quiet_NaN());
  }
  return found;
}

}  // namespace bondbox::bench

// What is made of repeated measurements: medians, because one disturbed round must not move a figure, and the range, so
// that nobody takes noise for a result.
#pragma once

#include <cstddef>
#include <vector>

namespace bondbox::bench {

/// Not a number when there are no values.
double median(std::vector<double> values);
/// The smallest value that at least `share` (0 to 1) of the values do not exceed; not a number when there are none.
double percentile(std::vector<double> values, double share);

struct Summary {
  double median = 0;
  double low = 0;
  double high = 0;
  std::size_t count = 0;  ///< 0: nothing was measured, the rest means nothing
};
/// Values that are not numbers stand for rounds that failed: they are left out.
Summary summarise(const std::vector<double>& values);

/// Round by round `values` / `base`, both by round; a round in which one of them failed has no ratio.
std::vector<double> ratios(const std::vector<double>& values, const std::vector<double>& base);

}  // namespace bondbox::bench

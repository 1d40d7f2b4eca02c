// {"ratios": {"packet": {"tcp_tx": r, ...}, ...}, "absolute": {...}, ...}: the ratios are medians of the rounds' ratios
// to the bare cable; "spread" has lowest and highest of both.
#include <boost/json.hpp>
#include <cmath>

#include "tests/bench/results.hpp"

namespace bondbox::bench {
namespace {

namespace json = boost::json;

/// Four digits: more would only be noise.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double scale = std::pow(10.0, 3 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

json::array spread(const Summary& summary) {
  return {rounded(summary.low), rounded(summary.high)};
}

json::value number_or_null(double value) {
  return std::isfinite(value) ? json::value(rounded(value)) : json::value(nullptr);
}

json::object lost(const std::vector<double>& per_pull) {
  const Summary summary = summarise(per_pull);
  return {{"pulls", summary.count}, {"median", rounded(summary.median)}, {"worst", rounded(summary.high)}};
}

json::object table_json(const Table& table) {
  json::object rows;
  for (const TableRow& row : table.rows) {
    json::object cells;
    for (std::size_t i = 0; i < table.columns.size() && i < row.values.size(); ++i)
      cells[table.columns[i].first] = number_or_null(row.values[i]);
    rows[row.key] = std::move(cells);
  }
  return rows;
}

void add_measures(const Results& results, const Contestant& contestant, json::object& document) {
  json::object ratios, absolutes, ratio_spread, absolute_spread;
  for (const MeasureInfo& measure : all_measures()) {
    const std::string key(measure.key);
    if (const Summary value = absolute(contestant, measure.measure); value.count != 0) {
      absolutes[key] = rounded(value.median);
      absolute_spread[key] = spread(value);
    }
    if (const Summary value = ratio(results, contestant, measure.measure); value.count != 0) {
      ratios[key] = rounded(value.median);
      ratio_spread[key] = spread(value);
    }
  }
  document["absolute"].as_object()[contestant.key] = std::move(absolutes);
  document["spread"].as_object()[contestant.key] =
      json::object{{"absolute", std::move(absolute_spread)}, {"ratios", ratio_spread}};
  const bool is_base = &contestant == &results.contestants.front();
  if (!is_base) document["ratios"].as_object()[contestant.key] = std::move(ratios);
}

}  // namespace

std::string as_json(const Results& results) {
  json::object document{{"ratios", json::object()},   {"absolute", json::object()},   {"spread", json::object()},
                        {"loss", json::object()},     {"duplicates", json::object()}, {"skipped", json::object()},
                        {"notes", json::object()},    {"tables", json::object()},     {"machine", results.machine},
                        {"version", results.version}, {"date", results.date},         {"rounds", results.rounds},
                        {"seconds", results.seconds}};
  json::object units;
  for (const MeasureInfo& measure : all_measures()) units[measure.key] = measure.unit;
  document["units"] = std::move(units);
  for (const Contestant& contestant : results.contestants) {
    if (!contestant.skipped.empty()) {
      document["skipped"].as_object()[contestant.key] = contestant.skipped;
      continue;
    }
    add_measures(results, contestant, document);
    document["duplicates"].as_object()[contestant.key] = contestant.duplicates;
    if (!contestant.lost_out.empty() || !contestant.lost_in.empty())
      document["loss"].as_object()[contestant.key] =
          json::object{{"out", lost(contestant.lost_out)}, {"in", lost(contestant.lost_in)}};
    if (!contestant.notes.empty())
      document["notes"].as_object()[contestant.key] = json::array(contestant.notes.begin(), contestant.notes.end());
  }
  for (const Table& table : results.tables) document["tables"].as_object()[table.key] = table_json(table);
  return json::serialize(document) + "\n";
}

}  // namespace bondbox::bench

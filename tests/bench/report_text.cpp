#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tests/bench/results.hpp"

namespace bondbox::bench {
namespace {

constexpr std::size_t title_width = 38;
constexpr std::size_t column_width = 30;

std::string padded(std::string text, std::size_t width, bool right = false) {
  if (text.size() < width) text.insert(right ? 0 : text.size(), width - text.size(), ' ');
  return text;
}

std::string number(double value, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

/// "19.40 [18.9-19.8] 0.87": median, range, ratio to the bare cable.
std::string cell(const Results& results, const Contestant& contestant, const MeasureInfo& measure) {
  const Summary value = absolute(contestant, measure.measure);
  if (value.count == 0) return "-";
  const int fewer = std::max(0, measure.decimals - 1);
  std::string text =
      number(value.median, measure.decimals) + " [" + number(value.low, fewer) + "-" + number(value.high, fewer) + "]";
  const Summary relative = ratio(results, contestant, measure.measure);
  if (relative.count != 0 && &contestant != &results.contestants.front())
    text += " " + number(relative.median, relative.median < 10 ? 2 : 0);
  return text;
}

std::vector<const Contestant*> measured(const Results& results) {
  std::vector<const Contestant*> list;
  for (const Contestant& contestant : results.contestants)
    if (contestant.skipped.empty()) list.push_back(&contestant);
  return list;
}

std::string lost(const std::vector<double>& per_pull) {
  const Summary summary = summarise(per_pull);
  if (summary.count == 0) return "-";
  return number(summary.median, 0) + ", worst " + number(summary.high, 0);
}

std::string remarks(const Results& results) {
  std::string text;
  for (const Contestant& contestant : results.contestants) {
    if (!contestant.skipped.empty()) text += "skipped: " + contestant.key + ": " + contestant.skipped + "\n";
    for (const std::string& note : contestant.notes) text += "note: " + contestant.key + ": " + note + "\n";
  }
  return text;
}

}  // namespace

std::string as_text(const Table& table) {
  constexpr std::size_t width = 14;
  std::string text = "\n" + padded(table.title, title_width);
  for (const auto& [key, heading] : table.columns) text += padded(heading, width, true);
  text += "\n";
  for (const TableRow& row : table.rows) {
    text += padded("  " + row.title, title_width);
    for (const double value : row.values)
      text += padded(std::isfinite(value) ? number(value, value < 10 ? 2 : value < 100 ? 1 : 0) : "-", width, true);
    text += "\n";
  }
  if (!table.note.empty()) text += "  " + table.note + "\n";
  return text;
}

std::string as_text(const Results& results) {
  const std::vector<const Contestant*> columns = measured(results);
  std::string text = "bondbox bench, " + results.version + ", " + results.date + "\n" + results.machine + "\n" +
                     std::to_string(results.rounds) + " interleaved rounds of " + number(results.seconds, 1) +
                     " s a measurement: median [lowest-highest] ratio to the bare cable\n\n";
  text += padded("", title_width);
  for (const Contestant* contestant : columns) text += padded(contestant->key, column_width);
  text += "\n";
  for (const MeasureInfo& measure : all_measures()) {
    if (std::none_of(columns.begin(), columns.end(),
                     [&](const Contestant* one) { return absolute(*one, measure.measure).count != 0; }))
      continue;
    text += padded(std::string(measure.title), title_width);
    for (const Contestant* contestant : columns) text += padded(cell(results, *contestant, measure), column_width);
    text += std::string(measure.unit) + "\n";
  }
  if (std::any_of(columns.begin(), columns.end(), [](const Contestant* one) { return !one->lost_out.empty(); })) {
    text += padded("lost per pulled cable, out", title_width);
    for (const Contestant* contestant : columns) text += padded(lost(contestant->lost_out), column_width);
    text += "of 10,000/s\n" + padded("lost per pulled cable, in", title_width);
    for (const Contestant* contestant : columns) text += padded(lost(contestant->lost_in), column_width);
    text += "of 10,000/s\n";
  }
  text += padded("packets read twice", title_width);
  for (const Contestant* contestant : columns) text += padded(std::to_string(contestant->duplicates), column_width);
  text += "\n";
  for (const Contestant* contestant : columns) text += "  " + padded(contestant->key, 8) + contestant->title + "\n";
  for (const Table& table : results.tables) text += as_text(table);
  const std::string last = remarks(results);
  return text + (last.empty() ? "" : "\n" + last);
}

}  // namespace bondbox::bench

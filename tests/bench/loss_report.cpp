// The result of measure_loss() for eyes and for machines.
#include <cstdarg>
#include <cstdio>

#include "tests/bench/loss.hpp"

namespace bondbox::bench {
namespace {

constexpr const char* class_names[pull_classes] = {"quiet", "flapped", "fresh"};

void append(std::string& text, const char* pattern, ...) __attribute__((format(printf, 2, 3)));
void append(std::string& text, const char* pattern, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(line, sizeof line, pattern, arguments);
  va_end(arguments);
  text += line;
}

using Direction = DirectionLoss PullLoss::*;

struct Sums {
  std::size_t pulls = 0;
  Spread lost;
  Spread outage;
  double delay_worst = 0;
  unsigned long long sent = 0;
  unsigned long long lost_in_all = 0;
  unsigned long long duplicated = 0;
  unsigned long long reordered = 0;
};

/// Over the pulls of one class, or of all.
Sums sum(const std::vector<PullLoss>& pulls, Direction direction, int only = -1) {
  Sums sums;
  std::vector<double> lost;
  std::vector<double> outage;
  for (const PullLoss& pull : pulls) {
    if (only >= 0 && static_cast<int>(pull.before) != only) continue;
    const DirectionLoss& one = pull.*direction;
    lost.push_back(one.lost);
    outage.push_back(one.outage_ms);
    sums.delay_worst = one.delay_ms > sums.delay_worst ? one.delay_ms : sums.delay_worst;
    sums.sent += one.sent;
    sums.lost_in_all += one.lost;
    sums.duplicated += one.duplicated;
    sums.reordered += one.reordered;
  }
  sums.pulls = lost.size();
  sums.lost = spread_of(lost);
  sums.outage = spread_of(outage);
  return sums;
}

void append_row(std::string& text, const char* direction, const char* what, const Sums& sums) {
  if (sums.pulls == 0 || sums.sent == 0) return;
  append(text, "%-4s %-11s %5zu %8.1f %7.1f %6.0f %9.2f %7.2f %11llu %10llu %9.1f\n", direction, what, sums.pulls,
         sums.lost.median, sums.lost.mean, sums.lost.worst, sums.outage.median, sums.outage.worst, sums.duplicated,
         sums.reordered, sums.delay_worst);
}

void append_rows(std::string& text, const char* name, Direction direction, const LossResult& result) {
  append_row(text, name, "all pulls", sum(result.pulls, direction));
  for (std::size_t i = 0; i < pull_classes; ++i)
    append_row(text, name, class_names[i], sum(result.pulls, direction, static_cast<int>(i)));
  append_row(text, name, "put back", sum(result.backs, direction));
  append_row(text, name, "no event", sum({result.before}, direction));
}

void append_summary(std::string& text, const char* name, Direction direction, const LossResult& result) {
  const Sums pulls = sum(result.pulls, direction);
  const Sums backs = sum(result.backs, direction);
  append(text,
         "\"%s\":{\"lost_median\":%.1f,\"lost_mean\":%.2f,\"lost_worst\":%.0f,\"outage_ms_median\":%.3f,"
         "\"outage_ms_worst\":%.3f,",
         name, pulls.lost.median, pulls.lost.mean, pulls.lost.worst, pulls.outage.median, pulls.outage.worst);
  append(text,
         "\"duplicated\":%llu,\"reordered\":%llu,\"sent\":%llu,\"put_back_lost\":%llu,\"put_back_duplicated\":%llu,"
         "\"put_back_reordered\":%llu,\"no_event_lost\":%u},",
         pulls.duplicated, pulls.reordered, pulls.sent, backs.lost_in_all, backs.duplicated, backs.reordered,
         (result.before.*direction).lost);
}

void append_direction(std::string& text, const char* name, const DirectionLoss& one) {
  append(text, "\"%s\":{\"lost\":%u,\"duplicated\":%u,\"reordered\":%u,\"outage_ms\":%.3f,\"delay_ms\":%.3f}", name,
         one.lost, one.duplicated, one.reordered, one.outage_ms, one.delay_ms);
}

}  // namespace

std::string loss_text(const LossResult& result) {
  std::string text =
      "                      lost per pull            outage ms\n"
      "                 pulls   median    mean  worst    median   worst  duplicated  reordered  delay ms\n";
  append_rows(text, "out", &PullLoss::out, result);
  append_rows(text, "in", &PullLoss::in, result);
  if (result.refused != 0)
    append(text, "refused by the sender's kernel: %llu\n", static_cast<unsigned long long>(result.refused));
  if (result.overrun != 0)
    append(text, "SPOILT: %llu packets were lost in the receivers' sockets\n",
           static_cast<unsigned long long>(result.overrun));
  return text;
}

std::string loss_json(const LossResult& result) {
  std::string text = "{";
  append_summary(text, "out", &PullLoss::out, result);
  append_summary(text, "in", &PullLoss::in, result);
  append(text, "\"refused\":%llu,\"overrun\":%llu,\"pulls\":[", static_cast<unsigned long long>(result.refused),
         static_cast<unsigned long long>(result.overrun));
  bool first = true;
  for (const PullLoss& pull : result.pulls) {
    append(text, "%s{\"class\":\"%s\",\"at_s\":%.3f,\"since_pull_ms\":%.0f,\"since_back_ms\":%.0f,", first ? "" : ",",
           class_names[static_cast<std::size_t>(pull.before)], pull.at_s, pull.since_pull_ms, pull.since_back_ms);
    first = false;
    append_direction(text, "out", pull.out);
    text += ',';
    append_direction(text, "in", pull.in);
    text += '}';
  }
  return text + "]}\n";
}

}  // namespace bondbox::bench

#include "tests/swarm/tally.hpp"

#include <cstdio>

namespace bondbox::swarm {

void Tally::add(const Tally& other) {
  worlds += other.worlds;
  refused_configurations += other.refused_configurations;
  simulated_ms += other.simulated_ms;
  steps += other.steps;
  frames_sent += other.frames_sent;
  frames_delivered += other.frames_delivered;
  commands += other.commands;
  refused_commands += other.refused_commands;
  for (const auto& [kind, count] : other.faults) faults[kind] += count;
  for (const auto& [mode, recovery] : other.recovery_of_mode) {
    Recovery& known = recovery_of_mode[mode];
    known.worlds += recovery.worlds;
    if (recovery.slowest_ms < known.slowest_ms) continue;
    known.slowest_ms = recovery.slowest_ms;
    known.bound_ms = recovery.bound_ms;
  }
}

std::string Tally::text() const {
  char line[200];
  std::snprintf(line, sizeof line,
                "%llu worlds, %.1f simulated hours, %llu steps, %llu frames sent, %llu arrived\n"
                "%llu commands, %llu of them refused; %llu configurations refused\nfaults:",
                static_cast<unsigned long long>(worlds), static_cast<double>(simulated_ms) / 3.6e6,
                static_cast<unsigned long long>(steps), static_cast<unsigned long long>(frames_sent),
                static_cast<unsigned long long>(frames_delivered), static_cast<unsigned long long>(commands),
                static_cast<unsigned long long>(refused_commands),
                static_cast<unsigned long long>(refused_configurations));
  std::string text = line;
  const char* separator = " ";
  for (const auto& [kind, count] : faults) {
    text += separator + kind + " " + std::to_string(count);
    separator = ", ";
  }
  text += "\n";
  for (const auto& [mode, recovery] : recovery_of_mode) {
    std::snprintf(line, sizeof line, "%-14s %llu bonds, slowest recovery %lld ms, its bound %lld ms\n", mode.c_str(),
                  static_cast<unsigned long long>(recovery.worlds), static_cast<long long>(recovery.slowest_ms),
                  static_cast<long long>(recovery.bound_ms));
    text += line;
  }
  return text;
}

}  // namespace bondbox::swarm

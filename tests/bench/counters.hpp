// What the kernel counts: CPU time, memory, packets.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/lab/support/namespace.hpp"

namespace bondbox::bench {

/// Seconds that the processes, all their threads, have worked since they began.
double process_cpu_s(const std::vector<pid_t>& processes);
/// Seconds that the machine's CPUs have not been idle, interrupts included; steal left out.
double machine_cpu_s();
std::uint64_t resident_bytes(const std::vector<pid_t>& processes);
/// Of these what is the process's own, and not of a file that the kernel may read again.
std::uint64_t own_bytes(pid_t process);
/// How often the threads of the processes have been put on a CPU.
std::uint64_t wake_ups(const std::vector<pid_t>& processes);

struct CableCounters {
  std::uint64_t rx_packets = 0;
  std::uint64_t rx_bytes = 0;
  std::uint64_t tx_packets = 0;
  std::uint64_t tx_bytes = 0;
};
/// Of the interfaces of a namespace whose names begin so, together.
CableCounters cable_counters(const lab::Namespace& space, const std::string& prefix);

/// UDP datagrams that have come to the namespace's stack for a socket, whether or not the socket had room.
std::uint64_t udp_arrived(const lab::Namespace& space);

/// Every thread of the processes runs on this CPU only; -1: on any.
void pin(const std::vector<pid_t>& processes, int cpu);

}  // namespace bondbox::bench

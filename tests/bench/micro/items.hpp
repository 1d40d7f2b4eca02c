// What single decisions of the program cost: each item is a piece of work that is done again and again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bondbox::bench {

struct Item {
  std::string key;
  std::string title;
  std::uint32_t per_call = 1;  ///< pieces of work in one call
  std::function<void()> work;
};

/// What keeps the optimiser from leaving out a result that nobody reads.
inline void keep(const void* result) {
  asm volatile("" : : "r"(result) : "memory");
}

std::vector<Item> hash_items();
std::vector<Item> decision_items();   ///< choose_port by mode; by number of ports; of VLAN-tagged frames
std::vector<Item> forwarder_items();  ///< a frame through the forwarder, both ways, beside NICs that take all
std::vector<Item> control_items();    ///< plan swap, LACP step, scheduler step by number of bonds

}  // namespace bondbox::bench

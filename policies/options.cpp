#include "policies/options.hpp"

namespace bondbox {

const char* mode_name(Mode mode) noexcept {
  switch (mode) {
    case Mode::balance_rr:
      return "balance-rr";
    case Mode::active_backup:
      return "active-backup";
    case Mode::balance_xor:
      return "balance-xor";
    case Mode::broadcast:
      return "broadcast";
    case Mode::lacp_8023ad:
      return "802.3ad";
    case Mode::balance_tlb:
      return "balance-tlb";
    case Mode::balance_alb:
      return "balance-alb";
  }
  return "unknown";
}

}  // namespace bondbox

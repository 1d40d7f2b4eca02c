// All that a bondbox knows, as one run of bytes: what RUN_DIR/state/bonds holds, for the next start after a kill. The
// bytes say of which layout they are, and are checked as a whole before anything of them is read.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "firmware/config/bond_config.hpp"
#include "firmware/event_log.hpp"
#include "hal/outcome.hpp"
#include "hal/wire/archive.hpp"

namespace bondbox {

struct SavedBond {
  BondConfig running;                ///< Bond::running_config()
  std::uint64_t asked_for = 0;       ///< fingerprint_of the configuration that it was made from
  bool added = false;                ///< at run time: no configuration speaks of it
  std::vector<std::uint8_t> memory;  ///< Bond::save()
};

/// Where it may be read again: nowhere else does it say anything.
struct SavedPlace {
  std::string boot_id;
  std::uint64_t namespace_inode = 0;
  friend bool operator==(const SavedPlace&, const SavedPlace&) = default;
};

struct SavedState {
  SavedPlace place;
  std::int64_t saved_ms = 0;  ///< CLOCK_MONOTONIC
  std::int64_t alive_ms = 0;  ///< when whoever saved it was last seen; not before saved_ms
  std::vector<SavedBond> bonds;

  /// Replaces `bytes`. `now` is the tick of saved_ms.
  void write(std::vector<std::uint8_t>& bytes, Tick now, EventLog& events);
  /// `tick_of` gives the tick of a CLOCK_MONOTONIC reading; `events` has none yet. EBADMSG: damaged, or not understood;
  /// ESTALE: of another boot or network namespace.
  Outcome read(wire::Bytes bytes, const SavedPlace& here, const std::function<Tick(std::int64_t)>& tick_of,
               EventLog& events);

  /// What its layout is: found out by the first who asks, which takes as long as to make a bond.
  static std::uint64_t layout();

  /// The bytes at this place tell alive_ms, and may be replaced as time goes on.
  static constexpr std::size_t alive_at = 16;
  static std::array<std::uint8_t, 8> alive_bytes(std::int64_t alive_ms) noexcept;
};

void archive(Archive& a, BondConfig& config);

/// Equal for configurations that ask for the same bond.
std::uint64_t fingerprint_of(const BondConfig& config);

}  // namespace bondbox

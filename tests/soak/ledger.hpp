// The ledger of a long run: what became of every packet that was sent, and which happening has cost each one that was
// lost. A packet may be lost only within a bounded time after something that moves traffic; everything else is a fault.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/bench/numbered_flow.hpp"

namespace bondbox::soak {

enum class Kind : std::uint8_t {
  pull_far,   ///< the peer's end of a cable is set down
  pull_near,  ///< the appliance's own interface is set down
  removal,    ///< a port's interface is deleted
  back,       ///< a cable is whole again
  moved,      ///< a command that may choose another port
  released,   ///< a port is released
  killed,     ///< kill -9, and a new start
  upgraded,   ///< another process takes over
  enslaved,   ///< from here on nothing may be lost
  stopped,    ///< SIGSTOP for a moment
  switched,   ///< offload: another way for the frames, and one that is short may be the quicker one
  set,        ///< an option that moves no traffic
  reloaded,
  asked,  ///< status, events and so on
};
inline constexpr std::size_t kinds = 14;
const char* text_of(Kind kind);

struct Happening {
  Kind kind = Kind::asked;
  std::int64_t begin_ns = 0;  ///< CLOCK_REALTIME
  std::int64_t end_ns = 0;
  bool may_lose = false;     ///< packets that meet it, and those of the window after its end
  bool may_reorder = false;  ///< the same; what may lose may reorder, too
};

enum class Way : std::uint8_t { out, in };

struct Totals {
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;  ///< by the sender's own kernel
  std::uint64_t arrived = 0;
  std::uint64_t lost = 0;
  std::uint64_t doubled = 0;
  std::uint64_t reordered = 0;  ///< while nothing happened that moves traffic
  std::uint64_t reordered_in_window = 0;
  std::uint64_t unexplained = 0;  ///< lost while nothing happened that may lose
  double delay_ms = 0;            ///< longest time on the way
};

struct Row {
  std::uint64_t happened = 0;
  std::uint64_t cost_something = 0;  ///< happenings that lost a packet
  std::array<std::uint64_t, 2> lost{};
  std::uint64_t worst = 0;  ///< packets lost by one of them, both ways
  double latest_ms = 0;     ///< from the happening to the sending of the last packet that it cost
};

class Ledger {
 public:
  /// `straight`: what comes in waits in no process before it is in a port. Where it waits then, it is read when the
  /// port is left, so it may be lost only on the cable.
  explicit Ledger(std::int64_t window_ns, bool straight = false) : window_ns_(window_ns), straight_(straight) {}

  /// `happenings` in the order in which they began; to be called once with those of each lap.
  void note(std::span<const Happening> happenings);
  /// One direction of a lap. `happenings` as above, and with what came before it as far as its windows reach.
  void add(Way way, std::span<const bench::NumberedFlow::Packet> packets, std::uint64_t refused,
           std::span<const Happening> happenings);

  const Totals& totals(Way way) const noexcept { return totals_[static_cast<std::size_t>(way)]; }
  const Row& row(Kind kind) const noexcept { return rows_[static_cast<std::size_t>(kind)]; }
  /// The first few packets that nothing explains, in words.
  std::span<const std::string> unexplained() const noexcept { return unexplained_; }

 private:
  enum class Harm : std::uint8_t { loss, loss_on_the_cable, disorder };
  /// `waited_ns`: how long it may have been on its way before it was lost.
  const Happening* cause_of(Harm harm, std::int64_t sent_ns, std::int64_t waited_ns,
                            std::span<const Happening> happenings) const;
  void complain(const char* what, Way way, std::size_t number, std::int64_t sent_ns,
                std::span<const Happening> happenings);

  std::int64_t window_ns_;
  bool straight_;
  std::array<Totals, 2> totals_{};
  std::array<Row, kinds> rows_{};
  std::vector<std::string> unexplained_;
};

}  // namespace bondbox::soak

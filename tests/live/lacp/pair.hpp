// Two LACP partners facing each other, and what a case finds out about them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/live/lacp/party.hpp"
#include "tests/live/lacp/street.hpp"

namespace bondbox::live {

/// What a case found. `failures` empty: it passed.
class Findings {
 public:
  /// Tells the state of things when the first check fails.
  std::function<std::string()> snapshot;

  void check(bool holds, const std::string& what);
  /// As check, and ends the case when it does not hold.
  void require(bool holds, const std::string& what);
  /// A measurement, shown with the result.
  void note(const std::string& what) { notes_.push_back(what); }

  const std::vector<std::string>& failures() const noexcept { return failures_; }
  const std::vector<std::string>& notes() const noexcept { return notes_; }

 private:
  std::vector<std::string> failures_;
  std::vector<std::string> notes_;
};

/// The street with a party at each end, bond0 on both, 10.0.0.1 on the left and 10.0.0.2 on the right.
class Pair {
 public:
  Street street;
  Kind left_kind;
  Kind right_kind;
  PartyOptions left_options;
  PartyOptions right_options;
  std::unique_ptr<Party> left;
  std::unique_ptr<Party> right;
  Findings& findings;

  Pair(Kind left_is, Kind right_is, Findings& found);
  /// Starts both.
  void start();
  /// The same with another party on the right, made by `make_right`.
  void start(const std::function<std::unique_ptr<Party>()>& make_right);
  /// Whether both ends come to carry on so many ports within the limit, and stay so for a moment. Tells the time it
  /// took, -1: not.
  std::int64_t comes_to_carry(std::size_t ports, int limit_ms) const;
  bool reaches(int limit_ms) const;
  /// Lets time pass.
  void watch(int time_ms) const;
  /// Both ends' views, for the message of a failure.
  std::string views() const;
  /// What was seen of all ports while comes_to_carry() or watch() looked: a line for each change, Actor_State and
  /// Partner_State in decimal.
  const std::string& story() const noexcept { return story_; }

 private:
  /// How many ports carry, left and right.
  std::pair<std::size_t, std::size_t> look() const;

  std::int64_t built_;
  mutable std::string last_state_;
  mutable std::string story_;
};

/// How long things take, in ms: what is promised, and patience for a machine with other work.
inline constexpr int negotiation_ms = 25'000;    ///< a fast pair is together in 2.7 to 2.9 s
inline constexpr int failover_limit_ms = 3'000;  ///< a lost link is seen by the next poll; from then on nothing is lost

void sleep_ms(int time);
std::string in_ms(std::int64_t time);

/// Both ports in one aggregator on both sides, every state as it has to be, each side knowing the other's.
void check_partnership(const Pair& pair);
/// Waits for the partnership, checks it and that the hosts reach each other.
void come_together(Pair& pair);
void start_and_come_together(Pair& pair);

}  // namespace bondbox::live

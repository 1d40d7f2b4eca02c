// When to look at links between two polls. What is sent finds a dead cable by itself (a NIC refuses it, or the offload
// moves it on); what is only received does not: the frames just stop. So a port that receives and has not sent for the
// time of about four received frames has its link looked at. An idle bond has no looks, and a pulled cable costs such a
// flow a few frames instead of miimon's time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/ids.hpp"

namespace bondbox {

class LinkWatch {
 public:
  /// What a port has carried in all until now.
  struct Traffic {
    PortId port;
    bool delivers = false;  ///< no: nobody waits for what it receives
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
  };
  using TrafficList = FixedVector<Traffic, max_ports>;

  /// With every step: all ports that there are. How fast a port receives is judged anew after some dozen frames, so
  /// that a flow that has just come to it is looked after at once, and when `interval`, miimon's, has passed without as
  /// many.
  void note(const TrafficList& traffic, Ticks interval, Tick now) noexcept;
  /// Nothing is looked at any more.
  void stop() noexcept { *this = {}; }

  std::optional<Tick> due() const noexcept { return due_; }
  /// The looks that were due have been made.
  void looked(Tick now) noexcept;
  template <class A>
  void archive(A& a) {
    a(ports_, listed_, last_look_, due_);
  }

 private:
  struct Port {
    std::uint64_t received = 0;  ///< in all
    std::uint64_t sent = 0;
    std::uint64_t heard = 0;  ///< since `from`
    Tick from{};
    Tick assured{};                 ///< when it last sent, or the pace was found
    std::optional<Ticks> patience;  ///< how long it may go on without sending before it is looked at; none: a poll's
    template <class A>
    void archive(A& a) {
      a(received, sent, heard, from, assured, patience);
    }
  };

  static void judge(Port& port, Ticks interval, Tick now) noexcept;
  void plan() noexcept;

  std::array<Port, max_ports> ports_{};
  std::uint16_t listed_ = 0;  ///< the ports that there are, as bits
  Tick last_look_{};
  std::optional<Tick> due_;
};

}  // namespace bondbox

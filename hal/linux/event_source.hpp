// What rtnetlink tells by itself, turned into hardware events. The socket hears of links, addresses and queueing only,
// so an idle machine does not wake its reader.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "hal/hardware.hpp"
#include "hal/linux/context.hpp"

namespace bondbox::lnx {

class EventSource {
 public:
  using Events = FixedVector<HardwareEvent, 64>;

  explicit EventSource(std::shared_ptr<Context> context) : context_(std::move(context)) {}

  /// errno, 0: done. Interfaces that exist by then are no news.
  int open();
  /// As Hardware::poll_events.
  void poll(Events& events);
  int fd() const noexcept { return socket_.fd(); }

 private:
  /// By index and name: a name that moves to another interface is news too.
  struct Known {
    int index = 0;
    std::array<char, 16> name{};
    bool is(std::string_view text) const noexcept { return std::string_view(name.data()) == text; }
  };
  static constexpr std::size_t known_max = 256;

  void take_message(const nlmsghdr& message, Events& events);
  void take_link(const InterfaceInfo& info, bool removed, Events& events);
  void tell_of_address(const InterfaceAddress& address) const;
  void take_address_of(int index);
  void take_queueing(const nlmsghdr& message);
  void notice_untold_changes();
  void teach_hosts();
  void look_again(Events& events);
  bool remember(const InterfaceInfo& info);
  void forget(int index);
  const Context::ClaimedNic* claimed(int index) const;

  std::shared_ptr<Context> context_;
  NetlinkSocket socket_;
  FixedVector<Known, known_max> known_;
  bool hosts_concerned_ = false;
  std::int64_t looked_ms_ = 0;
  std::int64_t next_dump_ms_ = 0;
};

}  // namespace bondbox::lnx

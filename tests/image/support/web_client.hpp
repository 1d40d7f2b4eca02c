// One request to a web server and its answer: as little of TCP (RFC 9293) as that takes. It knows no socket and no
// clock of its own, so that it can stand behind a simulated switch.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "hal/wire/bytes.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::image {

class WebClient {
 public:
  using Clock = std::chrono::steady_clock;
  struct End {
    MacAddress mac;
    IpAddress address;  ///< IPv4
    std::uint16_t port = 0;
  };

  WebClient(const End& self, const End& server, std::string request)
      : self_(self), server_(server), request_(std::move(request)) {}

  /// What has come by IPv4 and TCP, without the IP header. Segments that are not of this connection are passed over,
  /// and so are those that come before their turn: they are sent again.
  void take(wire::Bytes segment);
  /// A frame that is to be sent now; empty: none. What is not answered is sent again after half a second.
  std::vector<std::uint8_t> next_frame(Clock::time_point now);

  /// The far end has closed: the answer is whole, or was refused.
  bool is_over() const { return over_; }
  const std::string& answer() const { return answer_; }

 private:
  enum class Phase : std::uint8_t { greeting, asking, listening };
  std::vector<std::uint8_t> frame(std::uint8_t flags, const std::string& data) const;

  End self_;
  End server_;
  std::string request_;
  std::string answer_;
  Phase phase_ = Phase::greeting;
  bool owes_answer_ = true;  ///< something came, or nothing has been sent yet
  bool over_ = false;
  std::uint32_t sent_ = 0x1dea0000;  ///< the next byte's number
  std::uint32_t expected_ = 0;
  Clock::time_point again_{};
};

}  // namespace bondbox::image

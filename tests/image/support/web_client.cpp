#include "tests/image/support/web_client.hpp"

#include "hal/wire/checksum.hpp"
#include "hal/wire/ethernet.hpp"

namespace bondbox::image {
namespace {

constexpr std::uint8_t fin = 0x01;
constexpr std::uint8_t syn = 0x02;
constexpr std::uint8_t rst = 0x04;
constexpr std::uint8_t ack = 0x10;
constexpr std::size_t header = 20;
constexpr std::uint8_t protocol_tcp = 6;
constexpr std::chrono::milliseconds patience{500};

void put16(std::vector<std::uint8_t>& out, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8 & 0xff));
  out.push_back(static_cast<std::uint8_t>(value & 0xff));
}
void put32(std::vector<std::uint8_t>& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}
void put(std::vector<std::uint8_t>& out, wire::Bytes bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}
void patch16(std::vector<std::uint8_t>& out, std::size_t at, std::uint16_t value) {
  out[at] = static_cast<std::uint8_t>(value >> 8);
  out[at + 1] = static_cast<std::uint8_t>(value & 0xff);
}

}  // namespace

void WebClient::take(wire::Bytes segment) {
  if (over_ || segment.size() < header) return;
  if (wire::load_be16(segment.data()) != server_.port || wire::load_be16(segment.data() + 2) != self_.port) return;
  const std::uint32_t number = wire::load_be32(segment.data() + 4);
  const std::uint32_t acknowledged = wire::load_be32(segment.data() + 8);
  const std::uint8_t flags = segment[13];
  if ((flags & rst) != 0) over_ = true;
  if (phase_ == Phase::greeting) {
    if ((flags & (syn | ack)) != (syn | ack) || acknowledged != sent_ + 1) return;
    ++sent_;
    expected_ = number + 1;
    phase_ = Phase::asking;
    owes_answer_ = true;
    return;
  }
  if (phase_ == Phase::asking && acknowledged == sent_ + request_.size()) {
    sent_ = acknowledged;
    phase_ = Phase::listening;
  }
  const std::size_t offset = std::size_t{segment[12]} / 16 * 4;
  if (offset < header || offset > segment.size()) return;
  const wire::Bytes data = segment.subspan(offset);
  if (data.empty() && (flags & fin) == 0) return;
  owes_answer_ = true;
  if (number != expected_) return;
  answer_.append(data.begin(), data.end());
  expected_ += static_cast<std::uint32_t>(data.size());
  if ((flags & fin) == 0) return;
  ++expected_;
  over_ = true;
}

std::vector<std::uint8_t> WebClient::next_frame(Clock::time_point now) {
  const bool waits = phase_ != Phase::listening && !over_ && now >= again_;
  if (!owes_answer_ && !waits) return {};
  owes_answer_ = false;
  if (phase_ == Phase::listening || over_) return frame(ack, {});
  again_ = now + patience;
  return phase_ == Phase::greeting ? frame(syn, {}) : frame(ack, request_);
}

std::vector<std::uint8_t> WebClient::frame(std::uint8_t flags, const std::string& data) const {
  std::vector<std::uint8_t> segment;
  put16(segment, self_.port);
  put16(segment, server_.port);
  put32(segment, sent_);
  put32(segment, expected_);
  segment.push_back(header / 4 << 4);
  segment.push_back(flags);
  put16(segment, 0xffff);  // window
  put32(segment, 0);       // checksum, urgent
  segment.insert(segment.end(), data.begin(), data.end());

  std::vector<std::uint8_t> summed;
  put(summed, self_.address.bytes());
  put(summed, server_.address.bytes());
  put16(summed, protocol_tcp);
  put16(summed, static_cast<std::uint32_t>(segment.size()));
  put(summed, segment);
  patch16(segment, 16, wire::internet_checksum(summed));

  std::vector<std::uint8_t> whole;
  put(whole, server_.mac.octets);
  put(whole, self_.mac.octets);
  put16(whole, wire::ethertype::ipv4);
  put16(whole, 0x4500);
  put16(whole, static_cast<std::uint32_t>(20 + segment.size()));
  put32(whole, 0x4000);  // identification, do not fragment
  whole.push_back(64);
  whole.push_back(protocol_tcp);
  put16(whole, 0);
  put(whole, self_.address.bytes());
  put(whole, server_.address.bytes());
  patch16(whole, 14 + 10, wire::internet_checksum(wire::Bytes(whole).subspan(14)));
  put(whole, segment);
  return whole;
}

}  // namespace bondbox::image

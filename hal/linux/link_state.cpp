#include "hal/linux/link_state.hpp"

#include <cerrno>

namespace bondbox::lnx {
namespace {

constexpr std::int64_t speed_interval_ms = 1'000;
constexpr std::uint16_t bmsr_link_status = 1u << 2;

}  // namespace

int link_from_bmsr(std::uint16_t first, std::uint16_t second) noexcept {
  // A bus without a PHY floats to all ones. All zeros would be a PHY that can do no speed at all.
  if (second == 0xffff || second == 0 || first == 0xffff) return -EIO;
  return (second & bmsr_link_status) != 0 ? 1 : 0;
}

LinkReader::LinkReader(LinkProbes probes, LinkSource source) : probes_(std::move(probes)) {
  set_source(source);
}

void LinkReader::set_source(LinkSource source) noexcept {
  order_ = source == LinkSource::carrier ? std::array{ethtool, mii, carrier} : std::array{mii, ethtool, carrier};
  in_use_ = none;
  had_link_ = false;
}

int LinkReader::ask(Probe probe) {
  switch (probe) {
    case ethtool:
      return probes_.read_ethtool();
    case mii:
      return probes_.read_mii();
    case carrier:
      return probes_.read_carrier();
    case none:
      break;
  }
  return -EOPNOTSUPP;
}

int LinkReader::ask_all() {
  if (in_use_ != none) {
    const int answer = ask(in_use_);
    if (answer >= 0) return answer;
  }
  for (const Probe probe : order_) {
    const int answer = ask(probe);
    if (answer < 0) continue;
    in_use_ = probe;
    return answer;
  }
  in_use_ = none;
  return -EOPNOTSUPP;
}

bool LinkReader::has_link() {
  // Counted before the probe is asked: a carrier that goes in between is asked about twice rather than missed.
  const std::int64_t losses = probes_.count_losses ? probes_.count_losses() : -1;
  if (had_link_ && losses >= 0 && losses == losses_) return true;
  losses_ = losses;
  had_link_ = ask_all() > 0;
  return had_link_;
}

LinkSample LinkReader::read(std::int64_t now_ms) {
  const int answer = ask_all();
  const bool has_changed = (answer > 0) != last_.up;
  had_link_ = answer > 0;
  last_.up = answer > 0;
  // A driver may go on telling the last speed without link (veth) or know none (e1000); the kernel driver prints what
  // it was told.
  if (has_changed || (last_.up && now_ms - speed_read_ms_ >= speed_interval_ms)) {
    speed_read_ms_ = now_ms;
    const LinkSpeed speed = probes_.read_speed();
    last_.speed_mbps = speed.speed_mbps;
    last_.duplex = speed.duplex;
  }
  return last_;
}

std::string_view LinkReader::serving() const noexcept {
  switch (in_use_) {
    case ethtool:
      return "ethtool";
    case mii:
      return "mii";
    case carrier:
      return "carrier";
    case none:
      break;
  }
  return "none";
}

}  // namespace bondbox::lnx

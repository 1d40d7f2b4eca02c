#include "firmware/saved_state.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "firmware/bond.hpp"

namespace bondbox {
namespace {

constexpr std::string_view magic = "bondbox1";
constexpr std::size_t layout_at = 8;
constexpr std::size_t sum_at = 24;
constexpr std::size_t saved_at = 32;  // the sum is of what begins here
constexpr std::size_t content_at = 40;

void store64(std::uint64_t value, std::uint8_t* at) noexcept {
  for (std::size_t i = 0; i < 8; ++i) at[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
}

std::uint64_t load64(const std::uint8_t* at) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | at[i];
  return value;
}

void archive_config(Archive& a, BondConfig& config) {
  struct Own {
    std::string port;
    PortOptions options;
    void archive(Archive& of) { of(port, options); }
  };
  std::vector<Own> own;
  for (const auto& [port, options] : config.port_options) own.push_back({port, options});
  a(config.name, config.ports, config.options, own, config.active_slave, config.addresses, config.gateway, config.mtu,
    config.mac);
  if (!a.reads()) return;
  config.port_options.clear();
  for (const Own& one : own) config.port_options.emplace(one.port, one.options);
}

void archive(Archive& a, SavedState& state, EventLog& events) {
  a(state.place.boot_id, state.place.namespace_inode);
  std::uint8_t count = static_cast<std::uint8_t>(state.bonds.size());
  a(count);
  if (count > max_bonds) a.refuse();
  if (a.reads()) state.bonds.resize(a.ok() ? count : 0);
  if (a.describes()) state.bonds.resize(1);
  for (SavedBond& bond : state.bonds) {
    archive_config(a, bond.running);
    a(bond.asked_for, bond.added);
    a.blob(bond.memory);
  }
  a(events);
}

}  // namespace

void archive(Archive& a, BondConfig& config) {
  archive_config(a, config);
}

std::uint64_t SavedState::layout() {
  static const std::uint64_t known = [] {
    Archive describer = Archive::describer();
    SavedState state;
    const auto events = std::make_unique<EventLog>();
    archive(describer, state, *events);
    return describer.fingerprint() ^ Bond::memory_layout();
  }();
  return known;
}

void SavedState::write(std::vector<std::uint8_t>& bytes, Tick now, EventLog& events) {
  bytes.assign(content_at, 0);
  Archive writer = Archive::writer(bytes, now);
  archive(writer, *this, events);
  std::copy(magic.begin(), magic.end(), bytes.begin());
  store64(layout(), bytes.data() + layout_at);
  store64(static_cast<std::uint64_t>(saved_ms), bytes.data() + alive_at);
  store64(static_cast<std::uint64_t>(saved_ms), bytes.data() + saved_at);
  store64(fingerprint_of(wire::Bytes(bytes).subspan(saved_at)), bytes.data() + sum_at);
}

Outcome SavedState::read(wire::Bytes bytes, const SavedPlace& here, const std::function<Tick(std::int64_t)>& tick_of,
                         EventLog& events) {
  if (bytes.size() < content_at || !std::equal(magic.begin(), magic.end(), bytes.begin()))
    return Outcome::failed(EBADMSG, "it is no state of a bondbox");
  if (load64(bytes.data() + layout_at) != layout())
    return Outcome::failed(EBADMSG, "it is of another version of bondbox");
  if (load64(bytes.data() + sum_at) != fingerprint_of(bytes.subspan(saved_at)))
    return Outcome::failed(EBADMSG, "it is damaged");
  const auto then = static_cast<std::int64_t>(load64(bytes.data() + saved_at));
  const auto alive = static_cast<std::int64_t>(load64(bytes.data() + alive_at));
  constexpr std::int64_t ages = std::int64_t{1} << 39;
  if (then < 0 || then > ages) return Outcome::failed(EBADMSG, "it is damaged");
  auto found = std::make_unique<EventLog>();
  SavedState state;
  state.saved_ms = then;
  state.alive_ms = std::clamp(alive, then, ages);
  Archive reader = Archive::reader(bytes.subspan(content_at), tick_of(then));
  archive(reader, state, *found);
  if (!reader.ended_well()) return Outcome::failed(EBADMSG, "it is damaged");
  if (!(state.place == here)) return Outcome::failed(ESTALE, "it is of another boot or network namespace");
  *this = std::move(state);
  events.go_on_from(*found);
  return Outcome::done();
}

std::array<std::uint8_t, 8> SavedState::alive_bytes(std::int64_t alive_ms) noexcept {
  std::array<std::uint8_t, 8> bytes{};
  store64(static_cast<std::uint64_t>(alive_ms), bytes.data());
  return bytes;
}

std::uint64_t fingerprint_of(const BondConfig& config) {
  BondConfig copy = config;
  std::vector<std::uint8_t> bytes;
  Archive writer = Archive::writer(bytes, Tick{});
  archive_config(writer, copy);
  return fingerprint_of(wire::Bytes(bytes));
}

}  // namespace bondbox

// Values as bytes and back, the same on every CPU: unsigned numbers seven bits a byte, the lowest first, the eighth bit
// says that more follow; signed ones folded (0, -1, 1, -2, ...); texts and lists after their length.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "hal/wire/bytes.hpp"
#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::trace {

template <class T>
concept Whole = std::integral<T> || std::is_enum_v<T>;

/// Writes into memory of somebody else. What does not fit is left out, and ok() is false from then on.
class Writer {
 public:
  Writer(std::uint8_t* begin, std::size_t capacity) noexcept : begin_(begin), capacity_(capacity) {}

  void byte(std::uint8_t value) noexcept {
    if (size_ == capacity_) {
      ok_ = false;
    } else {
      begin_[size_++] = value;
    }
  }
  void number(std::uint64_t value) noexcept;
  void bytes(wire::Bytes bytes) noexcept;
  void text(std::string_view text) noexcept;

  bool ok() const noexcept { return ok_; }
  std::size_t size() const noexcept { return size_; }
  wire::Bytes written() const noexcept { return {begin_, size_}; }

 private:
  std::uint8_t* begin_;
  std::size_t capacity_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

/// Reads what may be anything. Past the first byte that makes no sense ok() is false, and all that is read is 0 or
/// empty.
class Reader {
 public:
  Reader() = default;
  explicit Reader(wire::Bytes bytes) noexcept : rest_(bytes) {}

  std::uint8_t byte() noexcept;
  std::uint64_t number() noexcept;
  /// At most `most`; a larger number is refused.
  std::uint64_t number_to(std::uint64_t most) noexcept;
  wire::Bytes bytes(std::size_t count) noexcept;
  std::string_view text() noexcept;

  bool ok() const noexcept { return ok_; }
  bool at_end() const noexcept { return rest_.empty(); }
  wire::Bytes rest() const noexcept { return rest_; }
  void refuse() noexcept { ok_ = false, rest_ = {}; }

 private:
  wire::Bytes rest_;
  bool ok_ = true;
};

constexpr std::uint64_t folded(std::int64_t value) noexcept {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unfolded(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

/// One list of fields serves both directions: `fields(with, value)` calls `with(member)` for each member.
class Put {
 public:
  explicit Put(Writer& writer) noexcept : writer_(writer) {}

  template <Whole T>
  void operator()(const T& value) noexcept {
    if constexpr (std::is_enum_v<T>) {
      writer_.number(static_cast<std::uint64_t>(value));
    } else if constexpr (std::is_signed_v<T>) {
      writer_.number(folded(value));
    } else {
      writer_.number(value);
    }
  }
  /// A char has a sign on some machines and none on others; a trace is the same on all.
  void operator()(char character) noexcept { (*this)(static_cast<signed char>(character)); }
  template <Whole T>
  void choice(const T& value, T) noexcept {
    (*this)(value);
  }
  void operator()(const std::string& text) noexcept { writer_.text(text); }
  template <class T, std::size_t N>
  void operator()(const std::array<T, N>& list) noexcept {
    for (const T& item : list) (*this)(item);
  }
  void operator()(const std::array<std::uint8_t, 6>& octets) noexcept { writer_.bytes(octets); }
  template <class T, std::size_t N>
  void operator()(const FixedVector<T, N>& list) noexcept {
    put_list(list);
  }
  template <class T>
  void operator()(const std::vector<T>& list) noexcept {
    put_list(list);
  }
  template <class T>
  void operator()(const std::optional<T>& value) noexcept {
    writer_.byte(value ? 1 : 0);
    if (value) (*this)(*value);
  }
  template <class K, class T, class C>
  void operator()(const std::map<K, T, C>& map) noexcept {
    writer_.number(map.size());
    for (const auto& [key, value] : map) {
      (*this)(key);
      (*this)(value);
    }
  }
  void operator()(const IpAddress& address) noexcept {
    writer_.byte(address.is_v4() ? 4 : 6);
    writer_.bytes(address.bytes());
  }
  template <class T>
  requires(!Whole<T>) void operator()(const T& value) noexcept { fields(*this, const_cast<T&>(value)); }

 private:
  template <class List>
  void put_list(const List& list) noexcept {
    writer_.number(list.size());
    for (const auto& item : list) (*this)(item);
  }
  Writer& writer_;
};

class Get {
 public:
  explicit Get(Reader& reader) noexcept : reader_(reader) {}

  template <Whole T>
  void operator()(T& value) noexcept {
    const std::uint64_t number = reader_.number();
    if constexpr (std::is_same_v<T, bool>) {
      if (number > 1) return reader_.refuse();
      value = number != 0;
    } else if constexpr (std::is_signed_v<T>) {
      const std::int64_t wide = unfolded(number);
      value = static_cast<T>(wide);
      if (value != wide) reader_.refuse();
    } else {
      value = static_cast<T>(number);
      if (static_cast<std::uint64_t>(value) != number) reader_.refuse();
    }
  }
  void operator()(char& character) noexcept {
    signed char whole = 0;
    (*this)(whole);
    character = static_cast<char>(whole);
  }
  /// One of an enumeration whose last value this is.
  template <Whole T>
  void choice(T& value, T last) noexcept {
    value = static_cast<T>(reader_.number_to(static_cast<std::uint64_t>(last)));
  }
  void operator()(std::string& text) { text = reader_.text(); }
  template <class T, std::size_t N>
  void operator()(std::array<T, N>& list) {
    for (T& item : list) (*this)(item);
  }
  void operator()(std::array<std::uint8_t, 6>& octets) noexcept {
    const wire::Bytes bytes = reader_.bytes(octets.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) octets[i] = bytes[i];
  }
  template <class T, std::size_t N>
  void operator()(FixedVector<T, N>& list) {
    list.clear();
    for (std::uint64_t left = reader_.number_to(N); left != 0 && reader_.ok(); --left) {
      T item{};
      (*this)(item);
      list.push_back(std::move(item));
    }
  }
  template <class T>
  void operator()(std::vector<T>& list) {
    list.clear();
    // Each item takes a byte at least.
    for (std::uint64_t left = reader_.number_to(reader_.rest().size()); left != 0 && reader_.ok(); --left) {
      list.emplace_back();
      (*this)(list.back());
    }
  }
  template <class T>
  void operator()(std::optional<T>& value) {
    value.reset();
    if (reader_.number_to(1) == 0) return;
    (*this)(value.emplace());
  }
  template <class K, class T, class C>
  void operator()(std::map<K, T, C>& map) {
    map.clear();
    for (std::uint64_t left = reader_.number_to(reader_.rest().size()); left != 0 && reader_.ok(); --left) {
      K key{};
      (*this)(key);
      (*this)(map[key]);
    }
  }
  void operator()(IpAddress& address) noexcept {
    const std::uint8_t family = reader_.byte();
    if (family != 4 && family != 6) return reader_.refuse();
    const wire::Bytes bytes = reader_.bytes(family == 4 ? 4 : 16);
    if (reader_.ok()) address = IpAddress::from_bytes(bytes);
  }
  template <class T>
  requires(!Whole<T>) void operator()(T& value) { fields(*this, value); }

 private:
  Reader& reader_;
};

void fields(auto& with, MacAddress& mac) {
  with(mac.octets);
}
void fields(auto& with, PortId& port) {
  with(port.index);
}
void fields(auto& with, VlanId& vlan) {
  with(vlan.value);
}
void fields(auto& with, Ticks& ticks) {
  with(ticks.count);
}
void fields(auto& with, Tick& tick) {
  with(tick.number);
}
void fields(auto& with, IpPrefix& prefix) {
  with(prefix.address);
  with(prefix.length);
}

}  // namespace bondbox::trace

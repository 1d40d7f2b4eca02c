// What a bond knows as bytes, and back: each class names its fields once,
//
//   template <class A> void archive(A& a) { a(current_, reselect_); }
//
// and an Archive visits them to write, to read or to describe them. Numbers are big-endian; a tick is kept as its
// distance from the archive's own, so that what is read lives on at another tick as it did at the one it was written.
// What is read may be anybody's bytes: every value is checked, and the first bad one ends the reading. Classes whose
// fields must fit each other look at that themselves, and refuse().
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "hal/wire/bytes.hpp"
#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox {

class Archive {
 public:
  static constexpr std::size_t text_max = 1024;  ///< longer ones are cut off when they are written
  static constexpr std::size_t blob_max = 512 * 1024;
  static constexpr std::size_t things_max = 16'384;  ///< in one std::vector; more are not read

  /// Appends to `bytes`, which outlives it.
  static Archive writer(std::vector<std::uint8_t>& bytes, Tick now) noexcept { return {&bytes, {}, now}; }
  /// `bytes` outlives it. When it is not ok() afterwards, what was read is in no particular state.
  static Archive reader(wire::Bytes bytes, Tick now) noexcept { return {nullptr, bytes, now}; }
  /// For an object that nobody needs: visits all fields there can be, of containers one element; fingerprint().
  static Archive describer() noexcept;

  bool reads() const noexcept { return way_ == Way::read; }
  bool describes() const noexcept { return way_ == Way::describe; }
  bool ok() const noexcept { return ok_; }
  /// All that was there has been read, and was good.
  bool ended_well() const noexcept { return ok_ && bytes_.empty(); }
  void refuse() noexcept { ok_ = false; }
  /// Of the layout: kinds, sizes and limits of all fields in order. Bytes of another layout must not be read.
  std::uint64_t fingerprint() const noexcept { return fingerprint_; }

  template <class... Fields>
  void operator()(Fields&... fields) {
    (visit(fields), ...);
  }
  /// Bytes of somebody else's, at most `blob_max`.
  void blob(std::vector<std::uint8_t>& bytes);
  /// A port, or `none`, which stands for there being none.
  void port_or(PortId& port, PortId none);

 private:
  enum class Way : std::uint8_t { write, read, describe };

  Archive(std::vector<std::uint8_t>* out, wire::Bytes bytes, Tick now) noexcept
      : way_(out != nullptr ? Way::write : Way::read), out_(out), bytes_(bytes), now_(now) {}

  /// Of `size` bytes and at most `most`; 0 when it cannot be read.
  std::uint64_t number(std::uint64_t value, std::size_t size, std::uint64_t most = ~std::uint64_t{0});
  void visit(Tick& tick);
  void visit(Ticks& ticks);
  void visit(PortId& port);
  void visit(VlanId& vlan);
  void visit(MacAddress& mac);
  void visit(IpAddress& address);
  void visit(IpPrefix& prefix);
  void visit(std::string& text);

  template <class T>
  void visit(T& field) {
    if constexpr (std::same_as<T, bool>) {
      field = number(field ? 1 : 0, 1, 1) != 0;
    } else if constexpr (std::is_enum_v<T>) {
      using Number = std::underlying_type_t<T>;
      field = static_cast<T>(number(static_cast<Number>(field), sizeof(Number), static_cast<Number>(last_of(field))));
    } else if constexpr (std::integral<T>) {
      field = static_cast<T>(number(static_cast<std::make_unsigned_t<T>>(field), sizeof field,
                                    static_cast<std::make_unsigned_t<T>>(~std::make_unsigned_t<T>{0})));
    } else {
      field.archive(*this);
    }
  }

  template <class T, std::size_t Size>
  void visit(std::array<T, Size>& fields) {
    (void)number(Size, 0);
    for (T& field : fields) {
      visit(field);
      if (way_ == Way::describe) return;
    }
  }

  template <class T>
  void visit(std::optional<T>& field) {
    const bool there = number(field.has_value() ? 1 : 0, 1, 1) != 0;
    if (way_ == Way::describe) {
      T any{};
      visit(any);
      return;
    }
    if (reads()) there ? (void)field.emplace() : field.reset();
    if (there) visit(*field);
  }

  template <class T, std::size_t Capacity>
  void visit(FixedVector<T, Capacity>& fields) {
    list<T>(fields, Capacity);
  }
  template <class T>
  void visit(std::vector<T>& fields) {
    list<T>(fields, things_max);
  }

  template <class T, class List>
  void list(List& fields, std::size_t capacity) {
    const std::size_t count = static_cast<std::size_t>(number(fields.size(), 4, capacity));
    if (way_ == Way::describe) {
      T any{};
      visit(any);
      return;
    }
    if (reads()) fields.clear();
    for (std::size_t i = 0; i < count && ok_; ++i) {
      if (reads()) fields.push_back(T{});
      visit(fields[i]);
    }
  }

  Way way_;
  bool ok_ = true;
  std::vector<std::uint8_t>* out_;
  wire::Bytes bytes_;  ///< not read yet
  Tick now_;
  std::uint64_t fingerprint_ = 0;
};

/// 64-bit FNV-1a.
std::uint64_t fingerprint_of(wire::Bytes bytes) noexcept;

}  // namespace bondbox

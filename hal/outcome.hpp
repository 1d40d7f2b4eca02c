// How an operation on hardware or on a bond ended: done, or an errno value and a sentence for a person.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace bondbox {

struct [[nodiscard]] Outcome {
  int error = 0;       ///< 0, or an errno value
  std::string reason;  ///< one sentence without a full stop; empty when done

  bool ok() const noexcept { return error == 0; }
  static Outcome done() { return {}; }
  static Outcome failed(int error, std::string reason) { return {error, std::move(reason)}; }
};

/// A value, or why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}
  Result(Outcome failure) : content_(std::move(failure)) {}

  bool ok() const noexcept { return std::holds_alternative<T>(content_); }
  T& value() { return std::get<T>(content_); }
  const T& value() const { return std::get<T>(content_); }
  const Outcome& failure() const { return std::get<Outcome>(content_); }

 private:
  std::variant<T, Outcome> content_;
};

}  // namespace bondbox

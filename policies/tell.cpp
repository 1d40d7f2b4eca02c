#include "policies/tell.hpp"

#include <cstdarg>
#include <cstdio>

namespace bondbox {

Tell tell(std::optional<PortId> port, const char* pattern, ...) {
  std::array<char, decltype(Tell::text)::capacity() + 1> line{};
  std::va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(line.data(), line.size(), pattern, arguments);
  va_end(arguments);
  Tell action{port, {}};
  for (const char* at = line.data(); *at != '\0'; ++at) action.text.push_back(*at);
  return action;
}

}  // namespace bondbox

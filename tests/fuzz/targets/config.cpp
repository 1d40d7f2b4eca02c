// bondbox.toml: whatever stands in it, it is taken whole or refused with places and texts; what is taken keeps within
// every limit, and changes nothing when it is applied to itself.
#include "firmware/config/bond_config.hpp"

#include "firmware/config/config_diff.hpp"
#include "firmware/config/config_target.hpp"
#include "firmware/config/names.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"
#include "tests/fuzz/support/texts.hpp"

namespace bondbox::fuzz {
namespace {

void run(wire::Bytes bytes) {
  Input input(bytes);
  const std::string text = input.rest_text();
  const ConfigResult result = load_config(text, "bondbox.toml");
  check_messages(result.errors, "bondbox.toml", text);
  check_messages(result.warnings, "bondbox.toml", text);
  if (result.ok()) check_config(result.config);
}

const Known known("config", &run);

}  // namespace
}  // namespace bondbox::fuzz

// A bond on a simulated board, in the state in which a scenario leaves it, and somebody who types commands there: what
// the documents show is compared with what such a board says.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "firmware/command_executor.hpp"
#include "firmware/simulation.hpp"

namespace bondbox::test {

class Stage {
 public:
  /// tests/support/stages/NAME.toml. Throws std::runtime_error where there is none, or it is refused.
  explicit Stage(const std::string& name);

  /// `bondbox COMMAND ...`, `cat` of a file that bondbox keeps, and behind a " | " what a shell makes of it; stdout and
  /// stderr together, as a person sees them.
  std::string type(const std::string& line);

 private:
  std::string answer(const std::string& line);

  std::unique_ptr<Simulation> simulation_;
  std::unique_ptr<CommandExecutor> executor_;
};

}  // namespace bondbox::test

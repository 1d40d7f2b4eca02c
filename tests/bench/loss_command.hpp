// `bondbox-bench loss`: two namespaces, two cables, a bond, and what pulling its cables costs.
#pragma once

#include <span>
#include <string_view>

namespace bondbox::bench {

/// Words KEY=VALUE (see loss_command.cpp), then, after `--`, words of `bondbox run`. Exit status: 0: measured, 2: not
/// understood.
int loss_command(std::span<const std::string_view> words);

}  // namespace bondbox::bench

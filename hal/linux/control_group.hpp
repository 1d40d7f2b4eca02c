// Control groups (cgroups(7)): in whose a process is decides who limits it, and who ends it when a service ends.
#pragma once

namespace bondbox::lnx {

/// This process, and those that it starts from here on, go where that one is, as far as the kernel lets them.
void join_control_groups_of(int pid);
/// Whether that process is in the same ones as this.
bool shares_control_groups(int pid);

}  // namespace bondbox::lnx

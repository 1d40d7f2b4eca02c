// The terminal that a person sits at, key by key (termios(3)).
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace bondbox::lnx {

/// Whether a descriptor of this process is a terminal.
bool is_terminal(int fd);
/// How many rows it has; 24 where it does not know, as a serial line does not.
std::size_t terminal_rows(int fd);
/// How many characters fit into one of them; 80 where it does not know.
std::size_t terminal_columns(int fd);

/// A descriptor of its own for what `fd` is, so that not waiting on it is a matter of this process alone; -errno.
int open_again(int fd);
/// A second descriptor for the same; -errno.
int duplicate(int fd);

/// While it lives the terminal hands over each key as it is typed and draws nothing by itself. Nothing is done to what
/// is no terminal.
class KeyByKey {
 public:
  explicit KeyByKey(int fd);
  ~KeyByKey();
  KeyByKey(const KeyByKey&) = delete;
  KeyByKey& operator=(const KeyByKey&) = delete;

 private:
  struct Before;
  std::unique_ptr<Before> before_;
};

/// The name of this machine; empty while it has none.
std::string host_name();

}  // namespace bondbox::lnx

#include "tests/lab/support/old_host.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/source_dir.hpp"

namespace bondbox::lab {
namespace {

/// $1: directory of this host, $2: bondbox, $3: the hook, $4...: links to make, as NAME=TARGET.
constexpr std::string_view script = R"(
set -e
host=$1 bondbox=$2 hook=$3
shift 3
mkdir -p "$host/etc/network" "$host/etc/modprobe.d" "$host/etc/default" "$host/bin"
for dir in if-pre-up.d if-up.d if-down.d if-post-down.d; do mkdir -p "$host/etc/network/$dir"; done
for dir in if-pre-up.d if-down.d if-post-down.d; do cp "$hook" "$host/etc/network/$dir/bondbox"; done
for file in ld.so.cache ld.so.conf ld.so.conf.d passwd group nsswitch.conf iproute2; do
  [ ! -e "/etc/$file" ] || cp -a "/etc/$file" "$host/etc/"
done
ln -s "$bondbox" "$host/bin/bondbox"
ln -s "$bondbox" "$host/bin/ifenslave"
for link; do ln -s "${link#*=}" "$host/bin/${link%%=*}"; done
mount --bind "$host/etc" /etc
mount --bind "$host/bin" /usr/local/sbin
mount -t tmpfs tmpfs /run
mount -t sysfs sysfs /sys
mkdir /run/network
PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
unset BONDBOX_RUN_DIR
set +e
while read -r number; do
  sh "$host/command.$number" > "$host/output.$number" 2>&1 < /dev/null
  echo $? > "$host/status.new"
  mv "$host/status.new" "$host/status.$number"
done < "$host/commands"
)";

std::string links_of(IfTools tools) {
  if (tools == IfTools::debian) return "ifup=" + of_package("/sbin/ifup") + " ifdown=" + of_package("/sbin/ifdown");
  const std::string busybox = of_package("/bin/busybox");
  return "busybox=" + busybox + " ifup=" + busybox + " ifdown=" + busybox + " run-parts=" + busybox;
}

}  // namespace

bool has_tools(IfTools tools) {
  return !of_package(tools == IfTools::debian ? "/sbin/ifup" : "/bin/busybox").empty();
}

OldHost::OldHost(const House& house, IfTools tools, std::string_view interfaces) {
  const std::string host = scratch_.path();
  write_text(host + "/script", script);
  BOOST_REQUIRE(::mkfifo((host + "/commands").c_str(), 0600) == 0);
  // Opened for both directions, so that nobody waits for the other.
  commands_ = std::fopen((host + "/commands").c_str(), "r+e");
  BOOST_REQUIRE(commands_ != nullptr);
  process_ = house.box.start("exec unshare -mpf --mount-proc --kill-child sh " + host + "/script " + host + " " +
                                 program() + " " + test::source_dir() + "/board/hooks/bondbox " + links_of(tools),
                             host + "/log");
  must("true");
  write_etc("network/interfaces", interfaces);
}

OldHost::~OldHost() {
  process_.stop(SIGKILL);
  if (commands_ != nullptr) std::fclose(commands_);
}

CommandResult OldHost::run(const std::string& command, int limit_s) {
  const std::string number = std::to_string(++count_);
  write_text(scratch_.path() + "/command." + number, command + "\n");
  std::fputs((number + "\n").c_str(), commands_);
  std::fflush(commands_);
  const std::string status = scratch_.path() + "/status." + number;
  const bool ended = wait_until([&] { return ::access(status.c_str(), R_OK) == 0; }, limit_s * 1'000);
  CommandResult result;
  result.output = read_text(scratch_.path() + "/output." + number);
  result.status = ended ? std::atoi(read_text(status).c_str()) : 124;
  if (!ended) result.output += read_text(scratch_.path() + "/log");
  return result;
}

std::string OldHost::must(const std::string& command) {
  const CommandResult result = run(command);
  BOOST_REQUIRE_MESSAGE(result.ok(), command << " ends with " << result.status << ": " << result.output);
  return result.output;
}

std::string OldHost::option(const std::string& name, const std::string& bond) {
  std::string text = run("bondbox get " + bond + " " + name).output;
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

void OldHost::write_etc(const std::string& name, std::string_view text) const {
  write_text(scratch_.path() + "/etc/" + name, text);
}

}  // namespace bondbox::lab

#include "firmware/cli/cli.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "firmware/config/names.hpp"
#include "firmware/text.hpp"
#include "firmware/version.hpp"
#include "hal/linux/child_processes.hpp"
#include "hal/linux/linux_hardware.hpp"

namespace bondbox::cli {
namespace {

constexpr Command table[] = {
    {"run",
     "bondbox run [--background] [--takeover] [-c FILE] [--log stderr|kmsg|syslog] [--trace FILE]\n"
     "bondbox run [--background] [--takeover] BOND [PORT...] [OPTION=VALUE...]",
     "bond the ports, in the foreground, until SIGTERM",
     "Reads FILE (/etc/bondbox.toml unless given), takes the ports, makes the host's\n"
     "interface and forwards. The second form needs no file: the words are those of\n"
     "the kernel module's parameters; without a PORT it waits for `bondbox enslave`\n"
     "or ifenslave. SIGHUP reloads the file. --log kmsg: what it says goes to the\n"
     "kernel's log, for dmesg, instead of stderr; --log syslog: to the log daemon; so\n"
     "does log = \"syslog\" at the top of FILE. With --background (-b) the command\n"
     "ends when bondbox is ready and leaves it running; its process id is in\n"
     "/run/bondbox/pid, and what it says goes to the kernel's log. On four CPUs or more\n"
     "a thread forwards on each, eight at most; \"loops = N\" at the top of FILE, 1 to 8,\n"
     "asks for so many. --takeover: takes the place of the bondbox that runs, without\n"
     "losing a frame; that one ends, or goes on if this one fails. Where none runs, it\n"
     "starts as ever. Without words it runs what that one was started with.\n"
     "--trace FILE: all that is read and decided, from the start to the end, is written\n"
     "there at the end (up to 64 MB in memory); see bondbox replay.\n\n"
     "  bondbox run bond0 eth0 eth1 mode=1 miimon=100 address=192.168.10.52/24\n",
     run},
    {"upgrade", "bondbox upgrade [PROGRAM]", "let another bondbox take the place of the one that runs",
     "Starts PROGRAM, or this very file, in the background with the configuration that\n"
     "runs. It gets the descriptors, locks and knowledge of the running one, which stands\n"
     "still for some milliseconds meanwhile; what comes waits in the sockets, and no\n"
     "frame is lost. If the new one fails, nothing has changed, and stderr says why. An\n"
     "old one that was started in the foreground stays, without doing anything, until the\n"
     "new one ends: so init, systemd or runit go on watching the process they know. What\n"
     "they tell it (SIGTERM, SIGHUP) it passes on.\n\n"
     "  bondbox upgrade /usr/local/sbin/bondbox.new\n",
     upgrade},
    {"init", "bondbox init [OPTION...] [[--] NEXT ARG...]",
     "be the first process of a machine, or start the bonds before it",
     "Mounts what is missing (/proc, /sys, /dev, /run), makes /dev/net/tun, starts the\n"
     "bonds and starts them again should they ever end. With NEXT (a path, such as\n"
     "/sbin/init) it waits for carrier, then becomes NEXT, and the bonds live on. Without\n"
     "NEXT it stays: it takes in orphans and keeps a shell, or where there is none\n"
     "bondbox console, on the console.\n\n"
     "  -c FILE            the configuration, /etc/bondbox.toml unless given\n"
     "  --wait TIME        for carrier of every bond before NEXT starts; 10s unless given\n"
     "  --modules DIR      load the kernel modules in it first; /lib/bondbox/modules\n"
     "  --console DEVICE   instead of the kernel's console; none: keep nothing there\n\n"
     "Signals of process 1, as of busybox init: USR2 powers off, TERM and INT restart,\n"
     "USR1 halts, HUP reloads the configuration. The ports are given back first. On the\n"
     "kernel's command line the words for it stand after --, and bondbox.config=FILE and\n"
     "bondbox.wait=TIME are understood:\n\n"
     "  init=/sbin/bondbox bondbox.wait=5s -- init /sbin/init\n"
     "  bondbox init -c /etc/bondbox.toml -- /sbin/init\n",
     init},
    {"check", "bondbox check [-c FILE]\nbondbox check BOND PORT... [OPTION=VALUE...]",
     "read a configuration whole and say what run would do",
     "Changes nothing. Every error is told with its line and column.\n\n"
     "  bondbox check -c /etc/bondbox.toml\n",
     check},
    {"status", "bondbox status [BOND] [--format FORMAT] [--watch]", "show how the bonds are",
     "FORMAT: text (unless given) is for eyes; proc is the kernel's\n"
     "/proc/net/bonding/BOND byte for byte; json is for programs; prometheus is what\n"
     "its exporters read from files, openmetrics the same in that form; html is what\n"
     "bondbox page shows. --watch shows it again each second until interrupted.\n"
     "On a terminal what is wrong stands in red, unless NO_COLOR is set.\n\n"
     "In the text, \"duplicates kept off\" are frames that a waiting port received\n"
     "too, \"moved\" frames left on another port because theirs had lost its link,\n"
     "\"read too late\" frames were dropped by the kernel while bondbox was busy.\n\n"
     "  bondbox status bond0 --format proc\n",
     status},
    {"add", "bondbox add BOND [PORT...] [OPTION=VALUE...]", "make a bond, or change one into what the words say",
     "The words are those of run. A bond that bondbox has already is changed as by\n"
     "reload: what is the same is not touched, and traffic goes on. Where no bondbox\n"
     "runs one is started in the background. What is said here is not written to any\n"
     "file, and reload takes it away.\n\n"
     "  bondbox add bond0 eth0 eth1 mode=1 miimon=100\n",
     add},
    {"remove", "bondbox remove [--after MS] BOND", "take a bond away, and give its ports back",
     "--after waits so many milliseconds; when the bond is added again before, nothing\n"
     "happens to it.\n\n  bondbox remove bond0\n",
     ask_daemon},
    {"get", "bondbox get BOND OPTION", "read an option, as from sysfs",
     "  bondbox get bond0 active_slave\n\nbondbox help options lists the options.\n", ask_daemon},
    {"set", "bondbox set BOND OPTION VALUE", "write an option, as to sysfs",
     "A refused write prints the kernel's errno name and the reason.\n\n"
     "  bondbox set bond0 primary eth0\n\nbondbox help options lists the options.\n",
     ask_daemon},
    {"enslave", "bondbox enslave BOND PORT...", "add ports to a bond, as ifenslave does",
     "  bondbox enslave bond0 eth2\n", ask_daemon},
    {"release", "bondbox release [--after MS] BOND PORT...", "take ports out of a bond, as ifenslave -d does",
     "A released port gets its MAC, MTU and flags back. --after waits so many\n"
     "milliseconds; a port that is enslaved again before stays as it is.\n\n  bondbox release bond0 eth2\n",
     ask_daemon},
    {"activate", "bondbox activate BOND PORT", "make a port the active one, as ifenslave -c does",
     "The port must have link.\n\n  bondbox activate bond0 eth1\n", ask_daemon},
    {"ifenslave",
     "bondbox ifenslave [--busybox] [-f] BOND PORT...\nbondbox ifenslave -d BOND PORT...\n"
     "bondbox ifenslave -c BOND PORT",
     "the old command, word for word",
     "Also when bondbox is called as ifenslave, by a link of that name. Messages and\n"
     "exit statuses are those of ifenslave.c 1.1.0; with --busybox, or\n"
     "BONDBOX_IFENSLAVE=busybox in the environment, those of busybox's applet.\n"
     "Called with -d by an ifdown of the bond, it lets the ports leave after 5 s\n"
     "(BONDBOX_LINGER_MS), so that a restart of the network does not touch them.\n\n"
     "  ln -s bondbox /sbin/ifenslave; ifenslave bond0 eth0 eth1\n"
     "  bondbox ifenslave -d bond0 eth1\n",
     ifenslave},
    {"reload", "bondbox reload", "apply the changed configuration file",
     "As one transaction, printing each difference. What did not change is not\n"
     "touched; when a step is refused the steps before it are taken back.\n\n  bondbox reload\n",
     ask_daemon},
    {"trace", "bondbox trace", "write what the running bondbox has read and decided to a file",
     "Prints the file's name, RUN_DIR/trace/N.trace. It holds the latest hours, and is also\n"
     "written a second after a failover, and as crash.trace by a bondbox that dies.\n\n"
     "  bondbox replay \"$(bondbox trace)\"\n",
     ask_daemon},
    {"events", "bondbox events [BOND] [--follow] [--format text|json]",
     "what happened, when, why, and for how long traffic stopped",
     "One line an event: wall time (UTC), tick (ms since the start), the event in the\n"
     "kernel driver's words, behind a semicolon what brought it about. The latest 512\n"
     "are kept, over a restart, too. --follow goes on until interrupted, over restarts.\n"
     "With --format json each line is an object, with the keys that status has.\n\n"
     "  bondbox events bond0 --follow\n",
     events},
    {"which",
     "bondbox which BOND (--pcap FILE | --hex FRAME | --flow FLOW)\n"
     "bondbox which -c FILE [BOND] (--pcap FILE | --hex FRAME | --flow FLOW)\n"
     "bondbox which --mode M --xmit-hash-policy P --ports N (--pcap FILE | --hex FRAME)",
     "which port each frame leaves on, and where it goes if that one dies",
     "One line a frame: its number, the port's index, the port's name or -, and why,\n"
     "separated by tabs; behind a semicolon where it goes if the port dies. A running\n"
     "bond answers from its plan and counts nothing. The other forms need no bond: they\n"
     "ask the mode's own policy, with ports that are up. Also --packets-per-slave K\n"
     "(mode 0) and --resilient (modes 2 and 4).\n"
     "FLOW is FROM-TO/PROTOCOL, the addresses with ports or without; --from-mac,\n"
     "--to-mac and --vlan tell more of it. What is not known and would decide is said.\n\n"
     "  bondbox which bond0 --flow 10.0.0.1:80-10.0.0.9:5000/tcp\n"
     "  bondbox which bond0 --pcap out.pcap\n"
     "  bondbox which --mode 2 --xmit-hash-policy layer3+4 --ports 3 --pcap out.pcap\n",
     which},
    {"capture",
     "bondbox capture BOND -w FILE.pcapng [--for TIME] [--count N] [--size MB]\n"
     "                [--snaplen BYTES]",
     "write what crosses a bond, and what the bond makes of it",
     "Each port is an interface of the capture, and each frame has a comment: why it left\n"
     "there, whether it was delivered or kept off. Frames that the host sent and that leave\n"
     "on no port stand under the bond's own interface. The bond does nothing for it, and\n"
     "frames that BPF programs carry are seen as well. Ends after TIME, N frames or a file\n"
     "of MB (64 unless given), or when it is interrupted. FILE may be -, for stdout.\n\n"
     "  bondbox capture bond0 -w /tmp/bond0.pcapng --for 10s\n"
     "  ssh router bondbox capture bond0 -w - | wireshark -k -i -\n",
     capture},
    {"explain", "bondbox explain BOND [PORT]", "why a port carries traffic or does not, and what would change it",
     "Two sentences each: the cause, and the remedy. In mode 4 the cause names the\n"
     "field of LACP that differs. Without PORT the bond and all its ports.\n\n"
     "  bondbox explain bond0 eth1\n",
     ask_daemon},
    {"page", "bondbox page [BOND] [--output FILE [--watch]]\nbondbox page [BOND] --cgi", "the bonds as a web page",
     "One HTML file that needs no other: bonds, ports, cables, rates, what is wrong and\n"
     "what happened. With --output also FILE's JSON beside it (page.json for page.html),\n"
     "from which the page refreshes itself; --watch writes both again every 2 s until\n"
     "interrupted. --cgi answers a web server, HTML or JSON (?format=json); of many bonds\n"
     "?bond=NAME shows one. The server's user needs the rights of `readers` only.\n\n"
     "  bondbox page --output /www/bonds.html\n"
     "  printf '#!/bin/sh\\nexec bondbox page --cgi\\n' > /www/cgi-bin/bondbox\n",
     page},
    {"drill", "bondbox drill BOND [PORT] [OPTION...]", "take a port away, give it back, and tell what that cost",
     "Takes the port (the one that carries, unless given) off its cable, sends probes by\n"
     "the bond's own plan, gives it back and waits until all is as before. The report tells\n"
     "the outage, what was lost, who carried and what happened. Exit status: 0, the port\n"
     "came back and the limit held; 1, not, or it was refused. The port comes back in any\n"
     "case: when this command is killed, at once; when bondbox is, with its next start.\n\n"
     "  --for TIME         so long; 2s unless given\n"
     "  --max-outage TIME  the limit, such as 50ms; none unless given\n"
     "  --all              each port, one after the other\n"
     "  --admin            set the port down, as its far end sees; so unless given\n"
     "  --pretend          only say that it has no link, and let no frame of it pass\n"
     "  --target ADDRESS   who is asked (ARP, or for IPv6 neighbour solicitation); else\n"
     "                     arp_ip_target, ns_ip6_target or the gateway; with none of them\n"
     "                     loss is not measured, and the outage is what the bond knows\n"
     "  --every TIME       between two probes, 10ms unless given: as exact is the outage\n"
     "  --force            even if it is the last usable port\n"
     "  --format F         text or json\n\n"
     "  bondbox drill bond0 --all --max-outage 50ms\n"
     "  bondbox drill bond0 eth0 --for 5s --target 192.168.10.254\n",
     ask_daemon},
    {"console", "bondbox console [DEVICE] [OPTION...]", "a line console for a serial port without a shell",
     "Serves DEVICE, or its own input and output: status, explain, activate, get, set,\n"
     "events, follow, help. Long answers come in pages. A line that hangs up is opened\n"
     "again. Whoever is at the line may do what root may do to the bonds.\n\n"
     "  --baud N    the speed, 115200 unless given\n"
     "  --flow F    none (unless given), software (XON/XOFF) or hardware (RTS/CTS)\n"
     "  --lines N   of the terminal, 24 where it does not say; 0: no pages\n"
     "  --power     poweroff, reboot and halt are commands: signals for process 1, which\n"
     "              has to be bondbox init or busybox init\n\n"
     "  bondbox console /dev/ttyS1\n"
     "  ::respawn:/sbin/bondbox console /dev/ttyS1       (in busybox' inittab)\n",
     console},
    {"import", "bondbox import FILE...\nbondbox import --words BOND FILE...",
     "turn an old configuration into bondbox.toml",
     "Reads modprobe's files (install, options, alias), /etc/network/interfaces (ifenslave\n"
     "commands, bond-* options, source, inherits) and OpenWrt's /etc/config/network, all\n"
     "of them together, modprobe's first. stdout has the configuration, each value with\n"
     "its origin; stderr what could not be carried, as FILE:LINE. --words prints one bond\n"
     "for `bondbox add`. Exit status: 0 all carried, 3 not all, 1 nothing came of it.\n\n"
     "  bondbox import /etc/modprobe.d/bonding.conf /etc/network/interfaces\n",
     import_configuration},
    {"sim", "bondbox sim SCENARIO.toml [--seed N] [--timeline] [--pcap DIR] [--trace FILE]",
     "play a scenario on simulated NICs in simulated time",
     "The same firmware, no privileges needed. stdout has what the scenario prints,\n"
     "with --timeline every event too. --pcap makes DIR, with NIC.pcap for each NIC,\n"
     "--trace what bondbox replay takes. The same file and seed give the same bytes.\n\n"
     "  bondbox sim failover.toml --timeline\n",
     simulate},
    {"replay", "bondbox replay TRACE [--timeline]", "step a trace again: does the same come out?",
     "TRACE is what a running bondbox or a simulation wrote, on whatever CPU. Every plan,\n"
     "action, frame and event has to be the same, byte for byte; the first that is not is\n"
     "told with its tick and both values (exit status 1), as is a file that was cut off or\n"
     "altered, with the offset. --timeline shows each record.\n\n"
     "  bondbox replay /run/bondbox/trace/1.trace --timeline\n",
     replay},
    {"version", "bondbox version", "which bondbox this is", "  bondbox version\n", show_version},
    {"help", "bondbox help [COMMAND]\nbondbox help options\nbondbox help OPTION", "explain a command or an option",
     "  bondbox help run\n  bondbox help primary_reselect\n", help},
};

/// Takes the options that every command knows out of the words.
std::optional<std::string> take_common(Invocation& invocation, bool& wants_help) {
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < invocation.words.size(); ++i) {
    const std::string& word = invocation.words[i];
    if (word == "--help" || word == "-h") {
      wants_help = true;
    } else if (word == "--run-dir") {
      if (i + 1 == invocation.words.size()) return "--run-dir needs a directory";
      invocation.run_dir = invocation.words[++i];
    } else if (word.starts_with("--run-dir=")) {
      invocation.run_dir = word.substr(10);
    } else {
      rest.push_back(word);
    }
  }
  if (invocation.run_dir.empty() || invocation.run_dir[0] != '/') return "--run-dir needs an absolute path";
  invocation.words = std::move(rest);
  return std::nullopt;
}

bool is_version_word(std::string_view word) {
  return word == "--version" || word == "-V";
}

/// Process 1 with other words than these is the first of a machine, which must not end: a boot loader may have left
/// them.
bool is_command(std::string_view word) {
  return find_command(word) != nullptr || is_version_word(word);
}

}  // namespace

std::span<const Command> commands() {
  return table;
}

const Command* find_command(std::string_view name) {
  for (const Command& command : table)
    if (command.name == name) return &command;
  return nullptr;
}

void say(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void complain(std::string_view text) {
  std::fprintf(stderr, "bondbox: %.*s\n", static_cast<int>(text.size()), text.data());
}

int wrong_words(const Invocation& invocation, std::string_view text) {
  complain(text);
  if (const Command* const command = find_command(invocation.command)) {
    std::fputs(usage_text(*command).c_str(), stderr);
  }
  return exit_usage;
}

int show_version(const Invocation& invocation) {
  if (!invocation.words.empty()) return wrong_words(invocation, "version takes no arguments");
  say("bondbox " + std::string(version_full()) + "\n");
  return exit_done;
}

int main(std::string_view called_as, std::span<const std::string> arguments) {
  Invocation invocation;
  const char* const from_environment = std::getenv("BONDBOX_RUN_DIR");
  invocation.run_dir = from_environment != nullptr && *from_environment != '\0' ? std::string(from_environment)
                                                                                : std::string(lnx::default_run_dir);
  invocation.words.assign(arguments.begin(), arguments.end());
  called_as.remove_prefix(called_as.rfind('/') + 1);
  if (called_as == "ifenslave") {
    invocation.command = called_as;
    return ifenslave(invocation);
  }
  bool wants_help = false;
  if (const auto wrong = take_common(invocation, wants_help)) return wrong_words(invocation, *wrong);
  const bool first = lnx::is_first_process();
  if (first && !wants_help && (invocation.words.empty() || !is_command(invocation.words[0]))) {
    invocation.command = "init";
    return init(invocation);
  }
  if (invocation.words.empty()) {
    if (!wants_help) complain("no command");
    return help(invocation) != exit_done || !wants_help ? exit_usage : exit_done;
  }
  invocation.command = invocation.words[0];
  invocation.words.erase(invocation.words.begin());
  if (is_version_word(invocation.command)) invocation.command = "version";

  const Command* const command = find_command(invocation.command);
  if (command == nullptr) {
    std::array<std::string_view, std::size(table)> names;
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = table[i].name;
    const std::string_view near = nearest_name(invocation.command, names);
    complain("there is no command \"" + invocation.command + "\"" +
             (near.empty() ? "; bondbox help lists the commands" : "; did you mean \"" + std::string(near) + "\"?"));
    return exit_usage;
  }
  if (wants_help) {
    invocation.words = {invocation.command};
    invocation.command = "help";
    return help(invocation);
  }
  return command->run(invocation);
}

}  // namespace bondbox::cli

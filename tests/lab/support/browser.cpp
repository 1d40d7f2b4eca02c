#include "tests/lab/support/browser.hpp"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

namespace bondbox::lab {

WebServer::WebServer(const House& house, const Daemon& daemon, const std::string& who, const std::string& when)
    : house_(house) {
  // Other users must be able to come to the page and to the control socket.
  (void)::chmod(root_.path().c_str(), 0755);
  (void)::chmod(daemon.run_dir().c_str(), 0755);
  house.box.must("mkdir " + path("cgi-bin"));
  std::string script = "#!/bin/sh\n";
  if (!when.empty())
    script += "case $QUERY_STRING in *format=json*) echo >> " + path("asked") + " ;; esac\nasked=$(wc -l < " +
              path("asked") + " 2> /dev/null || echo 0)\n" + when + "\n";
  // A copy, because other users cannot come to root's own directory.
  house.box.must("install -m 0755 " + program() + " " + path("bondbox"));
  script += "exec " + path("bondbox") + " page --cgi --run-dir " + daemon.run_dir() + "\n";
  write_text(path("cgi-bin/bondbox"), script);
  (void)::chmod(path("cgi-bin/bondbox").c_str(), 0755);
  write_text(path("there"), "\n");
  process_ = house.box.start("exec " + who + of_package(busybox) + " httpd -f -p 127.0.0.1:8080 -h " + root_.path(),
                             house.scratch.path() + "/httpd.log");
  const bool serves = wait_until(
      [&] { return house.box.run(of_package(busybox) + " wget -q -O /dev/null http://127.0.0.1:8080/there").ok(); },
      5'000);
  BOOST_REQUIRE_MESSAGE(serves, read_text(house.scratch.path() + "/httpd.log"));
}

std::string WebServer::get(const std::string& address) const {
  return house_.box.run(of_package(busybox) + " wget -q -S -O - '" + address + "' 2>&1").output;
}

std::string WebServer::talk(const std::string& request) const {
  write_text(path("request"), request);
  return house_.box.run("timeout 10 " + of_package(busybox) + " nc 127.0.0.1 8080 < " + path("request")).output;
}

Viewed show(const House& house, const std::string& address, const View& view) {
  const ScratchDirectory place;
  const std::string errors = place.path() + "/console";
  // As root it has no sandbox of its own, and it is shown nothing but our page.
  const CommandResult result = house.box.run(
      "HOME=" + place.path() + " timeout -k 5 60 " + chromium +
          " --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --enable-logging=stderr "
          "--user-data-dir=" +
          place.path() + "/profile --window-size=" + std::to_string(view.width) + "," + std::to_string(view.height) +
          " --blink-settings=preferredColorScheme=" + (view.dark ? "0" : "1") +
          " --virtual-time-budget=" + std::to_string(view.seconds * 1000) + " " +
          (view.picture.empty() ? "--dump-dom" : "--screenshot=" + view.picture) + " '" + address + "' 2> " + errors,
      70);
  Viewed viewed;
  viewed.dom = result.output;
  const std::string said = read_text(errors);
  BOOST_REQUIRE_MESSAGE(result.ok(), said);
  // Lines of the page's own; the rest is Chromium's about the machine.
  for (std::size_t at = 0; at < said.size();) {
    const std::size_t end = std::min(said.find('\n', at), said.size());
    const std::string line = said.substr(at, end - at);
    if (contains(line, ":CONSOLE")) viewed.console += line + "\n";
    at = end + 1;
  }
  return viewed;
}

}  // namespace bondbox::lab

#include "tests/lab/support/browser.hpp"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

namespace bondbox::lab {

WebServer::WebServer(const House& house, const Daemon& daemon, const std::string& who, const std::string& when,
                     const std::string& software)
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
  process_ = house.box.start("exec " + who + command(software), house.scratch.path() + "/httpd.log");
  const bool serves = wait_until(
      [&] { return house.box.run(of_package(busybox) + " wget -q -O /dev/null http://127.0.0.1:8080/there").ok(); },
      5'000);
  BOOST_REQUIRE_MESSAGE(serves, read_text(house.scratch.path() + "/httpd.log"));
}

std::string WebServer::command(const std::string& software) const {
  if (software == busybox) return of_package(busybox) + " httpd -f -p 127.0.0.1:8080 -h " + root_.path();
  const std::string module = of_package("/usr/lib/lighttpd/mod_cgi.so");
  BOOST_REQUIRE(!module.empty());
  const std::string words = house_.scratch.path() + "/lighttpd.conf";
  write_text(words,
             "server.modules = ( \"mod_cgi\" )\nserver.bind = \"127.0.0.1\"\nserver.port = 8080\n"
             "server.document-root = \"" +
                 root_.path() +
                 "\"\n"
                 "$HTTP[\"url\"] =~ \"^/cgi-bin/\" { cgi.assign = ( \"\" => \"\" ) }\n");
  return of_package(lighttpd) + " -D -m " + module.substr(0, module.rfind('/')) + " -f " + words;
}

std::string WebServer::get(const std::string& address) const {
  return house_.box.run(of_package(busybox) + " wget -q -S -O - '" + address + "' 2>&1").output;
}

std::string WebServer::talk(const std::string& request) const {
  write_text(path("request"), request);
  return house_.box.run("timeout 10 " + of_package(busybox) + " nc 127.0.0.1 8080 < " + path("request")).output;
}

namespace {

/// Drives Chromium by its DevTools protocol over two pipes: no port, no driver program.
constexpr const char* clicker = R"PY(import fcntl, json, os, select, subprocess, sys, time

chromium, profile, address, bond, port = sys.argv[1:]
end = time.time() + 60
pipes = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in os.pipe() + os.pipe()]
to_read, to_write, answers, answering = pipes
os.dup2(to_read, 3)
os.dup2(answering, 4)
browser = subprocess.Popen([chromium, '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
                            '--remote-debugging-pipe', '--user-data-dir=' + profile, '--window-size=900,1000',
                            'about:blank'], pass_fds=(3, 4), stderr=subprocess.DEVNULL)
for fd in (3, 4, to_read, answering):
    os.close(fd)
kept = b''
number = 0

def call(method, session=None, **words):
    global kept, number
    number += 1
    request = {'id': number, 'method': method, 'params': words}
    if session:
        request['sessionId'] = session
    os.write(to_write, json.dumps(request).encode() + b'\0')
    while True:
        while b'\0' not in kept:
            if not select.select([answers], [], [], max(0, end - time.time()))[0]:
                raise Exception('no answer to ' + method)
            kept += os.read(answers, 65536) or exit('the browser has ended')
        message, kept = kept.split(b'\0', 1)
        message = json.loads(message)
        if message.get('id') == number:
            return message.get('result', {})

try:
    target = call('Target.createTarget', url=address)['targetId']
    page = call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']

    def value_of(script):
        return call('Runtime.evaluate', page, expression=script, returnByValue=True).get('result', {}).get('value')

    def wait_for(script):
        while time.time() < end:
            value = value_of(script)
            if value:
                return value
            time.sleep(0.1)
        raise Exception('in vain: ' + script)

    def click(selector):
        x, y = wait_for("(() => { const at = document.querySelector('" + selector + "'); if (!at) return null; "
                        "at.scrollIntoView(); const box = at.getBoundingClientRect(); "
                        "return box.width ? [box.x + box.width / 2, box.y + box.height / 2] : null; })()")
        for kind in ('mousePressed', 'mouseReleased'):
            call('Input.dispatchMouseEvent', page, type=kind, x=x, y=y, button='left', clickCount=1)

    place = '#d-' + bond + '-' + port
    click(place + ' summary')
    click(place + ' button')
    print(wait_for("(document.querySelector('.notice pre') || {}).textContent"))
    print('port:', value_of("document.querySelector('tr[data-port=" + port + "]').textContent"))
except Exception as error:
    print('failed:', error)
finally:
    browser.kill()
    browser.wait()
)PY";

}  // namespace

std::string click_drill(const House& house, const std::string& address, const std::string& bond,
                        const std::string& port) {
  const ScratchDirectory place;
  write_text(place.path() + "/clicker.py", clicker);
  return house.box
      .run("HOME=" + place.path() + " timeout -k 5 80 /usr/bin/python3 " + place.path() + "/clicker.py " + chromium +
               " " + place.path() + "/profile " + address + " " + bond + " " + port,
           90)
      .output;
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

// The status page as people get it: from busybox httpd, in a browser, before and after a pulled cable.
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>

#include "tests/lab/support/browser.hpp"

namespace bondbox::lab {
namespace {

namespace ut = boost::unit_test;

auto has_file(const char* path) {
  return [path](ut::test_unit_id) {
    boost::test_tools::assertion_result here(!of_package(path).empty());
    here.message() << "there is no " << path << ", installed or in build/deps/unpacked";
    return here;
  };
}

/// What stands between two words of a text, from the first of them on; empty where they are not.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t at = text.find(before);
  if (at == std::string::npos) return {};
  const std::size_t start = at + before.size();
  return text.substr(start, text.find(after, start) - start);
}

/// The row of a port in the table.
std::string row_of(const std::string& html, const std::string& port) {
  return between(html, "<tr data-port=\"" + port + "\"", "</tr>");
}

/// For a CGI program: what is done when the JSON is asked for the second time; it is answered when `done` holds.
std::string at_second(const std::string& action, const std::string& done) {
  return "if [ \"$asked\" = 2 ] && [ ! -e " + done + " ]; then " + action + "; fi";
}

/// The words that run a configuration by which the page has a button for a drill.
std::string with_drill_button(const House& house) {
  const std::string words = house.config();
  write_text(house.config_path(), "page_drill = true\n" + read_text(house.config_path()));
  return words;
}

/// Pictures for whoever wants to see them.
std::string picture(const std::string& name) {
  const std::string directory = std::filesystem::exists("build/tests") ? "build/tests/page" : "/tmp";
  std::filesystem::create_directories(directory);
  return std::filesystem::absolute(directory).string() + "/" + name + ".png";
}

/// Width and height by a PNG's own word; nothing else is this long with nothing on it.
bool is_png(const std::string& path, unsigned width, unsigned height) {
  const std::string bytes = read_text(path);
  const auto number = [&](std::size_t at) {
    unsigned value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
  };
  return bytes.size() > 8'000 && bytes.starts_with("\x89PNG") && number(16) == width && number(20) == height;
}

/// Looks at a page within a frame, from outside, and writes what it found into its own title: how much wider it is than
/// it may be, and each text whose contrast with what lies behind it is less than WCAG's AA asks for.
constexpr const char* probe = R"(<!DOCTYPE html><title>nothing</title><iframe src="page.html" width="WIDTH" height="800"
 style="border:0"></iframe><script>
const light = (c) => { const [r, g, b] = c.match(/[\d.]+/g).map((v) => (v /= 255, v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)); return .2126 * r + .7152 * g + .0722 * b; };
const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
const frame = document.querySelector('iframe');
frame.onload = () => setTimeout(() => {
  const page = frame.contentDocument, win = frame.contentWindow, poor = [];
  let texts = 0;
  const walker = page.createTreeWalker(page.body, 4);
  while (walker.nextNode()) {
    const at = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || at.closest('script,style,.unseen,[hidden]') || !at.getClientRects().length) continue;
    ++texts;
    const style = win.getComputedStyle(at), drawn = Boolean(at.closest('svg'));
    const grounds = [];
    if (drawn) for (const name of ['article', 'body']) grounds.push(win.getComputedStyle(page.querySelector(name)).backgroundColor);
    else for (let up = at; up && !grounds.length; up = up.parentElement) {
      const ground = win.getComputedStyle(up).backgroundColor;
      if (!/, 0\)$/.test(ground)) grounds.push(ground);
    }
    for (const ground of grounds) {
      const found = ratio(drawn ? style.fill : style.color, ground);
      if (!(found >= 4.5)) poor.push(at.textContent.slice(0, 20) + ' ' + found.toFixed(2));
    }
  }
  document.title = 'wider by ' + (page.documentElement.scrollWidth - win.innerWidth) + ', ' + (texts > 30 ? 'many' : texts) +
    ' texts, poor: ' + poor.join('; ') + ', ground ' + win.getComputedStyle(page.body).backgroundColor;
}, 5000);
</script>)";

struct Seen : House {
  Daemon daemon{box, words};
  std::string pull_and_wait() const {
    return "ip -n " + town.name() + " link set port0 down; for i in $(seq 100); do " + program() +
           " status --run-dir " + daemon.run_dir() + " | grep -q 'active port eth1' && break; sleep 0.05; done";
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_page, *ut::precondition(has_file(busybox)))

BOOST_AUTO_TEST_CASE(a_web_server_that_is_a_reader_shows_the_page_before_and_after_a_pulled_cable) {
  const House house;
  const std::string words = house.config();
  write_text(house.config_path(), "readers = \"4242\"\n" + read_text(house.config_path()));
  const Daemon daemon(house.box, words);
  const WebServer server(house, daemon, "setpriv --reuid=4241 --regid=4242 --clear-groups ");
  BOOST_REQUIRE(daemon.comes_to("eth0"));

  const std::string before = server.get(WebServer::page);
  BOOST_TEST(contains(before, "200 OK"), before);
  BOOST_TEST(contains(before, "Content-Type: text/html; charset=utf-8"));
  BOOST_TEST(contains(before, "Content-Security-Policy: default-src 'none'; "));
  BOOST_TEST(contains(before, "<h1>"));
  BOOST_TEST(contains(before, "bond0 works</h1>"));
  BOOST_TEST(contains(row_of(before, "eth0"), "<span class=\"dim\">active</span>"), before);

  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  const std::string after = server.get(WebServer::page);
  BOOST_TEST(contains(after, "bond0 is degraded</h1>"));
  BOOST_TEST(contains(after, "<b>eth0 does not carry traffic</b>: it has had no link"));
  BOOST_TEST(contains(row_of(after, "eth1"), "<span class=\"dim\">active</span>"));
  BOOST_TEST(contains(after, "<b>eth0</b> link status definitely down, disabling slave"));

  const std::string json = server.get(std::string(WebServer::page) + "?format=json&bond=bond0");
  BOOST_TEST(contains(json, "Content-Type: application/json"));
  BOOST_TEST(contains(json, "\"active\":\"eth1\""));
  BOOST_TEST(contains(server.get(std::string(WebServer::page) + "/status.json"), "\"active\":\"eth1\""));
}

BOOST_AUTO_TEST_CASE(lighttpd_serves_the_page_its_json_and_a_drill, *ut::precondition(has_file(lighttpd))) {
  const House house;
  const Daemon daemon(house.box, with_drill_button(house));
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  const WebServer server(house, daemon, {}, {}, lighttpd);
  const std::string page = server.get(WebServer::page);
  BOOST_TEST(contains(page, "200 OK"), page);
  BOOST_TEST(contains(page, "Server: lighttpd"), page);
  BOOST_TEST(contains(page, "Content-Security-Policy: default-src 'none'; "));
  BOOST_TEST(contains(page, "bond0 works</h1>"));
  BOOST_TEST(contains(server.get(std::string(WebServer::page) + "/status.json"), "\"active\":\"eth0\""));
  BOOST_TEST(contains(server.get(std::string(WebServer::page) + "?format=json&bond=bond0"), "\"active\":\"eth0\""));
  BOOST_TEST(contains(server.get(std::string(WebServer::page) + "?bond=bond9"), "404 Not Found"));
  const std::string answer = server.talk(
      "POST /cgi-bin/bondbox HTTP/1.0\r\nHost: 127.0.0.1:8080\r\nOrigin: http://127.0.0.1:8080\r\n"
      "Content-Length: 20\r\n\r\nbond=bond0&port=eth1");
  BOOST_TEST(contains(answer, "<pre>bond0: drill of eth1"), answer);
  BOOST_TEST(contains(daemon.events(), "given back after a drill"));
}

BOOST_AUTO_TEST_CASE(what_is_asked_wrongly_is_refused_and_changes_nothing) {
  const Seen house;
  const WebServer server(house, house.daemon);
  const auto status = [&](const std::string& request) {
    return between(server.talk(request + " HTTP/1.0\r\n\r\n"), " ", "\r\n");
  };
  BOOST_TEST(status("GET /cgi-bin/bondbox?bond=bond9").starts_with("404"));
  BOOST_TEST(status("GET /cgi-bin/bondbox?bond=../x").starts_with("400"));
  BOOST_TEST(status("GET /cgi-bin/bondbox/elsewhere").starts_with("404"));
  BOOST_TEST(status("GET /cgi-bin/bondbox?bond=bond0").starts_with("200"));
  const std::string posted =
      server.talk("POST /cgi-bin/bondbox HTTP/1.0\r\nContent-Length: 20\r\n\r\nbond=bond0&port=eth0");
  BOOST_TEST(contains(posted, " 403 "), posted);
  BOOST_TEST(house.daemon.active() == "eth0");
  BOOST_TEST(contains(server.get(std::string(WebServer::page) + "?bond=bond%39"), "404"));
}

BOOST_AUTO_TEST_CASE(a_drill_is_done_for_a_form_of_the_page_where_it_is_allowed_and_for_no_other) {
  const House house;
  const Daemon daemon(house.box, with_drill_button(house));
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  const WebServer server(house, daemon);
  const std::string page = server.get(WebServer::page);
  BOOST_TEST(contains(row_of(page, "eth1"), "<form method=\"post\">"), page);
  const auto post = [&](const std::string& origin) {
    return server.talk("POST /cgi-bin/bondbox HTTP/1.0\r\nHost: 127.0.0.1:8080\r\n" + origin +
                       "Content-Length: 20\r\n\r\nbond=bond0&port=eth1");
  };
  for (const char* origin : {"", "Origin: http://elsewhere.example\r\n", "Origin: null\r\n"}) {
    const std::string answer = post(origin);
    BOOST_TEST(contains(answer, " 403 "), answer);
    BOOST_TEST(contains(answer, "another site"), answer);
  }
  BOOST_TEST(!contains(daemon.events(), "drill"));
  const std::string answer = post("Origin: http://127.0.0.1:8080\r\n");
  BOOST_TEST(contains(answer, " 200 "), answer);
  BOOST_TEST(contains(answer, "<section class=\"notice\" role=\"status\"><pre>bond0: drill of eth1"), answer);
  BOOST_TEST(contains(daemon.events(), "given back after a drill"));
  // Read anew with the file.
  write_text(house.config_path(), "page_drill = false\n" + read_text(house.config_path()).substr(18));
  BOOST_TEST(daemon.ask("reload").status == 0);
  BOOST_TEST(!contains(server.get(WebServer::page), "<form"));
  BOOST_TEST(contains(post("Origin: http://127.0.0.1:8080\r\n"), "not allowed here: page_drill"));
}

BOOST_AUTO_TEST_CASE(a_page_in_a_file_has_its_json_beside_it_and_is_replaced_as_a_whole) {
  const Seen house;
  const std::string file = house.scratch.path() + "/bonds.html";
  BOOST_TEST(house.daemon.ask("page bond0 --output " + file).status == 0);
  struct stat status {};
  BOOST_REQUIRE(::stat(file.c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 07777) == 0644u);
  BOOST_TEST(contains(read_text(file), "data-json=\"./bonds.json\""));
  BOOST_TEST(contains(read_text(house.scratch.path() + "/bonds.json"), "\"name\":\"bond0\""));
  BOOST_TEST(house.daemon.ask("page").out.starts_with("<!DOCTYPE html>"));
  BOOST_TEST(contains(house.daemon.ask("page bond9").err, "there is no bond"));
  BOOST_TEST(contains(house.daemon.ask("page --output /nonexistent/a.html").err, "/nonexistent/a.html"));
  // A file would take the place of it.
  const std::string pipe = house.daemon.path("pipe");
  house.box.must("mkfifo " + pipe);
  const Answer refused = house.daemon.ask("page --output " + pipe);
  BOOST_TEST(refused.status == 2);
  BOOST_TEST(contains(refused.err, "pipe is there and is no file"), refused.err);
  BOOST_TEST(house.box.run("test -p " + pipe).ok());

  Process watching =
      house.box.start("exec " + program() + " page --output " + file + " --watch --run-dir " + house.daemon.run_dir());
  house.pull(0);
  BOOST_TEST(wait_until([&] { return contains(read_text(file), "bond0 is degraded</h1>"); }, 10'000));
  BOOST_TEST(wait_until(
      [&] { return contains(read_text(house.scratch.path() + "/bonds.json"), "\"active\":\"eth1\""); }, 10'000));
  watching.stop(SIGTERM);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(lab_page_browser, *ut::precondition(has_file(busybox)) * ut::precondition(has_file(chromium)))

BOOST_AUTO_TEST_CASE(a_page_that_is_open_while_a_cable_is_pulled_shows_it) {
  const Seen house;
  BOOST_REQUIRE(house.daemon.comes_to("eth0"));
  const std::string done = house.scratch.path() + "/pulled";
  const WebServer server(house, house.daemon, {}, at_second(house.pull_and_wait() + "; : > " + done, done));
  BOOST_TEST(contains(server.get(WebServer::page), "bond0 works</h1>"));
  const Viewed page = show(house, WebServer::page);
  BOOST_TEST(page.console.empty(), page.console);
  BOOST_TEST(std::filesystem::exists(done));
  BOOST_TEST(contains(page.dom, "bond0 is degraded</h1>"), page.dom);
  BOOST_TEST(contains(page.dom, "<title>bond0 is degraded</title>"));
  BOOST_TEST(contains(page.dom, "aria-live=\"polite\">bond0 is degraded</p>"));
  BOOST_TEST(contains(page.dom, "<b>eth0 does not carry traffic</b>"));
  BOOST_TEST(contains(row_of(page.dom, "eth0"), "no link"), row_of(page.dom, "eth0"));
  BOOST_TEST(contains(row_of(page.dom, "eth1"), "active"));
  // Counted by the script.
  BOOST_TEST(contains(between(row_of(page.dom, "eth1"), "data-r=\"tx\">", "</b>"), "bit/s"), row_of(page.dom, "eth1"));
  BOOST_TEST(contains(page.dom, "refreshed every 2 s"));
  BOOST_TEST(contains(page.dom, "<p id=\"stale\" role=\"status\" hidden=\"\">"));
}

BOOST_AUTO_TEST_CASE(a_click_on_the_drill_button_takes_the_port_away_and_gives_it_back,
                     *ut::precondition(has_file("/usr/bin/python3"))) {
  const House house;
  const Daemon daemon(house.box, with_drill_button(house));
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  const WebServer server(house, daemon);
  const std::string seen = click_drill(house, WebServer::page, "bond0", "eth0");
  BOOST_TEST(contains(seen, "bond0: drill of eth0, set down for 2 s"), seen);
  BOOST_TEST(contains(seen, "traffic by  eth0 before, eth1 during"), seen);
  BOOST_TEST(contains(seen, "\nport: eth0 "), seen);
  const std::string events = daemon.events();
  BOOST_TEST(contains(events, "(slave eth0): taken away for a drill"), events);
  BOOST_TEST(contains(events, "(slave eth0): given back after a drill"), events);
  BOOST_TEST(daemon.comes_to("eth0"));
}

BOOST_AUTO_TEST_CASE(a_page_on_which_only_counters_change_is_not_drawn_anew) {
  const Seen house;
  BOOST_REQUIRE(house.daemon.comes_to("eth0"));
  const std::string drawn = house.scratch.path() + "/drawn";
  const WebServer server(house, house.daemon, {},
                         "case $QUERY_STRING in *format=json*) ;; *) echo >> " + drawn + " ;; esac");
  const Viewed page = show(house, WebServer::page, {.seconds = 14});
  const std::string asked = read_text(server.path("asked"));
  BOOST_TEST(asked.size() > 5U);
  // Once by the browser, and again when an address or an event has come meanwhile.
  BOOST_TEST(read_text(drawn).size() < 4U);
}

BOOST_AUTO_TEST_CASE(a_page_that_gets_no_answer_any_more_says_that_it_is_old) {
  Seen house;
  const std::string done = house.scratch.path() + "/killed";
  const WebServer server(house, house.daemon, {},
                         at_second("kill -9 " + std::to_string(house.daemon.pid()) + "; sleep 0.2; : > " + done, done));
  const Viewed page = show(house, WebServer::page, {.seconds = 30});
  const std::string said = between(page.dom, "<p id=\"stale\" role=\"status\">", "</p>");
  BOOST_TEST(contains(said, "This picture is old. It was taken at "), page.dom);
  BOOST_TEST(contains(said, "It cannot be refreshed: "), said);
  BOOST_TEST(contains(page.dom, "<body data-json=\"?format=json\" class=\"old\">"));
  BOOST_TEST(contains(page.dom, "bond0 works</h1>"));
}

BOOST_AUTO_TEST_CASE(a_page_in_a_file_refreshes_itself_and_tells_its_age_where_nobody_writes_it_anew) {
  const Seen house;
  const WebServer server(house, house.daemon);
  BOOST_REQUIRE(house.daemon.ask("page --output " + server.path("page.html")).status == 0);
  const Viewed once = show(house, "http://127.0.0.1:8080/page.html", {.seconds = 30});
  BOOST_TEST(once.console.empty(), once.console);
  BOOST_TEST(
      contains(between(once.dom, "<p id=\"stale\" role=\"status\">", "</p>"), "This picture is old. It was taken"),
      once.dom);
  const Viewed local = show(house, "file://" + server.path("page.html"));
  BOOST_TEST(contains(between(local.dom, "<p id=\"stale\" role=\"status\">", "</p>"), "It cannot be refreshed"),
             local.dom);
}

BOOST_AUTO_TEST_CASE(it_fits_a_phone_and_every_text_is_told_from_its_ground_in_both_schemes) {
  const Seen house;
  house.pull(0);
  BOOST_REQUIRE(house.daemon.comes_to("eth1"));
  const WebServer server(house, house.daemon);
  BOOST_REQUIRE(house.daemon.ask("page --output " + server.path("page.html")).status == 0);
  for (const bool dark : {false, true}) {
    std::string text = probe;
    text.replace(text.find("WIDTH"), 5, dark ? "320" : "360");
    write_text(server.path("probe.html"), text);
    const Viewed page = show(house, "http://127.0.0.1:8080/probe.html", {.dark = dark});
    BOOST_TEST(between(page.dom, "<title>", "</title>") == std::string("wider by 0, many texts, poor: , ground ") +
                                                               (dark ? "rgb(14, 19, 23)" : "rgb(243, 245, 247)"));
  }
}

BOOST_AUTO_TEST_CASE(pictures_before_and_after_a_pulled_cable_are_there_to_look_at) {
  const Seen house;
  BOOST_REQUIRE(house.daemon.comes_to("eth0"));
  const WebServer server(house, house.daemon);
  show(house, WebServer::page, {.picture = picture("before")});
  house.pull(0);
  BOOST_REQUIRE(house.daemon.comes_to("eth1"));
  show(house, WebServer::page, {.picture = picture("after")});
  show(house, WebServer::page, {.width = 360, .height = 1400, .dark = true, .picture = picture("phone")});
  BOOST_TEST(is_png(picture("before"), 900, 1000));
  BOOST_TEST(is_png(picture("after"), 900, 1000));
  BOOST_TEST(is_png(picture("phone"), 360, 1400));
  BOOST_TEST(read_text(picture("before")) != read_text(picture("after")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

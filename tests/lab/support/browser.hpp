// A web server and a browser in the appliance: busybox httpd, or lighttpd, with the status page as a CGI program, and
// Chromium without a window, which shows a page for so many seconds of its own, virtual time (it waits for answers, not
// for time).
#pragma once

#include <string>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

inline constexpr const char* busybox = "/bin/busybox";
inline constexpr const char* lighttpd = "/usr/sbin/lighttpd";
inline constexpr const char* chromium = "/usr/bin/chromium-headless-shell";

class WebServer {
 public:
  /// Serves http://127.0.0.1:8080/cgi-bin/bondbox for the daemon. `who` is put before the server: as another user.
  /// `when` is shell text that the CGI program runs before each answer; $asked is how often the JSON was asked for.
  WebServer(const House& house, const Daemon& daemon, const std::string& who = {}, const std::string& when = {},
            const std::string& software = busybox);

  static constexpr const char* page = "http://127.0.0.1:8080/cgi-bin/bondbox";
  /// A file that it serves at http://127.0.0.1:8080/NAME.
  std::string path(const std::string& name) const { return root_.path() + "/" + name; }

  /// Headers and body, as busybox wget gets them.
  std::string get(const std::string& address) const;
  /// What is sent, as it is, is answered with.
  std::string talk(const std::string& request) const;

 private:
  std::string command(const std::string& software) const;

  const House& house_;
  ScratchDirectory root_;
  Process process_;
};

struct Viewed {
  std::string dom;      ///< as it is at the end
  std::string console;  ///< what the page's script and policy complained about
};

struct View {
  int width = 900;
  int height = 1000;
  bool dark = false;
  int seconds = 10;          ///< of the page's time
  std::string picture = {};  ///< a PNG file that is written; then there is no DOM
};
Viewed show(const House& house, const std::string& address, const View& view = {});

/// What somebody at the page does: opens "Drill" of a port and clicks on its button, with the mouse, and waits for the
/// page that comes then. Its notice, and after "port: " the port's row; else what went wrong. Needs python3.
std::string click_drill(const House& house, const std::string& address, const std::string& bond,
                        const std::string& port);

}  // namespace bondbox::lab

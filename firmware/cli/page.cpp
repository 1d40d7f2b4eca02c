// `bondbox page`: the status page in a file, or as an answer to a web server.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "firmware/cli/ask.hpp"
#include "firmware/control_client.hpp"
#include "firmware/control_protocol.hpp"
#include "firmware/page/page.hpp"
#include "hal/linux/run_dir.hpp"
#include "hal/linux/users.hpp"

namespace bondbox::cli {
namespace {

constexpr std::chrono::seconds between_pictures{2};

struct Wanted {
  std::string bond;    ///< empty: all
  std::string output;  ///< empty: stdout
  bool watched = false;
  bool cgi = false;
};

std::optional<std::string> read_words(const Invocation& invocation, Wanted& wanted) {
  for (std::size_t i = 0; i < invocation.words.size(); ++i) {
    const std::string& word = invocation.words[i];
    if (word == "--output" || word == "-o" || word.starts_with("--output=")) {
      const bool attached = word.starts_with("--output=");
      if (!attached && i + 1 == invocation.words.size()) return "--output needs a file";
      wanted.output = attached ? word.substr(9) : invocation.words[++i];
      if (wanted.output.empty() || wanted.output.ends_with('/')) return "--output needs a file";
    } else if (word == "--watch") {
      wanted.watched = true;
    } else if (word == "--cgi") {
      wanted.cgi = true;
    } else if (word.starts_with('-') || word.empty() || !wanted.bond.empty()) {
      return "page does not know \"" + word + "\"";
    } else {
      wanted.bond = word;
    }
  }
  if (!wanted.output.empty() && !lnx::is_place_of_file(wanted.output))
    return wanted.output + " is there and is no file";
  if (wanted.cgi && (wanted.watched || !wanted.output.empty())) return "--cgi answers a web server and writes no file";
  if (wanted.watched && wanted.output.empty()) return "--watch needs --output FILE";
  return std::nullopt;
}

/// Of a bond, or of all where it has no name. A page that a server shows may pass drills on.
Reply status_as(const Invocation& invocation, const std::string& bond, const char* format, bool drills = false) {
  std::vector<std::string> words{"status", "--format", format};
  if (drills) words.push_back("--drills");
  if (!bond.empty()) words.push_back(bond);
  return ask_for_status(invocation, words);
}

/// The JSON last: when it tells of something new, the picture of it is there.
Outcome write_files(const Wanted& wanted, const std::string& main, const std::string& json) {
  const std::string html = page::whole_page({main, page::json_address_of(wanted.output), {}});
  if (Outcome outcome = lnx::replace_file(wanted.output, html); !outcome.ok()) return outcome;
  return lnx::replace_file(page::json_file_of(wanted.output), json);
}

int write_page(const Invocation& invocation, const Wanted& wanted) {
  std::string told;
  for (;;) {
    Reply main = status_as(invocation, wanted.bond, "html");
    Reply json = main;
    if (main.exit_status == exit_done && !wanted.output.empty()) json = status_as(invocation, wanted.bond, "json");
    std::string trouble;
    if (json.exit_status != exit_done) {
      trouble = json.text.substr(0, json.text.find_last_not_of('\n') + 1);
    } else if (wanted.output.empty()) {
      say(page::whole_page({main.text, {}, {}}));
    } else if (Outcome outcome = write_files(wanted, main.text, json.text); !outcome.ok()) {
      trouble = outcome.reason;
    }
    // Whoever watches waits for better times: the page tells that it is old.
    if (!trouble.empty() && trouble != told) complain(trouble);
    if (!wanted.watched) return trouble.empty() ? exit_done : exit_failed;
    told = trouble;
    std::this_thread::sleep_for(between_pictures);
  }
}

std::string from_server(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

constexpr const char* html_type = "text/html";
constexpr const char* json_type = "application/json";

/// The words of a form, as the server hands them over.
std::string body_of_request() {
  const std::string length = from_server("CONTENT_LENGTH");
  std::size_t size = 0;
  std::from_chars(length.data(), length.data() + length.size(), size);
  // One more than there may be is refused by whoever reads it.
  std::string body(std::min(size, page::form_size_max + 1), '\0');
  body.resize(std::fread(body.data(), 1, body.size(), stdin));
  return body;
}

/// Whether the daemon lets its pages offer drills, by what it draws itself.
bool drills_are_allowed(const Invocation& invocation, const std::string& bond) {
  return status_as(invocation, bond, "html", true).text.starts_with("<main data-drills=\"1\"");
}

/// Does what a form asks for, and tells how it went. A refusal has a status of its own.
std::string drill(const Invocation& invocation, int& status) {
  const page::DrillRequest request =
      page::read_drill(body_of_request(), from_server("HTTP_ORIGIN"), from_server("HTTP_HOST"));
  status = request.status;
  if (!request.why.empty()) return request.why;
  status = 403;
  if (!lnx::is_root()) return "the web server is not root, so it may not take a port's link away";
  if (!drills_are_allowed(invocation, request.bond)) return "drills are not allowed here: page_drill";
  status = 200;
  const std::string words[] = {"drill", request.bond, request.port};
  return control::ask(invocation.run_dir + "/" + control::socket_name, words).text;
}

int answer_server(const Invocation& invocation, const Wanted& wanted) {
  using Kind = page::WebRequest::Wanted;
  const std::string method = from_server("REQUEST_METHOD");
  const bool posted = method == "POST";
  page::WebRequest request =
      page::read_request(posted ? "GET" : method, from_server("PATH_INFO"), from_server("QUERY_STRING"));
  if (posted) request.wanted = request.wanted == Kind::refused ? Kind::refused : Kind::html;
  int status = 200;
  const std::string notice = posted && request.wanted == Kind::html ? drill(invocation, status) : std::string();
  if (!wanted.bond.empty()) request.bond = wanted.bond;
  std::string heading = "There is nothing to see here";
  if (request.wanted != Kind::refused) {
    const bool json = request.wanted == Kind::json;
    Reply reply = status_as(invocation, request.bond, json ? "json" : "html", !json && lnx::is_root());
    if (reply.exit_status == exit_done) {
      const std::string address = "?format=json" + (request.bond.empty() ? "" : "&bond=" + request.bond);
      say(page::web_answer(status, json ? json_type : html_type,
                           json ? reply.text : page::whole_page({reply.text, address, notice}), request.head));
      return exit_done;
    }
    const bool is_there = control::is_listening(invocation.run_dir + "/" + control::socket_name);
    request.status = is_there ? 404 : 503;
    request.why = reply.text;
    if (!is_there) heading = "bondbox does not answer";
  }
  const bool json = request.wanted == Kind::json;
  // The script asks on, and shows the bonds as soon as somebody answers.
  const std::string address = request.status == 503 ? "?format=json" : "";
  say(page::web_answer(
      request.status, json ? json_type : html_type,
      json ? json_error(request.why) : page::whole_page({page::main_without_bonds(heading, request.why), address, {}}),
      request.head));
  return exit_done;
}

}  // namespace

int page(const Invocation& invocation) {
  Wanted wanted;
  if (const auto wrong = read_words(invocation, wanted)) return wrong_words(invocation, *wrong);
  return wanted.cgi ? answer_server(invocation, wanted) : write_page(invocation, wanted);
}

}  // namespace bondbox::cli

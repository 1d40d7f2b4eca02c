// The status page as a whole, and as an answer to a web server (CGI, RFC 3875). Its looks are page.html, page.css and
// page.js, which the build puts into the program.
#pragma once

#include <string>
#include <string_view>

namespace bondbox::page {

/// What differs from page to page.
struct Page {
  std::string main;    ///< a `<main>` element (render_main())
  std::string json;    ///< where the script finds the JSON, relative to the page; empty: nowhere, so it stays as it is
  std::string notice;  ///< text above it; empty: none
};

/// The HTML. Its title is what its `<h1>` says.
std::string whole_page(const Page& page);

/// In place of the bonds: why there is nothing to see, in words for a person.
std::string main_without_bonds(std::string_view heading, std::string_view why);

/// What a browser may load and run for the page: nothing but what is in it, and the JSON from the same server.
std::string_view content_security_policy();

/// "bond.json" for "/www/bond.html": the file that lies beside a page, and its address as the page names it.
std::string json_file_of(std::string_view page_file);
std::string json_address_of(std::string_view page_file);

/// What a web server was asked, by the words that it puts into the environment.
struct WebRequest {
  enum class Wanted { html, json, refused };
  Wanted wanted = Wanted::html;
  bool head = false;  ///< without a body
  std::string bond;   ///< empty: all
  int status = 200;   ///< of a refusal, 400, 404 or 405
  std::string why;    ///< of a refusal
};
/// PATH_INFO is empty, "/", "/status.json" or "/index.html"; QUERY_STRING has "format=json" and "bond=NAME", or others,
/// which are passed over.
WebRequest read_request(std::string_view method, std::string_view path_info, std::string_view query);

/// What a form of the page asks for: the link of a port to be taken away.
struct DrillRequest {
  std::string bond;
  std::string port;
  int status = 200;  ///< of a refusal, 400 or 403
  std::string why;   ///< empty: it may be done
};
inline constexpr std::size_t form_size_max = 256;
/// `body` is "bond=NAME&port=NAME". Another site's page can make a browser send the same words, so whose page it was
/// must be told by Origin, and be the server's own by Host; and Host must be what no stranger can make lead here (an
/// address, or a name that only a local network has), because a stranger's own name can (DNS rebinding).
DrillRequest read_drill(std::string_view body, std::string_view origin, std::string_view host);

/// Headers and body. The type is "text/html" or "application/json".
std::string web_answer(int status, std::string_view type, std::string_view body, bool head);

}  // namespace bondbox::page

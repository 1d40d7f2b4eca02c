// What a web server passes on of a browser: asked for by any words, the page's answer has its form, and a drill is let
// through for names of interfaces alone, from the page of the machine itself.
#include "firmware/page/page.hpp"

#include "firmware/config/names.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {
namespace {

bool is_name(const std::string& name) {
  return !name.starts_with('-') && bad_interface_name(name).empty();
}

void check_request(const page::WebRequest& asked) {
  if (asked.wanted == page::WebRequest::Wanted::refused)
    return promise(asked.status >= 400 && asked.status < 500 && !asked.why.empty(),
                   "a refusal has a status and a reason");
  promise(asked.status == 200 && asked.why.empty(), "what is not refused is answered");
  promise(asked.bond.empty() || is_name(asked.bond), "what is asked for may be a bond");
}

void check_drill(const page::DrillRequest& asked, std::string_view origin, std::string_view host) {
  if (!asked.why.empty())
    return promise((asked.status == 400 || asked.status == 403) && asked.bond.empty() && asked.port.empty(),
                   "a refused drill names nothing");
  promise(asked.status == 200 && is_name(asked.bond) && is_name(asked.port),
          "a drill is of what may be a bond and a port");
  promise(!host.empty() && origin.ends_with(host) && origin.starts_with("http"),
          "a drill is asked for by the page itself");
}

void check_answer_to(int status, std::string_view body, bool head) {
  const std::string answer = page::web_answer(status, "text/html", body, head);
  const std::size_t end = answer.find("\r\n\r\n");
  promise(answer.starts_with("Status: ") && end != std::string::npos, "an answer has headers and their end");
  promise(std::string_view(answer).substr(end + 4) == (head ? std::string_view() : body), "the body is what it was");
}

void run(wire::Bytes bytes) {
  Input input(bytes);
  const std::uint8_t more = input.byte();
  const std::string method = (more & 1) != 0 ? "GET" : input.text_until(0);
  const std::string path = (more & 2) != 0 ? "" : input.text_until(0);
  const std::string host = (more & 4) != 0 ? "192.168.1.1" : input.text_until(0);
  const std::string origin = (more & 8) != 0 ? "http://" + host : input.text_until(0);
  const std::string words = input.rest_text();
  check_request(page::read_request(method, path, words));
  check_drill(page::read_drill(words, origin, host), origin, host);
  check_answer_to((more & 16) != 0 ? 200 : 503, words, (more & 32) != 0);
  const std::string page = page::whole_page({page::main_without_bonds(host, words), words, words});
  promise(page.find("<script>alert") == std::string::npos && page.ends_with("\n"), "words stay words on a page");
  for (const char c : page::json_address_of(words))
    promise(c > ' ' && c < 0x7f && c != '"' && c != '<', "an address has no other letters than addresses have");
}

const Known known("page", &run);

}  // namespace
}  // namespace bondbox::fuzz

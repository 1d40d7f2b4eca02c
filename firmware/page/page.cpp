#include "firmware/page/page.hpp"

#include <algorithm>
#include <optional>

#include "firmware/config/names.hpp"
#include "firmware/page/html.hpp"
#include "firmware/text.hpp"
#include "hal/wire/ip_address.hpp"
#include "page_generated.hpp"

namespace bondbox::page {
namespace {

/// Escaped already, as it stands in the page.
std::string_view title_in(std::string_view main) {
  const std::size_t end = main.find("</h1>");
  if (end == std::string_view::npos) return "bondbox";
  const std::size_t tag = main.rfind('>', end);
  return main.substr(tag + 1, end - tag - 1);
}

std::string_view name_in(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string_view without_html(std::string_view path) {
  for (const std::string_view extension : {".html", ".htm"})
    if (name_in(path).size() > extension.size() && path.ends_with(extension))
      return path.substr(0, path.size() - extension.size());
  return path;
}

int digit(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  const char small = static_cast<char>(character | 0x20);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/// "%2b" and "+" as what they stand for; nullopt: a '%' that stands for nothing.
std::optional<std::string> decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size() || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0) return std::nullopt;
    plain += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
    i += 2;
  }
  return plain;
}

/// Takes "a=b" from the front of "a=b&c=d".
std::string_view next_pair(std::string_view& text) {
  const std::string_view pair = text.substr(0, text.find('&'));
  text.remove_prefix(std::min(text.size(), pair.size() + 1));
  return pair;
}

/// An address, or a name without a dot or of a domain that is of local networks alone (RFC 6762, 8375, 9476).
bool is_local(std::string_view host) {
  if (host.starts_with('[')) return IpAddress::parse(host.substr(1, host.find(']') - 1)).has_value();
  const std::string_view name = host.substr(0, host.find(':'));
  if (IpAddress::parse(name) || name.find('.') == std::string_view::npos) return true;
  for (const std::string_view domain : {".local", ".lan", ".home.arpa", ".internal"})
    if (name.ends_with(domain)) return true;
  return false;
}

WebRequest refused(int status, std::string why) {
  return {WebRequest::Wanted::refused, false, {}, status, std::move(why)};
}

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    default:
      return "Service Unavailable";
  }
}

}  // namespace

std::string whole_page(const Page& page) {
  std::string all = before_title;
  all += title_in(page.main);
  all += before_json + escaped(page.json) + before_notice;
  if (!page.notice.empty())
    all += "<section class=\"notice\" role=\"status\"><pre>" + escaped(page.notice) + "</pre></section>\n";
  return all + before_main + page.main + after_main;
}

std::string main_without_bonds(std::string_view heading, std::string_view why) {
  Html html;
  html.add("<main><header class=\"top\"><h1>%</h1></header><article><p>%</p></article></main>\n", {heading, why});
  return html.take();
}

std::string_view content_security_policy() {
  return policy_text;
}

std::string json_file_of(std::string_view page_file) {
  return std::string(without_html(page_file)) + ".json";
}

std::string json_address_of(std::string_view page_file) {
  const std::string file = json_file_of(page_file);
  std::string address = "./";
  for (const char character : name_in(file)) {
    const bool is_plain = (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
                          (character >= 'A' && character <= 'Z') ||
                          std::string_view("-._~").find(character) != std::string_view::npos;
    if (is_plain)
      address += character;
    else
      append_format(address, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(character)));
  }
  return address;
}

WebRequest read_request(std::string_view method, std::string_view path_info, std::string_view query) {
  WebRequest request;
  if (method != "GET" && method != "HEAD") return refused(405, "the page is read with GET");
  request.head = method == "HEAD";
  if (path_info == "/status.json")
    request.wanted = WebRequest::Wanted::json;
  else if (!path_info.empty() && path_info != "/" && path_info != "/index.html")
    return refused(404, "there is no such page");
  while (!query.empty()) {
    const std::string_view pair = next_pair(query);
    if (pair == "format=json") request.wanted = WebRequest::Wanted::json;
    if (!pair.starts_with("bond=")) continue;
    const auto name = decoded(pair.substr(5));
    if (!name || name->starts_with('-') || !bad_interface_name(*name).empty())
      return refused(400, "this is no name of a bond");
    request.bond = *name;
  }
  return request;
}

DrillRequest read_drill(std::string_view body, std::string_view origin, std::string_view host) {
  const auto refusal = [](int status, const char* why) { return DrillRequest{{}, {}, status, why}; };
  if (host.empty() || !is_local(host)) return refusal(403, "drills are asked for by the machine's address only");
  if (origin != "http://" + std::string(host) && origin != "https://" + std::string(host))
    return refusal(403, "this was asked for by another site's page");
  if (body.size() > form_size_max) return refusal(400, "this is no form of the page");
  DrillRequest request;
  while (!body.empty()) {
    const std::string_view pair = next_pair(body);
    const auto value = decoded(pair.substr(std::min(pair.size(), pair.find('=') + 1)));
    if (!value || value->starts_with('-') || !bad_interface_name(*value).empty()) continue;
    if (pair.starts_with("bond=")) request.bond = *value;
    if (pair.starts_with("port=")) request.port = *value;
  }
  return request.bond.empty() || request.port.empty() ? refusal(400, "a bond and a port are needed") : request;
}

std::string web_answer(int status, std::string_view type, std::string_view body, bool head) {
  std::string answer = format("Status: %d %s\r\n", status, reason_of(status));
  answer += "Content-Type: " + std::string(type) + "; charset=utf-8\r\n";
  append_format(answer, "Content-Length: %zu\r\n", body.size());
  if (status == 405) answer += "Allow: GET, HEAD\r\n";
  answer +=
      "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
      "Referrer-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin\r\nContent-Security-Policy: " +
      std::string(policy_text) + "; frame-ancestors 'none'\r\n\r\n";
  return head ? answer : answer.append(body);
}

}  // namespace bondbox::page

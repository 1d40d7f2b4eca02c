#include "firmware/page/page.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

#include "firmware/page/picture.hpp"
#include "firmware/render.hpp"
#include "tests/unit/firmware/explain_fixture.hpp"
#include "tests/unit/firmware/page/markup.hpp"

namespace bondbox::page {
namespace {

using test::contains;
using test::skeleton_of;

constexpr std::size_t size_max = 40'000;

/// A bond of as many ports as there may be, with a full list of long events.
Page large_page() {
  BondStatus bond = test::bond_of(Mode::active_backup);
  const PortStatus port = bond.ports[1];
  for (int i = 2; i < 4; ++i) {
    bond.ports.push_back(port);
    bond.ports.back().name = "enp0s31f6.4094" + std::to_string(i);
    bond.ports.back().link = LinkState::down;
  }
  EventLog log;
  Event event;
  event.bond = std::string_view("bond0");
  event.port = std::string_view("enp0s31f6.40942");
  event.text =
      std::string_view("link status definitely down, disabling slave, and some words more that a fault may need");
  for (int i = 0; i < 40; ++i) log.record(event);
  return {render_main({&bond, 1}, {}, &log, true), "?format=json", "a notice"};
}

std::string between(const std::string& text, std::string_view before, std::string_view after) {
  const std::size_t at = text.find(before);
  BOOST_REQUIRE(at != std::string::npos);
  const std::size_t start = at + before.size();
  return text.substr(start, text.find(after, start) - start);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(page_whole)

BOOST_AUTO_TEST_CASE(the_page_is_small_and_its_elements_lie_within_one_another) {
  const std::string html = whole_page(large_page());
  BOOST_TEST(html.size() < size_max);
  (void)skeleton_of(html);
  BOOST_TEST(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
  BOOST_TEST(contains(html, "name=\"viewport\""));
  for (const char* left : {"@TITLE@", "@JSON@", "@NOTICE@", "@MAIN@", "@CSS@", "@JS@", "@POLICY@"})
    BOOST_TEST(!contains(html, left), left);
}

BOOST_AUTO_TEST_CASE(the_page_asks_nobody_else_for_anything) {
  const std::string html = whole_page(large_page());
  for (const char* elsewhere : {"http:", "https:", "//cdn", "src=", "@import", "url(", "<iframe", "<img", "<object"})
    BOOST_TEST(!contains(html, elsewhere), elsewhere);
  BOOST_TEST(contains(html, "<link rel=\"icon\" href=\"data:,\">"));
}

BOOST_AUTO_TEST_CASE(no_style_or_script_stands_outside_of_the_two_that_the_policy_names) {
  const std::string html = whole_page(large_page());
  BOOST_TEST(test::count_of(html, "<style") == 1U);
  BOOST_TEST(test::count_of(html, "<script") == 1U);
  for (const std::string& tag : skeleton_of(html)) {
    BOOST_TEST(!contains(tag, " style="), tag);
    BOOST_TEST(!contains(tag, " on"), tag);
  }
  const std::string policy = between(html, "Content-Security-Policy\" content=\"", "\">");
  BOOST_TEST(policy == content_security_policy());
  BOOST_TEST(policy.starts_with("default-src 'none'; style-src 'sha256-"));
  BOOST_TEST(!contains(policy, "unsafe"));
  BOOST_TEST(!contains(policy, "*"));
}

BOOST_AUTO_TEST_CASE(the_title_is_the_headline_and_the_notice_is_text) {
  Page page = large_page();
  page.notice = "</pre><b>\n& so on";
  page.json = "./a\"b.json";
  const std::string html = whole_page(page);
  BOOST_TEST(contains(html, "<title>bond0 is degraded</title>"));
  BOOST_TEST(contains(html, "&lt;/pre&gt;&lt;b&gt;\n&amp; so on</pre>"));
  BOOST_TEST(contains(html, "data-json=\"./a&quot;b.json\""));
  const std::string without = whole_page({main_without_bonds("bondbox does not answer", "why <not>"), "", ""});
  BOOST_TEST(contains(without, "<title>bondbox does not answer</title>"));
  BOOST_TEST(contains(without, "why &lt;not&gt;"));
  BOOST_TEST(!contains(without, "class=\"notice\""));
  (void)skeleton_of(without);
}

BOOST_AUTO_TEST_CASE(the_json_of_a_file_lies_beside_it_under_an_address_that_needs_no_server) {
  BOOST_TEST(json_file_of("/www/bond.html") == "/www/bond.json");
  BOOST_TEST(json_file_of("page.htm") == "page.json");
  BOOST_TEST(json_file_of("/www.html/page") == "/www.html/page.json");
  BOOST_TEST(json_file_of("/www/.html") == "/www/.html.json");
  BOOST_TEST(json_address_of("/www/bond.html") == "./bond.json");
  BOOST_TEST(json_address_of("/www/a:b?c#d %.html") == "./a%3Ab%3Fc%23d%20%25.json");
}

BOOST_AUTO_TEST_CASE(a_request_is_read_from_what_the_server_says) {
  using Wanted = WebRequest::Wanted;
  BOOST_TEST((read_request("GET", "", "").wanted == Wanted::html));
  BOOST_TEST((read_request("GET", "/", "v=1").wanted == Wanted::html));
  BOOST_TEST((read_request("GET", "/index.html", "").wanted == Wanted::html));
  BOOST_TEST((read_request("GET", "/status.json", "").wanted == Wanted::json));
  const WebRequest request = read_request("HEAD", "", "format=json&bond=lan%2b1");
  BOOST_TEST((request.wanted == Wanted::json));
  BOOST_TEST(request.head);
  BOOST_TEST(request.bond == "lan+1");
}

BOOST_AUTO_TEST_CASE(a_request_that_means_nothing_is_refused) {
  const auto status = [](std::string_view method, std::string_view path, std::string_view query) {
    const WebRequest request = read_request(method, path, query);
    return request.wanted == WebRequest::Wanted::refused && !request.why.empty() ? request.status : 0;
  };
  BOOST_TEST(status("PUT", "", "") == 405);
  BOOST_TEST(status("", "", "") == 405);
  BOOST_TEST(status("GET", "/../../etc/passwd", "") == 404);
  BOOST_TEST(status("GET", "", "bond=") == 400);
  BOOST_TEST(status("GET", "", "bond=a/b") == 400);
  BOOST_TEST(status("GET", "", "bond=--format") == 400);
  BOOST_TEST(status("GET", "", "bond=a%0ab") == 400);
  BOOST_TEST(status("GET", "", "bond=%") == 400);
  BOOST_TEST(status("GET", "", "bond=%4") == 400);
  BOOST_TEST(status("GET", "", "bond=" + std::string(16, 'a')) == 400);
}

BOOST_AUTO_TEST_CASE(a_drill_is_asked_for_by_a_page_of_this_server_and_by_no_other) {
  const auto refusal = [](std::string_view origin, std::string_view host, std::string_view body = "bond=b0&port=e0") {
    const DrillRequest request = read_drill(body, origin, host);
    return request.why.empty() ? 0 : request.status;
  };
  for (const char* host : {"192.168.10.52", "192.168.10.52:8080", "[fd10::52]:80", "router", "router:80", "router.lan",
                           "router.local", "r.home.arpa"})
    BOOST_TEST(refusal("http://" + std::string(host), host) == 0, host);
  BOOST_TEST(refusal("https://router", "router") == 0);
  BOOST_TEST(refusal("http://evil.example", "192.168.10.52") == 403);
  BOOST_TEST(refusal("http://192.168.10.52.evil.example", "192.168.10.52") == 403);
  BOOST_TEST(refusal("null", "192.168.10.52") == 403);
  BOOST_TEST(refusal("", "192.168.10.52") == 403);
  BOOST_TEST(refusal("http://", "") == 403);
  // A stranger's name that leads here.
  BOOST_TEST(refusal("http://rebound.example", "rebound.example") == 403);
  BOOST_TEST(refusal("http://1.2.3.4.example", "1.2.3.4.example") == 403);
}

BOOST_AUTO_TEST_CASE(a_drill_needs_a_bond_and_a_port_that_may_be_names) {
  const auto read = [](std::string_view body) { return read_drill(body, "http://router", "router"); };
  const DrillRequest request = read("bond=lan%2B1&port=eth0.7");
  BOOST_TEST(request.why.empty());
  BOOST_TEST(request.bond == "lan+1");
  BOOST_TEST(request.port == "eth0.7");
  for (const char* body : {"", "bond=b0", "port=e0", "bond=b0&port=", "bond=b0&port=--all", "bond=b0&port=a/b",
                           "bond=b0&port=%0a", "bond=b0&port=%", "bond", "&&=&"})
    BOOST_TEST(read(body).status == 400, body);
  BOOST_TEST(read("bond=b0&port=e0&x=" + std::string(form_size_max, 'x')).status == 400);
}

BOOST_AUTO_TEST_CASE(an_answer_has_its_headers_and_for_head_no_body) {
  const std::string answer = web_answer(200, "text/html", "<p>", false);
  BOOST_TEST(answer.starts_with("Status: 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 3\r\n"));
  BOOST_TEST(answer.ends_with("\r\n\r\n<p>"));
  for (const std::string& header :
       {std::string("Cache-Control: no-store"), std::string("X-Content-Type-Options: nosniff"),
        "Content-Security-Policy: " + std::string(content_security_policy()) + "; frame-ancestors 'none'"})
    BOOST_TEST(contains(answer, "\r\n" + header + "\r\n"), header);
  BOOST_TEST(web_answer(200, "text/html", "<p>", true).ends_with("\r\n\r\n"));
  BOOST_TEST(contains(web_answer(405, "text/html", "", false), "\r\nAllow: GET, HEAD\r\n"));
}

BOOST_AUTO_TEST_CASE(an_error_is_json_too) {
  const boost::json::value error = boost::json::parse(json_error("no \"answer\"\n"));
  BOOST_TEST(error.at("version") == 1);
  BOOST_TEST(error.at("error") == "no \"answer\"\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::page

// HTML as tests look at it.
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bondbox::test {

/// Tags in their order, each with the names of its attributes and without their values. Fails the test where a tag is
/// not ended, an attribute is not in double quotes, or elements do not lie within one another.
inline std::vector<std::string> skeleton_of(std::string_view html) {
  std::vector<std::string> tags;
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at)) {
    std::string tag;
    std::string name;
    bool in_value = false;
    std::size_t end = at + 1;
    for (; end < html.size() && (in_value || html[end] != '>'); ++end) {
      BOOST_REQUIRE(html[end] != '<');
      if (html[end] == '"') in_value = !in_value;
      if (!in_value && html[end] != '"') tag += html[end];
    }
    BOOST_REQUIRE_MESSAGE(end < html.size(), "a tag is not ended: " << html.substr(at, 80));
    name = tag.substr(0, tag.find_first_of(" /", 1));
    at = end + 1;
    tags.push_back(tag);
    if (tag[0] == '!') continue;
    if (tag[0] == '/') {
      BOOST_REQUIRE_MESSAGE((!open.empty() && "/" + open.back() == tag), "</" << tag.substr(1) << "> ends nothing");
      open.pop_back();
      continue;
    }
    const bool is_void = name == "meta" || name == "link" || name == "input" || tag.ends_with("/");
    if (!is_void) open.push_back(name);
    // What is in these is no markup.
    if (name == "style" || name == "script") {
      at = html.find("</" + name, at);
      BOOST_REQUIRE(at != std::string_view::npos);
    }
  }
  BOOST_TEST(open.empty());
  return tags;
}

inline std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace bondbox::test

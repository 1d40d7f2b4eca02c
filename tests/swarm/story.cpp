#include "tests/swarm/story.hpp"

#include <algorithm>
#include <charconv>

namespace bondbox::swarm {

std::string joined(const Words& words, std::size_t from) {
  std::string line;
  for (std::size_t i = from; i < words.size(); ++i) line += (i == from ? "" : " ") + words[i];
  return line;
}

Words words_of(std::string_view line) {
  Words words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    if (end != at) words.emplace_back(line.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

std::int64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole ? static_cast<std::int64_t>(number) : -1;
}

std::string story_text(const Story& story) {
  std::string text = "seed " + std::to_string(story.seed) + "\ncalm " + std::to_string(story.calm_ms) + "\n";
  if (!story.events) text += "events off\n";
  const auto put = [&text](const char* key, const std::vector<Words>& lines) {
    for (const Words& line : lines) text += std::string(key) + " " + joined(line) + "\n";
  };
  put("card", story.cards);
  for (const std::string& name : story.switches) text += "switch " + name + "\n";
  put("wire", story.wires);
  put("bond", story.bonds);
  put("station", story.stations);
  put("flow", story.flows);
  for (const Step& step : story.steps) text += "at " + std::to_string(step.at_ms) + " " + joined(step.words) + "\n";
  return text;
}

namespace {

bool take_line(Story& story, const Words& words) {
  const std::string& key = words[0];
  const Words rest(words.begin() + 1, words.end());
  const std::int64_t number = rest.empty() ? -1 : number_of(rest[0]);
  if (rest.empty()) return false;
  if (key == "seed") {
    story.seed = static_cast<std::uint64_t>(number);
  } else if (key == "calm") {
    story.calm_ms = number;
    return number >= 0;
  } else if (key == "events") {
    story.events = rest[0] != "off";
  } else if (key == "card" && rest.size() >= 3) {
    story.cards.push_back(rest);
  } else if (key == "switch") {
    story.switches.push_back(rest[0]);
  } else if (key == "wire" && rest.size() == 2) {
    story.wires.push_back(rest);
  } else if (key == "bond") {
    story.bonds.push_back(rest);
  } else if (key == "station" && rest.size() >= 3) {
    story.stations.push_back(rest);
  } else if (key == "flow" && rest.size() == 4) {
    story.flows.push_back(rest);
  } else if (key == "at" && rest.size() >= 2 && number >= 0) {
    story.steps.push_back({number, Words(rest.begin() + 1, rest.end())});
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::optional<Story> parse_story(std::string_view text, std::string& error) {
  Story story;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    const Words words = words_of(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    if (take_line(story, words)) continue;
    error = "line " + std::to_string(number) + ": \"" + std::string(line) + "\" is nothing that a story tells";
    return std::nullopt;
  }
  const auto sooner = [](const Step& a, const Step& b) { return a.at_ms < b.at_ms; };
  std::stable_sort(story.steps.begin(), story.steps.end(), sooner);
  return story;
}

}  // namespace bondbox::swarm

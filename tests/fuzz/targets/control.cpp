// The control socket's bytes, on both sides, and the commands in them: words come through as they were said, every
// request has an answer, and no answer is mistaken for another.
#include "firmware/control_protocol.hpp"

#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"
#include "tests/fuzz/support/world.hpp"

namespace bondbox::fuzz {
namespace {

void check_reply(std::string_view bytes) {
  const auto reply = control::decode_reply(bytes);
  if (!reply) return;
  const auto again = control::decode_reply(control::encode_reply(*reply));
  promise(again && again->exit_status == reply->exit_status && again->text == reply->text,
          "an answer comes through as it was said");
}

void run(wire::Bytes bytes) {
  Input input(bytes);
  Input all(bytes);
  check_reply(all.rest_text());
  const auto mode = static_cast<Mode>(input.below(7));
  std::vector<std::vector<std::string>> requests;
  // Requests stand behind one another here, each ended by a second zero byte.
  while (!input.is_empty() && requests.size() < 8) {
    std::string request;
    for (std::string word = input.text_until(0); !word.empty(); word = input.text_until(0)) request += word + '\0';
    const auto words = control::decode_request(request);
    promise(words.has_value() == (!request.empty() && request.size() <= control::request_size_max),
            "words that are ended and not too long are understood");
    if (!words) continue;
    promise(control::encode_request(*words) == request, "words come through as they were said");
    requests.push_back(*words);
  }
  if (requests.empty()) return;
  Input settings(bytes.first(1));
  World world(mode, settings);
  for (const auto& words : requests) {
    const Reply wrong = CommandExecutor::check(words);
    const Reply reply = world.command(words);
    promise(wrong.exit_status == 0 || reply.exit_status == wrong.exit_status, "what is no command is not executed");
  }
  world.check_texts();
}

const Known known("control", &run);

}  // namespace
}  // namespace bondbox::fuzz

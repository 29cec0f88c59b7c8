// What the grammar says about text that is wrong: the place, and the rule that failed there.
#include <string>

#include "tests/traces/trace_text.hpp"

namespace assay::traces {
namespace {

using test::complaint;

TEST(GrammarErrors, name_the_place_and_the_rule) {
  EXPECT_EQ(complaint("ioctl(3, KVM_RUN"), "1:17: expected ',' or ')', found end of line");
  EXPECT_EQ(complaint("ioctl(3, KVM_RUN, {a=1, b=) = 0"), "1:27: expected value, found ')'");
  EXPECT_EQ(complaint("ioctl(3, KVM_RUN, {a=1 b=2}) = 0"), "1:24: expected ',' or '}', found 'b'");
  EXPECT_EQ(complaint("f([1, 2"), "1:8: expected ',' or ']', found end of line");
  EXPECT_EQ(complaint("f({a=1, })"), "1:9: expected member, found '}'");
  EXPECT_EQ(complaint("f([1, ])"), "1:7: expected element, found ']'");
  EXPECT_EQ(complaint("ioctl(3,, 0) = 0"), "1:9: expected argument, found ','");
  EXPECT_EQ(complaint("ioctl(3, 12abc) = 0"), "1:10: expected argument, found '1'");
  EXPECT_EQ(complaint("f(1 => )"), "1:8: expected value, found ')'");
}

TEST(GrammarErrors, name_what_is_not_closed_at_the_end_of_the_line) {
  EXPECT_EQ(complaint("f(\"abc) = 0"), "1:12: expected closing '\"', found end of line");
  EXPECT_EQ(complaint("f(3<abc, 0) = 0"), "1:16: expected closing '>', found end of line");
  EXPECT_EQ(complaint("f(3, /* abc"), "1:12: expected closing '*/', found end of line");
  EXPECT_EQ(complaint("f(3) = 4<abc"), "1:13: expected closing '>', found end of line");
}

TEST(GrammarErrors, name_a_wrong_result) {
  EXPECT_EQ(complaint("ioctl(3, 0) = x"), "1:15: expected result, found 'x'");
  EXPECT_EQ(complaint("ioctl(3, 0) = "), "1:15: expected result, found end of line");
  EXPECT_EQ(complaint("ioctl(3, 0) = 0 junk"), "1:17: expected end of line, found 'j'");
  EXPECT_EQ(complaint("ioctl(3, 0) junk"), "1:13: expected end of line, found 'j'");
}

TEST(GrammarErrors, name_what_kind_of_line_was_expected) {
  EXPECT_EQ(complaint("hello world"), "1:6: expected '(' or ':', found ' '");
  EXPECT_EQ(complaint("96 hello"), "1:9: expected '(' or ':', found end of line");
  EXPECT_EQ(complaint("96 "), "1:4: expected call or event, found end of line");
  EXPECT_EQ(complaint("!"), "1:1: expected call or event, found '!'");
  EXPECT_EQ(complaint("96 +++ exited"), "1:14: expected '+++', found end of line");
  EXPECT_EQ(complaint("96 +++ 7 +++"), "1:8: expected how the thread ended, found '7'");
  EXPECT_EQ(complaint("96 --- SIGX {a=1} "), "1:19: expected '---', found end of line");
  EXPECT_EQ(complaint("<... 5 resumed>) = 0"), "1:6: expected name of the resumed call, found '5'");
  EXPECT_EQ(complaint("<... ioctl) = 0"), "1:11: expected ' resumed>', found ')'");
}

TEST(GrammarErrors, are_strict_about_our_own_events) {
  EXPECT_EQ(complaint("spu: a={1, b"), "1:13: expected ',' or '}', found end of line");
  EXPECT_EQ(complaint("  a-1 [000] .... 1.5: 77"), "1:23: expected event name, found '7'");
}

TEST(GrammarErrors, bound_the_nesting) {
  const std::string deepest = "f(" + std::string(32, '[') + std::string(32, ']') + ")";
  EXPECT_EQ(complaint(deepest), "fine");
  const std::string deeper = "f(" + std::string(33, '[') + std::string(33, ']') + ")";
  EXPECT_EQ(complaint(deeper), "1:35: expected at most 32 levels of nesting, found '['");
  EXPECT_EQ(complaint("f(" + std::string(1 << 20, '{')),
            "1:35: expected at most 32 levels of nesting, found '{'");
}

TEST(GrammarErrors, survive_any_byte) {
  EXPECT_EQ(complaint(std::string_view("f(\0)", 4)), "1:3: expected argument, found byte 0x00");
  EXPECT_EQ(complaint("f(\xff\xfe)"), "1:3: expected argument, found byte 0xff");
  EXPECT_EQ(complaint(std::string_view("\0\0", 2)), "1:1: expected call or event, found byte 0x00");
  EXPECT_EQ(complaint("f(\"\xff\xfe\")"), "fine");
}

TEST(GrammarErrors, are_found_in_linear_time) {
  const auto repeated = [](std::string out, std::string_view piece) {
    while (out.size() < (1u << 20)) out += piece;
    return out;
  };
  for (const std::string_view piece :
       {" x={f(", " x={/*", " x=\"", " x=[1,", " x={y=<", " x: ", "x=>"})
    EXPECT_EQ(complaint(repeated("  a-1 [000] .... 1.5: e: ", piece)), "fine") << piece;
  for (const std::string_view piece :
       {"f(", "1=>", "1|", "1|,", "a=", "/*", "\"", "<", "[1]=", "1 "})
    EXPECT_NE(complaint(repeated("f(", piece)), "fine") << piece;
}

TEST(Render, shows_the_line_and_a_caret) {
  Call call;
  Diagnostic why;
  const std::string_view line = "f(1,\t!)";
  ASSERT_EQ(read_line(line, 3, call, why), LineKind::malformed);
  EXPECT_EQ(render(why, "t.txt", line),
            "t.txt:3:6: expected argument, found '!'\n"
            "  f(1,.!)\n"
            "       ^\n");
}

TEST(Render, cuts_a_long_line_to_a_window_around_the_caret) {
  Call call;
  Diagnostic why;
  const std::string line = "f(" + std::string(500, '1') + "!" + std::string(500, '2') + ")";
  ASSERT_EQ(read_line(line, 1, call, why), LineKind::malformed);
  EXPECT_EQ(why.column, 503u);
  const std::string shown = render(why, "t", line);
  const std::size_t second = shown.find('\n') + 1;
  const std::size_t third = shown.find('\n', second) + 1;
  EXPECT_LE(third - second, 110u);
  EXPECT_EQ(shown.find('!', second) - second, shown.find('^', third) - third);
}

TEST(Render, gives_a_byte_offset_for_binary_input) {
  Diagnostic why;
  why.offset = 432;
  why.expected = "record";
  why.message = "the stream ends within it";
  EXPECT_EQ(render(why, "c.bin", {}),
            "c.bin: byte 432: expected record, the stream ends within it\n");
}

}  // namespace
}  // namespace assay::traces

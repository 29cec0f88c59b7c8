#include "traces/bind/pattern.hpp"

#include <cctype>
#include <cstdio>
#include <cstdlib>

#include "traces/abi/arm64/constants.hpp"

namespace assay::traces {
namespace {

class Compiler {
 public:
  Compiler(const RuleInfo& rule, std::uint32_t number) : rule_(rule), text_(rule.syntax) {
    pattern_.rule = number;
  }

  Pattern run() {
    pattern_.call = word();
    if (accept(':')) {
      pattern_.is_event = true;
      skip();
      if (text_.substr(at_).starts_with('<')) handle();
      else pattern_.on.push_back(HandleKind::machine);
      while (!at_end()) pattern_.arguments.push_back(member());
      return std::move(pattern_);
    }
    expect('(');
    handle();
    expect(',');
    pattern_.request = word();
    while (accept(',')) pattern_.arguments.push_back(node());
    expect(')');
    if (accept('=')) pattern_.makes = new_handle();
    if (!at_end()) fail("end of syntax");
    return std::move(pattern_);
  }

 private:
  [[noreturn]] void fail(const char* expected) {
    std::fprintf(stderr, "assay: internal error: syntax of rule %s, at '%s': expected %s\n",
                 rule_.name, std::string(text_.substr(at_)).c_str(), expected);
    std::abort();
  }
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool at_end() {
    skip();
    return at_ == text_.size();
  }
  bool accept(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(std::string(1, c).c_str());
  }
  std::string word() {
    skip();
    std::size_t begin = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_'))
      ++at_;
    if (begin == at_) fail("a name");
    return std::string(text_.substr(begin, at_ - begin));
  }
  HandleKind kind_named(const std::string& name) {
    HandleKind kind = handle_kind_named(name);
    if (kind != HandleKind::none) return kind;
    fail("a kind of descriptor that a subject declares");
  }
  void handle() {
    expect('<');
    do pattern_.on.push_back(kind_named(word()));
    while (accept('|'));
    expect('>');
  }
  HandleKind new_handle() {
    expect('<');
    if (word() != "new") fail("new");
    HandleKind kind = kind_named(word());
    expect('>');
    return kind;
  }
  PatternNode member() {
    std::string name = word();
    expect('=');
    PatternNode n = node();
    n.name = std::move(name);
    return n;
  }
  PatternNode node() {
    skip();
    PatternNode n;
    if (at_ < text_.size() && text_[at_] == '<') {
      n.kind = PatternNode::Kind::new_handle;
      pattern_.makes = new_handle();
      pattern_.made_in_struct = true;
      return n;
    }
    if (accept('{')) {
      n.kind = PatternNode::Kind::structure;
      do n.children.push_back(member());
      while (accept(','));
      expect('}');
      return n;
    }
    if (accept('[')) {
      n = argument(word());
      n.kind = PatternNode::Kind::array;
      if (accept(',')) {
        for (int dots = 0; dots < 3; ++dots) expect('.');
        n.has_more = true;
      }
      expect(']');
      return n;
    }
    std::string name = word();
    if (accept(':')) {
      int flag = rule_.position(name);
      if (flag < 0) fail("a flag of the rule before ':'");
      n = node();
      n.unreadable = flag;
      return n;
    }
    if (std::isupper(static_cast<unsigned char>(name[0])) != 0) return literal(std::move(name));
    return argument(name);
  }
  PatternNode literal(std::string name) {
    PatternNode n;
    auto value = constant_value(name);
    if (!value) fail("a constant that traces/constants knows");
    n.value = *value;
    n.text = std::move(name);
    return n;
  }
  PatternNode argument(const std::string& name) {
    PatternNode n;
    n.kind = PatternNode::Kind::argument;
    n.argument = rule_.position(name);
    if (n.argument < 0) fail("an argument of the rule");
    n.elements = 0;
    for (const ArgumentInfo& a : rule_.arguments) n.elements += name == a.name ? 1 : 0;
    return n;
  }

  const RuleInfo& rule_;
  std::string_view text_;
  std::size_t at_ = 0;
  Pattern pattern_;
};

}  // namespace

Pattern compile_pattern(const RuleInfo& rule, std::uint32_t number) {
  return Compiler(rule, number).run();
}

}  // namespace assay::traces

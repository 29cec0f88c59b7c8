// The grammar of predicates. The names of its rules are what messages say was expected.
#include <boost/spirit/home/x3.hpp>

#include "checker/prove/predicate.hpp"
#include "checker/prove/predicate_syntax.hpp"

// The name of a parser with an action is the parser's: Spirit would give a type's.
template <typename Subject, typename Action>
struct boost::spirit::x3::get_info<boost::spirit::x3::action<Subject, Action>> {
  using result_type = std::string;
  std::string operator()(const action<Subject, Action>& p) const { return what(p.subject); }
};

namespace assay::prove {
namespace {

namespace x3 = boost::spirit::x3;

using Range = boost::iterator_range<const char*>;

std::string_view view(const Range& range) { return {range.begin(), range.size()}; }

SyntaxPtr make(Syntax::Kind kind, std::string_view text) {
  auto s = std::make_shared<Syntax>();
  s->kind = kind;
  s->text = text;
  return s;
}

// --- actions -----------------------------------------------------------------------------------
constexpr auto take = [](auto& c) { x3::_val(c) = x3::_attr(c); };
constexpr auto begin_number = [](auto& c) {
  x3::_val(c) = make(Syntax::Kind::number, view(x3::_attr(c)));
};
constexpr auto begin_negation = [](auto& c) {
  x3::_val(c) = make(Syntax::Kind::negation, view(x3::_attr(c)));
};
constexpr auto begin_quantifier = [](auto& c) {
  x3::_val(c) = make(Syntax::Kind::quantifier, view(x3::_attr(c)));
};
// What was read so far becomes the left operand.
constexpr auto begin_operation = [](auto& c) {
  SyntaxPtr s = make(Syntax::Kind::operation, view(x3::_attr(c)));
  s->operands.push_back(x3::_val(c));
  x3::_val(c) = s;
};
// a => b => c is one operation of three operands; a alone is one of one.
constexpr auto begin_chain = [](auto& c) {
  SyntaxPtr s = make(Syntax::Kind::operation, {});
  s->operands.push_back(x3::_attr(c));
  x3::_val(c) = s;
};
constexpr auto set_operator = [](auto& c) { x3::_val(c)->text = view(x3::_attr(c)); };
constexpr auto add_operand = [](auto& c) { x3::_val(c)->operands.push_back(x3::_attr(c)); };
constexpr auto begin_path = [](auto& c) {
  const std::string_view name = view(x3::_attr(c));
  x3::_val(c) = make(Syntax::Kind::path, name);
  x3::_val(c)->path.push_back({name, false});
};
constexpr auto add_field = [](auto& c) {
  x3::_val(c)->path.push_back({view(x3::_attr(c)), false});
};
constexpr auto add_index = [](auto& c) { x3::_val(c)->path.push_back({view(x3::_attr(c)), true}); };
constexpr auto set_table = [](auto& c) { x3::_val(c)->path = x3::_attr(c)->path; };
constexpr auto set_variable = [](auto& c) { x3::_val(c)->variable = view(x3::_attr(c)); };

// --- tokens ------------------------------------------------------------------------------------
const auto letter = x3::char_("a-zA-Z_");
const auto letter_or_digit = x3::char_("a-zA-Z0-9_");
const auto blank = x3::char_(" \t\r\n");

template <class P>
auto token(P p) {
  return x3::raw[x3::lexeme[p]];
}
const auto name_token = token(letter >> *letter_or_digit);
const auto number_token = token(x3::char_("0-9") >> *letter_or_digit);
const auto arrow = token(x3::lit("=>"));
const auto or_or = token(x3::lit("||"));
const auto and_and = token(x3::lit("&&"));
const auto comparator = token(x3::lit("==") | "!=" | "<=" | ">=" | "<" | ">");
const auto bar = token('|' >> !x3::lit('|'));
const auto ampersand = token('&' >> !x3::lit('&'));
const auto sign = token(x3::char_("+\\-"));
const auto bang = token('!' >> !x3::lit('='));
const auto quantifier_token = token((x3::lit("any") | "all") >> !letter_or_digit);

// --- rules -------------------------------------------------------------------------------------
template <class Id>
using Rule = x3::rule<Id, SyntaxPtr>;

const Rule<struct condition_rule> condition = "a condition";
const Rule<struct either_rule> either = "a condition";
const Rule<struct both_rule> both = "a condition";
const Rule<struct comparison_rule> comparison = "a condition";
const Rule<struct join_rule> join = "a value";
const Rule<struct mask_rule> mask = "a value";
const Rule<struct sum_rule> sum = "a value";
const Rule<struct prefix_rule> prefix = "a value";
const Rule<struct negated_rule> negated = "a condition";
const Rule<struct path_rule> path = "a state path";
const Rule<struct quantifier_rule> quantifier = "any(...) or all(...)";
const x3::rule<struct index_rule, Range> index = "an index: a number or a variable";
const x3::rule<struct field_rule, Range> field_name = "a field name";
const x3::rule<struct variable_rule, Range> variable = "a variable name";
const x3::rule<struct table_rule, SyntaxPtr> table = "a table";
const x3::rule<struct alone_rule> alone = "'&&' or '||' before another comparison";
const x3::rule<struct end_rule> end = "an operator or the end";

const auto condition_def = either[begin_chain] >> *(arrow[set_operator] > either[add_operand]);
const auto either_def = both[take] >> *(or_or[begin_operation] > both[add_operand]);
const auto both_def = comparison[take] >> *(and_and[begin_operation] > comparison[add_operand]);
const auto comparison_def = join[take] >>
                            -(comparator[begin_operation] > join[add_operand] > alone);
const auto alone_def = !comparator;
const auto join_def = mask[take] >> *(bar[begin_operation] > mask[add_operand]);
const auto mask_def = sum[take] >> *(ampersand[begin_operation] > sum[add_operand]);
const auto sum_def = prefix[take] >> *(sign[begin_operation] > prefix[add_operand]);
const auto prefix_def = negated[take] | quantifier[take] | number_token[begin_number] | path[take] |
                        ('(' > condition[take] > ')');
const auto negated_def = bang[begin_negation] > prefix[add_operand];
const auto quantifier_def = (quantifier_token[begin_quantifier] >> '(') > table[set_table] > ',' >
                            variable[set_variable] > ':' > condition[add_operand] > ')';
const auto path_def = name_token[begin_path] >>
                      *(('.' > field_name[add_field]) | ('[' > index[add_index] > ']'));
const auto table_def = path[take];
const auto index_def = number_token | name_token;
const auto field_name_def = name_token;
const auto variable_def = name_token;
const auto end_def = x3::eoi;

BOOST_SPIRIT_DEFINE(condition, either, both, comparison, join, mask, sum, prefix, negated, path,
                    quantifier, index, field_name, variable, table, alone, end)

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// What the grammar need not look at: other characters, and nesting that would exhaust the stack.
void check_text(std::string_view text) {
  if (text.size() > predicate_length_max)
    throw PredicateError{
        text.data() + predicate_length_max,
        "a predicate has at most " + std::to_string(predicate_length_max) + " characters"};
  unsigned open = 0, negations = 0;
  for (const char& c : text) {
    if (!is_blank(c) && (c < ' ' || c > '~'))
      throw PredicateError{&c, "expected a printable ASCII character"};
    if (c == '(') ++open;
    if (c == ')' && open > 0) --open;
    if (c == '!') ++negations;
    else if (!is_blank(c) && c != '(') negations = 0;
    if (open + negations > predicate_nesting_max)
      throw PredicateError{
          &c, "conditions nest at most " + std::to_string(predicate_nesting_max) + " deep"};
  }
}

}  // namespace

std::string found_at(std::string_view text, const char* at) {
  const char* const last = text.data() + text.size();
  if (at == last) return "end of the predicate";
  const char* end = at;
  while (end != last && is_word(*end)) ++end;
  if (end == at) ++end;
  static constexpr std::string_view pairs[] = {"&&", "||", "==", "!=", "<=", ">=", "=>"};
  for (std::string_view pair : pairs)
    if (std::string_view(at, static_cast<std::size_t>(last - at)).starts_with(pair)) end = at + 2;
  return "'" + std::string(at, end) + "'";
}

SyntaxPtr parse_syntax(std::string_view text) {
  check_text(text);
  const char* first = text.data();
  const char* const last = first + text.size();
  SyntaxPtr tree;
  try {
    x3::phrase_parse(first, last, x3::eps > condition > end, blank, tree);
  } catch (const x3::expectation_failure<const char*>& e) {
    const char* at = e.where();
    while (at != last && is_blank(*at)) ++at;
    const std::string found = found_at(text, at), hint = found == "'='" ? "; '==' compares" : "";
    throw PredicateError{at, "expected " + e.which() + ", found " + found + hint};
  }
  return tree;
}

}  // namespace assay::prove

// Spirit's side of the terminals: how a scan function becomes a parser, and the few parsers that
// need the Builder. Only grammar.cpp includes this.
#pragma once
#include <boost/spirit/home/x3.hpp>
#include <type_traits>

#include "traces/text/grammar_scan.hpp"

namespace assay::traces::text {

namespace x3 = boost::spirit::x3;

struct builder_tag;

template <typename Context>
Builder& builder_of(const Context& context) {
  return x3::get<builder_tag>(context);
}

// A terminal: its attribute is what the scan function saw.
template <typename Value, bool (*Scan)(const char*&, const char*, Value&)>
struct Terminal : x3::parser<Terminal<Value, Scan>> {
  using attribute_type = Value;
  static constexpr bool has_attribute = true;
  static constexpr bool handles_container = false;

  template <typename Context, typename RContext, typename Attribute>
  bool parse(const char*& first, const char* last, const Context&, RContext&,
             Attribute& attribute) const {
    if constexpr (std::is_same_v<std::remove_const_t<Attribute>, Value>) {
      return Scan(first, last, attribute);
    } else {
      Value ignored;
      return Scan(first, last, ignored);
    }
  }
};

// A parser without attribute that talks to the Builder: Act(first, last, builder) -> bool.
template <typename Act>
struct Step : x3::parser<Step<Act>> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;
  Act act;

  constexpr explicit Step(Act a) : act(a) {}
  template <typename Context, typename RContext, typename Attribute>
  bool parse(const char*& first, const char* last, const Context& context, RContext&,
             Attribute&) const {
    return act(first, last, builder_of(context));
  }
};

template <typename Act>
constexpr Step<Act> step(Act act) {
  return Step<Act>(act);
}

// must("argument", p): p has to match here; if it does not, the diagnostic says "expected
// argument". Unlike Spirit's expectation point it throws nothing.
template <typename Subject>
struct Must : x3::unary_parser<Subject, Must<Subject>> {
  using base = x3::unary_parser<Subject, Must<Subject>>;
  static constexpr bool is_pass_through_unary = true;
  std::string_view what;

  constexpr Must(std::string_view name, const Subject& subject) : base(subject), what(name) {}
  template <typename Context, typename RContext, typename Attribute>
  bool parse(const char*& first, const char* last, const Context& context, RContext& rcontext,
             Attribute& attribute) const {
    if (this->subject.parse(first, last, context, rcontext, attribute)) return true;
    builder_of(context).fail(first, what);
    return false;
  }
};

template <typename Parser>
constexpr auto must(std::string_view what, const Parser& parser) {
  using Subject = typename x3::extension::as_parser<Parser>::value_type;
  return Must<Subject>(what, x3::as_parser(parser));
}

}  // namespace assay::traces::text

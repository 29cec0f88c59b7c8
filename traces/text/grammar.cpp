#include "traces/text/grammar.hpp"

#include <cstring>

#include "traces/abi/arm64/constants.hpp"
#include "traces/abi/arm64/errno_names.hpp"
#include "traces/text/grammar_finish.hpp"
#include "traces/text/grammar_rules.hpp"

namespace assay::traces {
namespace text {
namespace {

// --- terminals ---------------------------------------------------------------------------

template <typename Value, bool (*Scan)(const char*&, const char*, Value&)>
constexpr Terminal<Value, Scan> terminal{};

constexpr auto name = terminal<Span, scan_name>;
constexpr auto member_name = terminal<Span, scan_member_name>;
constexpr auto number_value = terminal<Number, scan_number_value>;
constexpr auto name_value = terminal<Symbol, scan_name_value>;
constexpr auto expression = terminal<Symbol, scan_expression>;
constexpr auto number = terminal<Number, scan_number>;
constexpr auto quoted = terminal<Span, scan_quoted>;
constexpr auto link = terminal<Span, scan_link>;
constexpr auto handle = terminal<Handle, scan_handle>;

// --- actions -----------------------------------------------------------------------------

constexpr auto set_member_name = [](auto& c) { builder_of(c).name_next(_attr(c)); };
constexpr auto add_number = [](auto& c) { builder_of(c).add_number(_attr(c)); };
constexpr auto add_symbol = [](auto& c) { builder_of(c).add_symbol(_attr(c)); };

// A token that runs to the end of the line for want of its closing character.
bool closed(const Span& token, const char* end, Builder& builder, std::string_view missing) {
  if (token.begin) return true;
  builder.fail(end, missing);
  return false;
}

constexpr auto end_of = [](auto& c) { return boost::end(x3::_where(c)); };

constexpr auto add_string = [](auto& c) {
  const Span text = _attr(c);
  Builder& builder = builder_of(c);
  _pass(c) = closed(text, end_of(c), builder, "closing '\"'");
  if (_pass(c)) builder.add(NodeKind::string, text);
};

constexpr auto add_handle = [](auto& c) {
  const Handle& it = _attr(c);
  Builder& builder = builder_of(c);
  _pass(c) = closed(it.link, end_of(c), builder, "closing '>'");
  if (!_pass(c)) return;
  builder.add_handle(it.descriptor, it.value, it.link);
  if (it.deleted) builder.mark_last(mark_deleted);
};

// --- values ------------------------------------------------------------------------------

const x3::rule<struct value_rule> value = "value";

bool take_gap_slowly(const char*& first, const char* last, Builder& builder) {
  Gap ignored;
  if (scan_gap(first, last, ignored)) return true;
  builder.fail(last, "closing '*/'");
  return false;
}
// Most gaps are empty or one blank.
inline bool take_gap(const char*& first, const char* last, Builder& builder) {
  if (first != last && *first == ' ') ++first;
  if (first == last || (!is(*first, char_blank) && *first != '/')) return true;
  return take_gap_slowly(first, last, builder);
}
constexpr auto gap = step([](const char*& first, const char* last, Builder& builder) {
  return take_gap(first, last, builder);
});

// Not x3::blank, which asserts that what it looks at is ASCII.
constexpr auto blanks = step([](const char*& first, const char* last, Builder&) {
  first = skip_blanks(first, last);
  return true;
});
constexpr auto one_blank = step([](const char*& first, const char* last, Builder&) {
  if (first == last || !is(*first, char_blank)) return false;
  ++first;
  return true;
});

// After a value, where a comment may say something about it.
constexpr auto value_gap = step([](const char*& first, const char* last, Builder& builder) {
  if (first == last || (!is(*first, char_blank) && *first != '/')) return true;
  Gap seen;
  if (!scan_gap(first, last, seen)) {
    builder.fail(last, "closing '*/'");
    return false;
  }
  if (seen.unreadable && builder.last().kind == NodeKind::number) {
    builder.last().kind = NodeKind::pointer;
    builder.mark_last(mark_unreadable);
  }
  return true;
});

template <NodeKind Kind>
constexpr auto open = step([](const char*& first, const char* last, Builder& builder) {
  constexpr char bracket = Kind == NodeKind::structure ? '{' : '[';
  if (first == last || *first != bracket || !builder.enter(Kind, first)) return false;
  first = skip_blanks(first + 1, last);
  return true;
});

template <char Bracket>
constexpr auto close = step([](const char*& first, const char* last, Builder& builder) {
  if (first == last || *first != Bracket) return false;
  builder.leave(++first);
  return true;
});

constexpr auto ellipsis = step([](const char*& first, const char* last, Builder& builder) {
  if (!begins(first, last, "...")) return false;
  builder.mark_parent(mark_truncated);
  return take_gap(first += 3, last, builder);
});

constexpr auto text_ellipsis = step([](const char*& first, const char* last, Builder& builder) {
  if (!begins(first, last, "...")) return false;
  builder.mark_last(mark_truncated);
  first += 3;
  return true;
});

constexpr auto mark_as_abstract = step([](const char*&, const char*, Builder& builder) {
  builder.mark_last(mark_abstract);
  return true;
});

constexpr auto comma = step([](const char*& first, const char* last, Builder& builder) {
  return first != last && *first == ',' && take_gap(++first, last, builder);
});

// In [2 3] a blank separates, which the gap after the element has taken already. The first
// separator of an array decides.
constexpr auto element_separator = step([](const char*& first, const char* last, Builder& builder) {
  if (first == last || *first == ']') return false;
  if (*first == ',') return !builder.spaced() && take_gap(++first, last, builder);
  constexpr int starts = char_name;
  if (builder.separated() && !builder.spaced()) return false;
  if (!is(first[-1], char_blank) ||
      !(is(*first, starts) || *first == '{' || *first == '-' || *first == '.')) {
    return false;
  }
  builder.mark_parent(mark_spaced);
  return true;
});

constexpr auto inverted = step([](const char*& first, const char* last, Builder& builder) {
  if (last - first < 2 || first[0] != '~' || first[1] != '[') return false;
  if (!builder.enter(NodeKind::array, first)) return false;
  builder.mark_parent(mark_inverted);
  first = skip_blanks(first + 2, last);
  return true;
});

constexpr auto unknown = step([](const char*& first, const char* last, Builder& builder) {
  const char* at = first;
  while (at != last && *at == '?') ++at;
  if (at == first) return false;
  builder.add(NodeKind::unknown, {first, at});
  first = at;
  return true;
});

constexpr auto arrow = step([](const char*& first, const char* last, Builder& builder) {
  if (last - first < 2 || first[0] != '=' || first[1] != '>') return false;
  if (!builder.enter_change(first)) return false;
  first = skip_blanks(first + 2, last);
  return true;
});
constexpr auto change_end = step([](const char*& first, const char*, Builder& builder) {
  builder.leave(first);
  return true;
});

// `a=5, b=NAME`: what most members of structures are, without a way through the alternatives of a
// value. Takes only what the general way would take alike, and leaves the rest to it.
constexpr auto plain_members = step([](const char*& first, const char* last, Builder& builder) {
  for (;;) {
    const char* at = first;
    Span member;
    if (!scan_member_name(at, last, member)) return true;
    Number value;
    Symbol symbol;
    const bool is_number = scan_number_value(at, last, value);
    if (!is_number && !scan_name_value(at, last, symbol)) return true;
    const bool goes_on =
        last - at > 2 && at[0] == ',' && at[1] == ' ' && is(at[2], char_name_start);
    if (!goes_on && (at == last || *at != '}')) return true;
    builder.name_next(member);
    if (is_number) builder.add_number(value);
    else builder.add_symbol(symbol);
    first = goes_on ? at + 2 : at;
    if (!goes_on) return true;
  }
});

const auto named_value = member_name[set_member_name] >> must("value", value);
const auto member = ellipsis | named_value | must("member", value);
const auto element = ellipsis | named_value | must("element", value);
// `KVM_RUN,`: a name that is not looked at first as that of a member.
constexpr auto plain_symbol = step([](const char*& first, const char* last, Builder& builder) {
  const char* at = first;
  Span symbol;
  if (!scan_name(at, last, symbol) || at == last || *at != ',') return false;
  const auto value = constant_value(symbol.view());
  builder.add_symbol({symbol, value.value_or(0), value.has_value()});
  first = at;
  return true;
});

const auto argument = plain_symbol | named_value | must("argument", value);
const auto elements = -(!x3::lit(']') >> element % element_separator) >>
                      must("',' or ']'", close<']'>);

const auto structure = open<NodeKind::structure> >> plain_members >>
                       -(!x3::lit('}') >> member % comma) >> must("',' or '}'", close<'}'>);
const auto array = (open<NodeKind::array> | inverted) >> elements;
const auto string =
    (quoted[add_string] | (x3::lit('@') >> quoted[add_string] >> mark_as_abstract)) >>
    -text_ellipsis;

const auto plain_value = number_value[add_number] | name_value[add_symbol] | structure |
                         handle[add_handle] | string | array | unknown | expression[add_symbol];
const auto value_def = plain_value >> value_gap >>
                       -(arrow >> must("value", plain_value) >> value_gap >> change_end);

BOOST_SPIRIT_DEFINE(value)

// --- calls -------------------------------------------------------------------------------

constexpr auto set_result = [](auto& c) {
  Call& call = builder_of(c).call();
  call.has_result = true;
  call.result = static_cast<std::int64_t>(_attr(c).value);
};
constexpr auto set_result_link = [](auto& c) {
  const Span target = _attr(c);
  _pass(c) = closed(target, end_of(c), builder_of(c), "closing '>'");
  if (_pass(c)) builder_of(c).call().result_link = target.view();
};
constexpr auto set_errno = [](auto& c) {
  Call& call = builder_of(c).call();
  call.errno_name = _attr(c).view();
  call.error = errno_number(call.errno_name);
};
constexpr auto set_remark = [](auto& c) { builder_of(c).call().remark = _attr(c).view(); };
constexpr auto set_duration = [](auto& c) { builder_of(c).call().duration_ns = _attr(c); };

constexpr auto is_unfinished = step([](const char*& first, const char* last, Builder& builder) {
  constexpr std::string_view marker = "<unfinished ...>";
  const auto bytes = static_cast<std::size_t>(last - first);
  if (bytes < marker.size() || last[-1] != '>') return false;
  const char* at = last - marker.size();
  if (std::string_view(at, marker.size()) != marker) return false;
  builder.call().part = CallPart::unfinished;
  builder.call().body = {first, static_cast<std::size_t>(at - first)};
  first = last;
  return true;
});

const auto deleted = x3::lit("(deleted)");
const auto result = x3::lit('?') | (number[set_result] >> -(link[set_result_link] >> -deleted));
const auto outcome = must("result", result) >> blanks >> -terminal<Span, scan_errno>[set_errno] >>
                     gap >> -terminal<Span, scan_remark>[set_remark];
const auto call_end = gap >> -terminal<std::uint64_t, scan_duration>[set_duration] >> gap >>
                      must("end of line", x3::eoi);
const auto died_unfinished = x3::lit("<unfinished ...>") >> gap;
const auto arguments = gap >> -(!x3::lit(')') >> !x3::lit('<') >> argument % comma) >>
                       -died_unfinished >> must("',' or ')'", x3::lit(')'));
const auto call_rest =
    is_unfinished | (arguments >> gap >> -(x3::lit('=') >> gap >> outcome) >> call_end);

constexpr auto set_name = [](auto& c) {
  Call& call = builder_of(c).call();
  call.kind = CallKind::syscall;
  call.name = _attr(c).view();
};

// Lines whose middle is taken as it is; `body` refers to it.
constexpr auto resumed = step([](const char*& first, const char* last, Builder& builder) {
  return read_resumed(first, last, builder);
});
constexpr auto exit_note = step([](const char*& first, const char* last, Builder& builder) {
  return read_exit(first, last, builder);
});

constexpr auto set_signal = [](auto& c) {
  Call& call = builder_of(c).call();
  call.kind = CallKind::signal;
  call.name = _attr(c).view();
};
constexpr auto signal_text = step([](const char*& first, const char* last, Builder& builder) {
  return read_signal_text(first, last, builder);
});
const auto signal = x3::lit("--- ") >> must("signal", name[set_signal]) >> gap >>
                    (signal_text | (must("value", value) >> must("'---'", x3::lit("---")))) >>
                    must("end of line", gap >> x3::eoi);

// --- events ------------------------------------------------------------------------------

template <auto Scan>
constexpr auto after = step([](const char*& first, const char* last, Builder&) {
  Span ignored;
  return Scan(first, last, ignored);
});

constexpr auto begin_event = step([](const char*& first, const char* last, Builder& builder) {
  begin_event_body(first, last, builder);
  return true;
});
constexpr auto event_comm = step([](const char*& first, const char* last, Builder& builder) {
  Symbol symbol;
  if (!builder.next_name().ends_with("comm")) return false;
  scan_event_comm(first, last, symbol.span);
  builder.add_symbol(symbol);
  return true;
});
// Brackets in an event of ours have to be right; in a kernel's message they may be anything, so
// there a failure is taken back, once per line.
constexpr auto bracket_follows = step([](const char*& first, const char* last, Builder& builder) {
  if (first == last || builder.brackets_given_up()) return false;
  if (*first != '{' && *first != '[' && *first != '"') return false;
  builder.try_brackets();
  return true;
});
constexpr auto give_up =
    step([](const char*&, const char*, Builder& builder) { return builder.give_up_brackets(); });

constexpr auto event_number = terminal<Number, scan_event_number>;
constexpr auto event_word = terminal<Symbol, scan_event_word>;
constexpr auto no_bracket_follows =
    step([](const char*& first, const char* last, Builder& builder) {
      return first != last &&
             (builder.brackets_given_up() || (*first != '{' && *first != '[' && *first != '"'));
    });
const auto bracketed = bracket_follows >>
                       (must("value", value) | (give_up >> event_word[add_symbol]));
constexpr auto event_unknown = step([](const char*& first, const char* last, Builder& builder) {
  if (first == last || *first != '?') return false;
  if (last - first > 1 && !is(first[1], char_event_end)) return false;
  builder.add(NodeKind::unknown, {first, first + 1});
  ++first;
  return true;
});
constexpr auto event_handle = terminal<Handle, scan_event_handle>;
const auto event_value = event_comm | event_number[add_number] | event_unknown |
                         event_handle[add_handle] | bracketed |
                         (no_bracket_follows >> event_word[add_symbol]);
const auto event_field =
    (terminal<Span, scan_event_key>[set_member_name] >> -event_value) | event_value;
const auto event_fields = *(after<scan_event_gap> >> !x3::eoi >> event_field);
const auto event_rest = begin_event >> event_fields >> after<scan_event_gap> >>
                        must("field", x3::eoi);

// What follows the first name in "kvm_entry: " and "kvm:kvm_entry: "
const auto event_colon = x3::lit(':') >> &(one_blank | x3::eoi);
const auto event_name_rest = event_colon | (x3::lit(':') >> name[set_name] >> event_colon);

// A task may be named like an event of ours: "lost: x-12 [001] 1.5: ...".
constexpr auto of_no_kernel = step([](const char*&, const char* last, Builder& builder) {
  return !has_event_columns(builder.call().name.data(), last);
});

constexpr auto set_event_columns = [](auto& c) { set_columns(_attr(c), builder_of(c)); };
const auto kernel_event = terminal<EventColumns, scan_event_columns>[set_event_columns] >>
                          must("event name", name[set_name] >> event_name_rest) >> event_rest;
constexpr auto lost_events = step([](const char*& first, const char* last, Builder& builder) {
  return read_lost_events(first, last, builder);
});

// --- lines -------------------------------------------------------------------------------

constexpr auto set_thread = [](auto& c) {
  Call& call = builder_of(c).call();
  call.tid = _attr(c).tid;
  // Number 0 means that no thread is told; a name beside it belongs to none.
  if (_attr(c).comm.begin && call.tid != 0) call.comm = _attr(c).comm.view();
};
constexpr auto set_cpu = [](auto& c) { builder_of(c).call().cpu = _attr(c); };
constexpr auto set_time = [](auto& c) { builder_of(c).call().time_ns = _attr(c); };

const auto other_columns = *terminal<Span, scan_other_column>;
const auto columns = gap >> -terminal<ThreadColumn, scan_thread>[set_thread] >>
                     -terminal<std::int32_t, scan_cpu>[set_cpu] >>
                     -terminal<std::uint64_t, scan_time>[set_time] >> other_columns;

const auto named_line = name[set_name] >>
                        must("'(' or ':'", (x3::lit('(') >> call_rest) |
                                               (event_name_rest >> of_no_kernel >> event_rest));
const auto line = lost_events |
                  (columns >> must("call or event", named_line | resumed | exit_note | signal)) |
                  kernel_event;

}  // namespace
}  // namespace text

LineKind read_line(std::string_view source, std::uint64_t line_number, Call& call,
                   Diagnostic& why) {
  call.clear();
  call.line = line_number;
  const LineKind kind = text::kind_of(source);
  if (kind != LineKind::call) return kind;
  text::Builder builder(call, source);
  const char* first = source.data();
  const char* const last = first + source.size();
  const auto parser = text::x3::with<text::builder_tag>(builder)[text::line];
  if (text::x3::parse(first, last, parser)) {
    text::finish(call);
    // "[pid 7] strace: Process 9 detached": what strace says of itself is no event.
    return call.kind == CallKind::event && call.name == "strace" ? LineKind::note : LineKind::call;
  }
  text::explain(builder, source, line_number, why);
  return LineKind::malformed;
}

}  // namespace assay::traces

#include "checker/report/designs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "checker/report/escaped.hpp"

namespace assay::checker {
namespace {

// Sizes of the drawing, in its own units.
constexpr double label_width = 190, lane_width = 760, lane_height = 84, bar_height = 34;
constexpr double top = 34, note_width = 20;

constexpr std::string_view style =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}"
    ":root{--ink:#1d2330;--paper:#fcfcfa;--line:#d4d4cf;--pin:#5b8bd0;--run:#3b9a5b;"
    "--gap:#c8323f;--bad:#a3182a;--good:#17692f;--open:#8a5a00}"
    "@media(prefers-color-scheme:dark){:root{--ink:#dde;--paper:#16181d;--line:#3a3f4a;"
    "--pin:#6f9fe6;--run:#58c07d;--gap:#ff7a85;--bad:#ff8a95;--good:#6fcf8a;--open:#e5b85c}}"
    "body{color:var(--ink);background:var(--paper)}"
    "a{color:inherit}code{font:13px/1.45 ui-monospace,monospace}"
    "svg{width:100%;height:auto}svg text{fill:var(--ink);font:13px system-ui,sans-serif}"
    ".small{font-size:11px}.name{font-weight:600}.axis{stroke:var(--line)}"
    ".pin{fill:var(--pin)}.run{fill:var(--run)}.pin,.run{shape-rendering:crispEdges}.gap{fill:var(-"
    "-gap);fill-opacity:.22;"
    "stroke:var(--gap)}.stop{fill:var(--gap)}"
    "table{border-collapse:collapse;width:100%}td,th{padding:.3rem .6rem;text-align:left;"
    "border-bottom:1px solid var(--line);vertical-align:top}"
    ".holds{color:var(--good)}.fails{color:var(--bad)}.open{color:var(--open)}";

std::string plural(std::size_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

// "records" of one is "record".
std::string lost_text(unsigned n, const DesignWords& words) {
  const std::string one =
      words.lost.ends_with('s') ? words.lost.substr(0, words.lost.size() - 1) : words.lost;
  return fmt::format("{} lost", plural(n, one, words.lost));
}

std::string link_to(const std::string& file, std::string_view text) {
  if (file.empty()) return escaped(text);
  return fmt::format("<a href=\"{}\">{}</a>", escaped(file), escaped(text));
}

std::string base_of(const std::string& file) { return file.substr(file.rfind('/') + 1); }

// The events of a design's trace, from left to right.
class Lane {
 public:
  Lane(const DesignTrace& trace, const DesignWords& words, double y, std::size_t longest)
      : trace_(trace), words_(words), y_(y), step_(lane_width / static_cast<double>(longest)) {}

  std::string svg() const {
    std::string out = fmt::format(
        "<line class=\"axis\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", x(0),
        base(), x(trace_.moments.size()), base());
    for (std::size_t i = 0; i < trace_.moments.size(); ++i) out += bars(i);
    if (trace_.has_window()) return out + window();
    return out + fmt::format("<text class=\"small\" x=\"{:.1f}\" y=\"{:.1f}\">no {}</text>", x(0),
                             base() + 27, escaped(words_.stopped));
  }

 private:
  double x(std::size_t event) const { return label_width + static_cast<double>(event) * step_; }
  double base() const { return y_ + bar_height; }

  // What is pinned stands on the line, whether the work goes on below it.
  std::string bars(std::size_t i) const {
    const DesignMoment& m = trace_.moments[i];
    const std::string title = fmt::format("<title>{}: {}\n{} of {} {}</title>", m.line,
                                          escaped(m.call), m.amount, m.all, escaped(words_.amount));
    std::string out;
    if (m.amount != 0) {
      const double share =
          m.all == 0 ? 1
                     : std::min(1.0, static_cast<double>(m.amount) / static_cast<double>(m.all));
      const double height = std::max(2.0, share * bar_height);
      out += rectangle("pin", i, 1, base() - height, height, title);
    }
    if (m.running) out += rectangle("run", i, 1, base() + 3, 9, title);
    return out;
  }
  std::string window() const {
    const std::string text = fmt::format(
        "{}: {}{}, {}", words_.window, plural(trace_.window_events(), "event", "events"),
        trace_.goes_on ? "" : " and more", lost_text(trace_.window_lost(), words_));
    const std::size_t begin = trace_.window_begin, events = trace_.window_events();
    std::string out = rectangle("gap", begin, events, y_ - 2, bar_height + 18,
                                fmt::format("<title>{}</title>", escaped(text)));
    out +=
        fmt::format("<path class=\"stop\" d=\"M{0:.1f} {1:.1f} l5 -9 h-10 z\"/>", x(begin), y_ - 2);
    const bool ends_right = begin + events > trace_.moments.size() / 2;
    out +=
        fmt::format("<text class=\"small\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>",
                    ends_right ? x(begin + events) : x(begin), base() + 27,
                    ends_right ? "end" : "start", escaped(text));
    return out;
  }
  std::string rectangle(std::string_view kind, std::size_t event, std::size_t events, double y,
                        double height, const std::string& title) const {
    return fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.1f}\">{}</rect>",
        kind, x(event), y, step_ * static_cast<double>(events), height, title);
  }

  const DesignTrace& trace_;
  const DesignWords& words_;
  double y_, step_;
};

std::string legend_svg(const DesignWords& words) {
  double x = label_width;
  std::string out;
  for (const auto& [kind, text] : {std::pair<std::string_view, std::string>{"pin", words.amount},
                                   {"run", words.running},
                                   {"gap", words.window + ", from the " + words.stopped}}) {
    out += fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"6\" width=\"12\" height=\"12\"/>"
        "<text class=\"small\" x=\"{:.1f}\" y=\"16\">{}</text>",
        kind, x, x + 17, escaped(text));
    x += 40 + 6.2 * static_cast<double>(text.size());
  }
  return out;
}

std::string picture(const DesignWords& words, const std::vector<Design>& designs) {
  std::size_t longest = 1;
  for (const Design& d : designs)
    if (!d.traces.empty()) longest = std::max(longest, d.traces[0].moments.size());
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\">"
      "<title>{}</title>{}",
      label_width + lane_width + note_width,
      top + lane_height * static_cast<double>(designs.size()), escaped(words.title),
      legend_svg(words));
  double y = top;
  for (const Design& d : designs) {
    out += fmt::format("<text class=\"name\" x=\"0\" y=\"{:.1f}\">{}</text>", y + 16,
                       escaped(d.profile));
    if (d.traces.empty()) {
      out += fmt::format("<text class=\"small\" x=\"{:.1f}\" y=\"{:.1f}\">no trace</text>",
                         label_width, y + 16);
    } else {
      out += fmt::format("<text class=\"small\" x=\"0\" y=\"{:.1f}\">{}</text>", y + 32,
                         escaped(plural(d.traces[0].moments.size(), "event", "events")));
      out += Lane(d.traces[0], words, y, longest).svg();
    }
    y += lane_height;
  }
  return out + "</svg>";
}

// "16 of 16, from KVM_ENABLE_CAP (line 16) on"
std::string amount_text(const DesignTrace& trace) {
  const u64 most = trace.most();
  if (most == 0) return "none";
  const auto holds = [](const DesignMoment& m) { return m.amount != 0; };
  const auto first = std::find_if(trace.moments.begin(), trace.moments.end(), holds);
  const auto end = std::find_if_not(first, trace.moments.end(), holds);
  const auto at = [](const DesignMoment& m) {
    return fmt::format("<code>{}</code> (line {})", escaped(m.call), m.line);
  };
  return fmt::format("{} of {}, from {} {}", most, trace.moments.back().all, at(*first),
                     end == trace.moments.end() ? std::string("to the end") : "to " + at(*end));
}

std::string window_text(const DesignTrace& trace, const DesignWords& words) {
  if (!trace.has_window())
    return fmt::format("no {} in any trace of this design", escaped(words.stopped));
  return fmt::format(
      "{}{}, from <code>{}</code> (line {}){}", plural(trace.window_events(), "event", "events"),
      trace.goes_on ? "" : " and more", escaped(trace.moments[trace.window_begin].call),
      trace.moments[trace.window_begin].line,
      trace.goes_on ? fmt::format(" to line {}", trace.moments[trace.window_end - 1].line)
                    : std::string(" to the end of the trace"));
}

const DesignClaim* shortest_loss(const Design& design) {
  const DesignClaim* best = nullptr;
  for (const DesignClaim& c : design.claims)
    if (c.is_loss && c.state == "fails" && (best == nullptr || c.events < best->events)) best = &c;
  return best;
}

std::size_t count(const Design& design, std::string_view state) {
  return static_cast<std::size_t>(
      std::count_if(design.claims.begin(), design.claims.end(),
                    [&](const DesignClaim& c) { return c.state == state; }));
}

std::string design_row(const Design& d, const DesignWords& words) {
  std::string out = fmt::format("<tr><td><b>{}</b><br/>{}", escaped(d.profile), escaped(d.what));
  if (!d.traces.empty())
    out += fmt::format("<br/>{}", link_to(d.traces[0].file, base_of(d.traces[0].file)));
  out += "</td>";
  if (d.traces.empty()) {
    out += "<td>-</td><td>-</td><td>-</td>";
  } else {
    const DesignTrace& t = d.traces[0];
    out += fmt::format("<td>{}</td><td>{}</td><td>{}</td>", amount_text(t), window_text(t, words),
                       t.has_window() ? escaped(lost_text(t.window_lost(), words)) : "-");
  }
  out += fmt::format(
      "<td><span class=\"holds\">{} hold</span><br/><span class=\"fails\">{} fail</span><br/>"
      "<span class=\"open\">{} open</span></td>",
      count(d, "holds"), count(d, "fails"), count(d, "open"));
  const DesignClaim* loss = shortest_loss(d);
  if (loss == nullptr) return out + "<td>none known</td></tr>";
  return out + fmt::format("<td><code>{}</code>, {}: {}</td></tr>", escaped(loss->name),
                           plural(loss->events, "event", "events"),
                           loss->file.empty() ? std::string("a history of assay prove")
                                              : link_to(loss->file, base_of(loss->file)));
}

std::string designs_table(const DesignWords& words, const std::vector<Design>& designs) {
  std::string out = fmt::format(
      "<table><tr><th>design</th><th>{}</th><th>{}</th><th>{} in it</th><th>claims</th>"
      "<th>shortest trace in which it loses</th></tr>",
      escaped(words.amount), escaped(words.window), escaped(words.lost));
  for (const Design& d : designs) out += design_row(d, words);
  return out + "</table>";
}

const DesignClaim* claim_of(const Design& d, const std::string& name) {
  const auto at = std::find_if(d.claims.begin(), d.claims.end(),
                               [&](const DesignClaim& c) { return c.name == name; });
  return at == d.claims.end() ? nullptr : &*at;
}

std::string claim_cell(const DesignClaim* claim) {
  if (claim == nullptr || claim->state.empty()) return "<td>-</td>";
  const std::string text =
      claim->state == "fails" ? fmt::format("fails in {}", claim->events) : claim->state;
  return fmt::format("<td class=\"{}\">{}</td>", claim->state, link_to(claim->file, text));
}

// A claim that all of them keep says nothing of the difference.
std::string claims_table(const std::vector<Design>& designs) {
  std::vector<std::string> names;
  for (const Design& d : designs)
    for (const DesignClaim& c : d.claims)
      if (c.state != "holds" && !c.state.empty() &&
          std::find(names.begin(), names.end(), c.name) == names.end())
        names.push_back(c.name);
  std::string out = "<table><tr><th>claim</th>";
  for (const Design& d : designs) out += fmt::format("<th>{}</th>", escaped(d.profile));
  out += "</tr>";
  for (const std::string& name : names) {
    out += fmt::format("<tr><td><code>{}</code></td>", escaped(name));
    for (const Design& d : designs) out += claim_cell(claim_of(d, name));
    out += "</tr>";
  }
  return out + "</table>";
}

}  // namespace

unsigned DesignTrace::window_lost() const {
  unsigned sum = 0;
  for (std::size_t i = window_begin; i < window_end; ++i) sum += moments[i].lost;
  return sum;
}

u64 DesignTrace::most() const {
  u64 most = 0;
  for (const DesignMoment& m : moments) most = std::max(most, m.amount);
  return most;
}

std::string designs_html(const DesignWords& words, const std::vector<Design>& designs) {
  return fmt::format(
      "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\"><head>"
      "<meta charset=\"utf-8\"/><meta name=\"color-scheme\" content=\"light dark\"/>"
      "<title>{0}</title><style>{1}</style></head><body><h1>{0}</h1><p>{2}</p>{3}"
      "<h2>What each design pays</h2>{4}<h2>Claims that some design breaks</h2>{5}"
      "</body></html>\n",
      escaped(words.title), style, escaped(words.legend), picture(words, designs),
      designs_table(words, designs), claims_table(designs));
}

}  // namespace assay::checker

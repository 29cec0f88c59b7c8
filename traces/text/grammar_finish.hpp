// What the grammar leaves to plain code: telling lines apart before parsing, lines that are mostly
// free text, and what is only known once a call is complete. Only grammar*.cpp include this.
#pragma once
#include "traces/text/grammar.hpp"
#include "traces/text/grammar_scan.hpp"

namespace assay::traces::text {

// LineKind::call: it has to be parsed.
LineKind kind_of(std::string_view line);

// <... ioctl resumed>, 0) = 0
bool read_resumed(const char*& first, const char* last, Builder& builder);
// +++ exited with 0 +++
bool read_exit(const char*& first, const char* last, Builder& builder);
// The middle of --- stopped by SIGSTOP ---; false if it is a structure.
bool read_signal_text(const char*& first, const char* last, Builder& builder);
// CPU:2 [LOST 5 EVENTS]
bool read_lost_events(const char*& first, const char* last, Builder& builder);
void begin_event_body(const char*& first, const char* last, Builder& builder);
void set_columns(const EventColumns& columns, Builder& builder);

// Pointers of ioctls, cpu= of events and of KVM_RUN.
void finish(Call& call);

void explain(const Builder& builder, std::string_view line, std::uint64_t line_number,
             Diagnostic& why);

}  // namespace assay::traces::text

#include "traces/text/joiner.hpp"

#include <vector>

#include "tests/traces/trace_text.hpp"

namespace assay::traces {
namespace {

struct Joined {
  std::vector<std::string> calls;
  std::vector<std::string> complaints;
};

Joined join(const std::vector<std::string>& lines) {
  Joined out;
  Joiner joiner;
  Call call;
  Diagnostic why;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (read_line(lines[i], i + 1, call, why) != LineKind::call) {
      ADD_FAILURE() << render(why, "t", lines[i]);
      continue;
    }
    switch (joiner.take(lines[i], call, why)) {
      case Joiner::Answer::ready: out.calls.push_back(print(call)); break;
      case Joiner::Answer::held: break;
      case Joiner::Answer::malformed:
        out.complaints.push_back(std::to_string(why.line) + ":" + std::to_string(why.column) +
                                 ": " + std::string(why.expected) + why.message);
        break;
    }
  }
  while (joiner.flush(call)) out.calls.push_back("left: " + print(call));
  return out;
}

TEST(Joiner, pairs_the_parts_of_a_call_per_thread) {
  const Joined out = join({
      "96 1.000001 ioctl(7<anon_inode:kvm-vcpu:0>, KVM_RUN, 0 <unfinished ...>",
      "97 1.000002 ioctl(8<anon_inode:kvm-vcpu:1>, KVM_RUN, 0 <unfinished ...>",
      "98 1.000003 close(3) = 0",
      "97 1.000004 <... ioctl resumed>)     = 0",
      "96 1.000005 <... ioctl resumed>) = -1 EINTR (Interrupted system call)",
  });
  EXPECT_EQ(out.calls,
            (std::vector<std::string>{
                "98 1.000003 close(3) = 0",
                "97 1.000002 ioctl(8<anon_inode:kvm-vcpu:1>, KVM_RUN, 0) = 0",
                "96 1.000001 ioctl(7<anon_inode:kvm-vcpu:0>, KVM_RUN, 0) = -1 EINTR (Interrupted "
                "system call)",
            }));
}

TEST(Joiner, joins_a_call_that_was_split_within_a_structure) {
  const Joined out = join({
      "96 msgrcv(1, {a=1, b= <unfinished ...>",
      "96 <... msgrcv resumed>2}, 5) = 0",
  });
  EXPECT_EQ(out.calls, std::vector<std::string>{"96 msgrcv(1, {a=1, b=2}, 5) = 0"});
}

TEST(Joiner, joins_a_call_that_was_split_twice) {
  const Joined out = join({
      "96<vmm> f(1 <unfinished ...>",
      "96<vmm> <... f resumed>, 2 <unfinished ...>",
      "96<vmm> <... f resumed>, 3) = 0",
  });
  EXPECT_EQ(out.calls, std::vector<std::string>{"96<vmm> f(1, 2, 3) = 0"});
}

TEST(Joiner, keeps_the_cpu_that_a_call_began_on) {
  const Joined out =
      join({"96 [002] 1.000001 f(1 <unfinished ...>", "96 [003] 1.000002 <... f resumed>) = 0"});
  EXPECT_EQ(out.calls, std::vector<std::string>{"96 [002] 1.000001 f(1) = 0"});
}

TEST(Joiner, passes_on_a_resumed_call_that_nobody_saw_begin) {
  const Joined out = join({"96 <... ioctl resumed>) = 0"});
  EXPECT_EQ(out.calls, std::vector<std::string>{"96 <... ioctl resumed>) = 0"});
}

TEST(Joiner, gives_back_what_never_finished_in_the_order_it_began) {
  const Joined out = join({
      "97 ioctl(8, KVM_RUN, 0 <unfinished ...>",
      "96 f({a= <unfinished ...>",
  });
  EXPECT_EQ(out.calls, (std::vector<std::string>{
                           "left: 97 ioctl(8, KVM_RUN, 0 <unfinished ...>",
                           "left: 96 f({a= <unfinished ...>",
                       }));
}

TEST(Joiner, an_unfinished_call_has_the_arguments_that_are_whole) {
  for (const auto& [line, arguments] :
       {std::pair<std::string, bool>{"97 ioctl(8, KVM_RUN, 0 <unfinished ...>", true},
        {"97 ioctl(8, KVM_RUN, {a= <unfinished ...>", false}}) {
    Joiner joiner;
    Diagnostic why;
    Call call = test::read(line);
    ASSERT_EQ(joiner.take(line, call, why), Joiner::Answer::held);
    ASSERT_TRUE(joiner.flush(call));
    EXPECT_EQ(call.name, "ioctl");
    EXPECT_EQ(call.argument(1) != nullptr, arguments) << line;
    EXPECT_FALSE(joiner.flush(call));
  }
}

TEST(Joiner, forgets_the_call_of_a_thread_that_ended) {
  const Joined out = join({"96 exit(0 <unfinished ...>", "96 +++ exited with 0 +++"});
  EXPECT_EQ(out.calls, std::vector<std::string>{"96 +++ exited with 0 +++"});
}

TEST(Joiner, complains_in_the_line_that_is_wrong) {
  EXPECT_EQ(join({"96 f(!, 1 <unfinished ...>", "96 <... f resumed>) = 0"}).complaints,
            std::vector<std::string>{"1:6: argumentfound '!'"});
  EXPECT_EQ(join({"96 f(1 <unfinished ...>", "96 <... f resumed>, !) = 0"}).complaints,
            std::vector<std::string>{"2:21: argumentfound '!'"});
  EXPECT_EQ(join({"96 f(1 <unfinished ...>", "96 <... g resumed>) = 0"}).complaints,
            std::vector<std::string>{"2:9: the unfinished call of this thread is f"});
}

TEST(Joiner, bounds_what_it_holds) {
  std::vector<std::string> lines;
  for (std::size_t tid = 1; tid <= Joiner::held_calls_max + 1; ++tid)
    lines.push_back(std::to_string(tid) + " f(1 <unfinished ...>");
  EXPECT_EQ(join(lines).complaints.size(), 1u);
  const std::string huge(Joiner::call_bytes_max, '1');
  EXPECT_EQ(join({"96 f(" + huge + " <unfinished ...>"}).complaints.size(), 1u);
}

// What was given back, dropped or replaced is held no longer.
TEST(Joiner, bounds_the_bytes_of_what_it_holds_at_one_time) {
  const std::string call = " f(" + std::string(Joiner::call_bytes_max - 100, '1');
  const std::size_t too_many = Joiner::held_bytes_max / call.size() + 8;
  std::vector<std::string> at_once, one_by_one, replaced, ended;
  for (std::size_t i = 1; i <= too_many; ++i) {
    const std::string tid = std::to_string(i), begins = call + " <unfinished ...>";
    at_once.push_back(tid + begins);
    one_by_one.push_back(tid + begins);
    one_by_one.push_back(tid + " <... f resumed>) = 0");
    replaced.push_back("96" + begins);
    ended.push_back(tid + begins);
    ended.push_back(tid + " +++ exited with 0 +++");
  }
  EXPECT_GE(join(at_once).complaints.size(), 7u);
  EXPECT_LE(join(at_once).complaints.size(), 9u);
  EXPECT_TRUE(join(one_by_one).complaints.empty());
  EXPECT_TRUE(join(replaced).complaints.empty());
  EXPECT_TRUE(join(ended).complaints.empty());
}

}  // namespace
}  // namespace assay::traces

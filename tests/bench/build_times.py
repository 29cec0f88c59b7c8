#!/usr/bin/env python3
"""What building costs: a clean build, one line of a rule changed, a subject added.

Usage: build_times.py [--build DIR] [--jobs N]

Builds in a folder of its own, without a compiler cache, and prints the table of BUILD.md. Seconds
are of the wall clock and of the processor; on a busy machine only the latter say something.
"""
import argparse
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# One line of each is changed and changed back: a subject's own rules, and what three others use.
RULES = [ROOT / "spec/kvm/vgic/rules.hpp", ROOT / "spec/kvm/spe/attributes.hpp"]


def run(command, **kwargs):
    """Wall-clock and processor seconds of a command; its output only where it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **kwargs)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(done.stdout)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu


class Files:
    """One line for each compilation, as the launcher writes them: CPU seconds, KB, file."""

    def __init__(self, build):
        self.log = build / "compilations.log"
        self.launcher = build / "launcher.sh"
        build.mkdir(parents=True, exist_ok=True)
        self.launcher.write_text(
            '#!/bin/sh\nfor last; do :; done\n'
            f'exec /usr/bin/time -q -a -o {self.log} -f "%U %S %M $last" "$@"\n')
        self.launcher.chmod(0o755)
        self.clear()

    def clear(self):
        self.log.write_text("")

    def rows(self):
        out = []
        for line in self.log.read_text().splitlines():
            user, system, kilobytes, name = line.split(maxsplit=3)
            out.append((float(user) + float(system), int(kilobytes) // 1024, name))
        return sorted(out, reverse=True)


def changed(path, old, new):
    text = path.read_text()
    if old not in text:
        sys.exit(f"{path}: no line to change")
    path.write_text(text.replace(old, new, 1))


def dummy_subject(folder, rules=30, properties=20):
    """A subject as an issue may bring it: rules on VM and vCPU state, properties over them."""
    names = [f"DummyRule{i}" for i in range(rules)]
    text = ['#pragma once', '#include "spec/arm64_subject.hpp"', 'namespace assay {']
    for i, name in enumerate(names):
        text.append(f'''template <class D> struct {name} {{
  static constexpr const char* name = "dummy_rule_{i}";
  static constexpr const char* syntax = "dummy_rule_{i}: a=a b=b c=c";
  static constexpr const char* source = "generated";
  Word<D, 32> a{{}};
  Num<D> b{{}};
  Flag<D> c{{}};
  static constexpr auto fields() {{ return members<&{name}::a, &{name}::b, &{name}::c>; }}
  void apply(Step<D>& k, Vm<D>& vm) const {{
    k.reject(Errno::io, vm.dead, {{"vm_dead", "generated"}});
    k.reject(Errno::inval, a > {i + 3}, {{"a_too_large", "generated"}});
    k.reject(Errno::busy, any<D>(vm.slot, [&](const auto& s) {{
               return s.pages != 0 && s.base_gfn < b && b < s.base_gfn + s.pages;
             }}), {{"inside_a_slot", "generated"}});
    k.when(c, [&] {{
      k.at(vm.vcpu, truncate<16>(a), [&](auto& cpu) {{ k.set(cpu.pmu.irq, a); }});
    }});
    k.set(vm.has_ran_once, c);
  }}
}};''')
    listed = ", ".join(f"{n}<D>" for n in names)
    said = "\n".join(
        f'''    if (const auto* call = t.template as<{names[i % rules]}<D>>())
      say("dummy_property_{i}", !t.succeeds || call->a <= {i + 3} ||
              all<D>(t.after.vcpu, [&](const auto& c, std::size_t v) {{
                return iff(c.created, t.before.vcpu[v].created);
              }}), "generated");''' for i in range(properties))
    text.append(f'''struct Dummy {{
  template <class D> using Rules = TypeList<{listed}>;
  template <class D>
  static void properties(const Taken<D>& t, const SayProperty<D>& say) {{
{said}
  }}
}};
}}  // namespace assay''')
    target = folder / "spec/dummy/subject.hpp"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(text) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="/tmp/assay-build-times", type=pathlib.Path)
    parser.add_argument("--jobs", default=str(os.cpu_count()))
    parser.add_argument("--built", action="store_true", help="the folder holds a finished build")
    options = parser.parse_args()
    build = options.build
    if not options.built:
        shutil.rmtree(build, ignore_errors=True)
    files = Files(build)
    environment = dict(os.environ, CCACHE_DISABLE="1")

    def configure(*more):
        run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
             f"-DCMAKE_CXX_COMPILER_LAUNCHER={files.launcher}", "-DASSAY_CACHE=OFF", *more],
            env=environment)

    def ninja(what, *targets):
        files.clear()
        wall, cpu = run(["ninja", "-C", build, "-j", options.jobs, *targets], env=environment)
        rows = files.rows()
        worst = rows[0] if rows else (0, 0, "")
        memory = max((r[1] for r in rows), default=0)
        print(f"| {what} | {len(rows)} | {wall:.0f} | {cpu:.0f} | {worst[0]:.1f} | {memory} |",
              flush=True)
        return rows

    print("| what | files | wall s | CPU s | worst file, CPU s | most MB |")
    print("|---|---|---|---|---|---|")
    configure()
    rows = []
    if not options.built:
        rows = ninja("clean: `assay`", "assay")
        ninja("the tests after it", "all")
    for rule in RULES:
        text = rule.read_text()
        try:
            changed(rule, "namespace assay {",
                    "namespace assay {\n\ninline constexpr int changed = 1;")
            ninja(f"one line of `{rule.relative_to(ROOT)}`: `assay` with check and prove", "assay")
            ninja("the tests after it", "all")
        finally:
            rule.write_text(text)
        run(["ninja", "-C", build, "all"], env=environment)
    dummy_subject(build / "generated")
    configure("-DASSAY_EXTRA_SUBJECTS=dummy", f"-DASSAY_EXTRA_INCLUDE={build}/generated")
    ninja("a subject of 30 rules and 20 properties added", "assay")
    if not rows:
        return
    print("\nThe ten most expensive files of the clean build:\n\n| file | CPU s | MB |\n|---|---|---|")
    for seconds, megabytes, name in rows[:10]:
        shown = name.replace(str(ROOT) + "/", "").replace(str(build) + "/", "")
        print(f"| `{shown}` | {seconds:.1f} | {megabytes} |")


if __name__ == "__main__":
    main()

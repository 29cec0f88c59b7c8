#!/usr/bin/env python3
"""Runs one-line mutants of the tool's own sources (mutants.txt) against its tests.

    run.py --check                  only whether the list fits the sources; needs no build
    run.py                          all mutants, in a scratch copy of what git tracks
    run.py --only 17,40-49          some of them
    run.py --shard 2/8 --jobs 2     every eighth from the second; two at a time, each in a copy
                                    of its own

A mutant is killed when one of its tests fails, crashes, or uses up its memory or processor time:
not the time on a clock, so that a busy machine kills nothing. Statuses: 0 all killed, 1 some
survived or the list is wrong, 2 something else went wrong.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import queue
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MUTATED = ('checker/', 'traces/', 'gen/', 'model/')
MUTANTS_MIN = 150
MEMORY_MAX = 4 << 30  # a mutant may not end, and take memory as it goes

# Test programs, and what of them takes long: it runs only when the rest has noticed nothing.
TESTS = {
    'check_test': ('tests/checker', 'Corpus.*'),
    'gen_test': ('tests/gen', 'Profiles/Never.*:Campaign.a_correct*:CommandTarget.answers*:'
                              'Minimise.asks*:Campaign.findings*'),
    'model_test': ('tests/model', ''),
    'traces_test': ('tests/traces', ''),
    'spe_records_test': ('tests/traces', ''),
    'recorder_test': ('tests/recorder', ''),
    'find_test': ('tests/checker', ''),
    'spu_test': ('tests/spu', ''),
}

Mutant = collections.namedtuple('Mutant', 'number file targets original replacement at')
Outcome = collections.namedtuple('Outcome', 'mutant what by')


class ListError(Exception):
    pass


def parse(text):
    """Blocks of "NUMBER FILE: TARGETS", "- ORIGINAL LINE" and one or no "+ REPLACEMENT"."""
    mutants, head, original, replacement = [], None, None, ''

    def finish():
        if head is None:
            return
        if original is None:
            raise ListError(f'line {head[3]}: no original line')
        mutants.append(Mutant(head[0], head[1], head[2], original, replacement, head[3]))

    for at, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith('#'):
            continue
        if line.startswith('- ') and head and original is None:
            original = line[2:]
        elif line.startswith('+ ') and original is not None and not replacement:
            replacement = line[2:]
        elif found := re.fullmatch(r'(\d+) (\S+): (\S+(?: \S+)*)', line):
            finish()
            head = (int(found[1]), found[2], found[3].split(), at)
            original, replacement = None, ''
        else:
            raise ListError(f'line {at}: not understood: {line}')
    finish()
    return mutants


def complaints(mutants, root):
    """What is wrong with the list: a line that is not, or not once, where it says."""
    texts, seen = {}, set()
    for number, m in enumerate(mutants, 1):
        where = f'mutants.txt:{m.at}: mutant {m.number}'
        if m.number != number:
            yield f'{where}: should be number {number}'
        if not m.file.startswith(MUTATED):
            yield f'{where}: {m.file} is not one of the tool\'s sources'
        if unknown := [t for t in m.targets if t not in TESTS]:
            yield f'{where}: no test is called {unknown[0]}'
        if (m.file, m.original, m.replacement) in seen or m.original == m.replacement:
            yield f'{where}: changes nothing, or what another one changes'
        seen.add((m.file, m.original, m.replacement))
        path = root / m.file
        if m.file not in texts:
            texts[m.file] = path.read_text().splitlines() if path.exists() else []
        if (n := texts[m.file].count(m.original)) != 1:
            yield f'{where}: the line is in {m.file} {n} times: {m.original}'
    if len(mutants) < MUTANTS_MIN:
        yield f'mutants.txt: {len(mutants)} mutants; should be {MUTANTS_MIN} at least'


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Copy:
    """A scratch copy of the tree with a build directory."""

    def __init__(self, number, threads, cpu_seconds):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f'assay-mutants-{number}-')) / 'tree'
        self.build = self.path / 'build' / 'release'
        self.threads, self.cpu_seconds = threads, cpu_seconds
        self.took = {}  # processor seconds of the unchanged tests
        # What another copy compiled is taken from the cache.
        self.env = dict(os.environ, CCACHE_BASEDIR=str(self.path), CCACHE_NOHASHDIR='1')
        # The tracked files as they stand, committed or not.
        state = subprocess.run(['git', '-C', ROOT, 'stash', 'create'], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.strip() or 'HEAD'
        subprocess.run(['git', '-C', ROOT, 'worktree', 'add', '--quiet', '--detach', self.path,
                        state], check=True)

    def remove(self):
        subprocess.run(['git', '-C', ROOT, 'worktree', 'remove', '--force', self.path])
        shutil.rmtree(self.path.parent, ignore_errors=True)

    def make(self, targets):
        done = subprocess.run(['ninja', '-C', self.build, f'-j{self.threads}', *targets], text=True,
                              env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode == 0, done.stdout

    def prepare(self, targets):
        subprocess.run(['cmake', '--preset', 'release'], cwd=self.path, env=self.env, check=True,
                       stdout=subprocess.DEVNULL)
        built, output = self.make(targets)
        if not built:
            sys.exit(f'the unchanged tree does not build:\n{output[-3000:]}')
        if noticed := self.first_failure(targets):
            sys.exit(f'the unchanged tree fails: {noticed}')

    def run_test(self, target, tests):
        key, before = (target, tests), children_seconds()
        bound = min(self.cpu_seconds, 10 + 5 * int(self.took.get(key, self.cpu_seconds)))

        def limit():
            resource.setrlimit(resource.RLIMIT_CPU, (bound, bound + 5))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        program = self.build / TESTS[target][0] / target
        with tempfile.TemporaryFile() as output:
            test = subprocess.Popen([program, '--gtest_brief=1', f'--gtest_filter={tests}'],
                                    cwd=program.parent, stdin=subprocess.DEVNULL, stdout=output,
                                    stderr=subprocess.STDOUT, preexec_fn=limit)
            hangs = not self.ends(test)
            output.seek(0)
            text = output.read().decode(errors='replace')
        self.took.setdefault(key, children_seconds() - before)
        if test.returncode == 0:
            return None
        failed = re.search(r'^\[  FAILED  \] ([^\s,]+)', text, re.M)
        how = 'hangs' if hangs else f'status {test.returncode}'
        return failed[1] if failed else f'{target}: {how}'

    @staticmethod
    def ends(test):
        """False for a process that waits for ever: it took no processor time for two minutes."""
        took, idle = -1, 0
        while idle < 12:
            try:
                test.wait(10)
                return True
            except subprocess.TimeoutExpired:
                status = pathlib.Path(f'/proc/{test.pid}/stat').read_text()
                now = sum(map(int, status.rsplit(')', 1)[1].split()[11:15]))  # its own and its children's
                took, idle = now, idle + 1 if now == took else 0
        test.kill()
        test.wait()
        return False

    def first_failure(self, targets):
        """The first test that fails, the quick ones first; None when all pass."""
        for target in targets:
            slow = TESTS[target][1]
            if noticed := self.run_test(target, f'-{slow}:*Long*' if slow else '-*Long*'):
                return noticed
        for target in targets:
            if slow := TESTS[target][1]:
                if noticed := self.run_test(target, f'{slow}-*Long*'):
                    return noticed
        return None

    def judge(self, m):
        path = self.path / m.file
        text = path.read_text()
        lines = text.splitlines()
        lines[lines.index(m.original)] = m.replacement
        path.write_text('\n'.join(lines) + '\n')
        try:
            built, output = self.make(m.targets)
            if not built:
                error = re.search(r'error: .*', output)
                return Outcome(m, 'does not compile', error[0] if error else output[-200:])
            noticed = self.first_failure(m.targets)
            return Outcome(m, 'killed' if noticed else 'survived', noticed or '')
        finally:
            path.write_text(text)


def chosen(mutants, only, shard):
    if only:
        wanted = set()
        for part in only.split(','):
            first, _, last = part.partition('-')
            wanted.update(range(int(first), int(last or first) + 1))
        mutants = [m for m in mutants if m.number in wanted]
    if shard:
        number, of = map(int, shard.split('/'))
        mutants = [m for m in mutants if m.number % of == number % of]
    return mutants


def run(mutants, jobs, threads, cpu_seconds):
    targets = sorted({t for m in mutants for t in m.targets})
    copies, outcomes = [], []
    free = queue.Queue()
    try:
        for number in range(min(jobs, len(mutants))):
            copies.append(Copy(number, threads, cpu_seconds))
            copies[-1].prepare(targets)
            free.put(copies[-1])

        def judge(m):
            copy = free.get()
            try:
                return copy.judge(m)
            finally:
                free.put(copy)

        pool = concurrent.futures.ThreadPoolExecutor(max(1, len(copies)))
        try:
            for o in pool.map(judge, mutants):
                outcomes.append(o)
                print(f'{o.mutant.number:4} {o.what:16} {o.mutant.file}: {o.by}', flush=True)
        finally:
            pool.shutdown(cancel_futures=True)
    finally:
        for copy in copies:
            copy.remove()
    return outcomes


def summary(outcomes):
    kinds = ('killed', 'survived', 'does not compile')
    rows = collections.OrderedDict()
    for o in sorted(outcomes, key=lambda o: o.mutant.file):
        for row in (o.mutant.file.split('/')[0] + '/', 'all'):
            rows.setdefault(row, collections.Counter())[o.what] += 1
    rows.move_to_end('all')
    print(f'\n{"":10}' + ''.join(f'{k:>18}' for k in kinds))
    for row, counts in rows.items():
        print(f'{row:10}' + ''.join(f'{counts[k]:18}' for k in kinds))
    for o in outcomes:
        if o.what == 'survived':
            m = o.mutant
            print(f'\nsurvived: {m.number} {m.file}\n- {m.original}\n+ {m.replacement}')


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--check', action='store_true', help='only check the list')
    p.add_argument('--only', metavar='N,M', help='these numbers and ranges')
    p.add_argument('--shard', metavar='I/N', help='every N-th mutant from the I-th')
    p.add_argument('--jobs', type=int, default=1, help='mutants at a time')
    p.add_argument('--threads', type=int, default=1, help='compilers at a time, for each job')
    p.add_argument('--cpu', type=int, default=120, help='most processor seconds of a test')
    o = p.parse_args()
    try:
        mutants = parse((HERE / 'mutants.txt').read_text())
    except ListError as error:
        sys.exit(f'mutants.txt: {error}')
    wrong = list(complaints(mutants, ROOT))
    print('\n'.join(wrong) if wrong else f'{len(mutants)} mutants fit the sources')
    if wrong or o.check:
        sys.exit(1 if wrong else 0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # and the copies are removed
    outcomes = run(chosen(mutants, o.only, o.shard), o.jobs, o.threads, o.cpu)
    if outcomes:
        summary(outcomes)
    sys.exit(1 if any(o.what == 'survived' for o in outcomes) else 0)


if __name__ == '__main__':
    main()

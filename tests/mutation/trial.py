"""
A mutant's trial: the tests of its module, run by a fork that has the mutant in it.

Nothing on disk is changed. Where only a function's body differs, the fork is made
when pytest has collected the tests, and the function gets the mutant's code: that
takes a tenth of a second. What differs elsewhere is tried from the beginning, with
the mutated source in the file's place, and so is, once more, what survived.

One that hangs or fills the memory is ended, and counts as killed.
"""

import ast
import gc
import importlib
import os
import resource
import signal
import sys
import time
from functools import cache
from importlib.machinery import ModuleSpec
from types import CodeType

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutation.modules import ROOT, TESTED_BY, source_path, unchanged

# What the tests import that is not ours: once, before the forks.
PRELOADED = (
    *("anyio", "cattrs", "hypothesis.stateful", "httptools", "httpx", "msal", "orjson"),
    *("pytest_asyncio", "respx", "tenacity.asyncio"),
)

OPTIONS = (
    *("-x", "-q", "-s", "--no-header", "-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin"),
    # A plugin that was imported before pytest began is as good as one that was not.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)

SURVIVED, KILLED, HUNG = "survived", "killed", "hung"
_UNFIT = 70
_MEMORY_BYTES = 1 << 30


def prepare():
    """
    Import what all trials need.

    Raises:
        RuntimeError: The library is there already, so no mutant would take its place.
    """
    os.chdir(ROOT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in PRELOADED:
        importlib.import_module(name)
    if "connector_async" in sys.modules:
        raise RuntimeError("the library was imported before the trials")
    settings.register_profile(
        "mutation",
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutation")
    # pytest collects garbage at its end: what was there before the fork is none.
    gc.freeze()


def outcomes(mutants):
    """
    Try the mutants of one module, and give each with what became of it.

    Raises:
        RuntimeError: The tests fail without a mutant, so that none can be judged by them.
    """
    limit = 3 * _seconds_unchanged(mutants[0].module) + 3
    inside = [mutant for mutant in mutants if _body_of(mutant)]
    again = [mutant for mutant in mutants if not _body_of(mutant)]
    for mutant, outcome in _when_collected(inside, limit):
        if outcome == SURVIVED:
            again.append(mutant)
        else:
            yield mutant, outcome
    yield from from_the_beginning(again, limit)


def from_the_beginning(mutants, limit):
    """
    Try mutants with all of their source in place: nothing is older than they are.
    """
    for mutant, status in _forked(mutants):
        if status is None:
            _limit(limit)
            sys.meta_path.insert(0, _Instead(mutant.module, mutant.source))
            os._exit(pytest.main([*OPTIONS, *TESTED_BY[mutant.module]]))
        yield mutant, _outcome(status)


class _Instead:
    """
    Finds and loads one module: its source is the mutant's.
    """

    def __init__(self, module, source):
        self._module = module
        self._source = source

    def find_spec(self, name, _path, _target=None):
        return ModuleSpec(name, self) if name == self._module else None

    def create_module(self, _):
        return None

    def exec_module(self, module):
        path = str(source_path(self._module))
        module.__file__ = path
        exec(compile(self._source, path, "exec"), module.__dict__)


def _seconds_unchanged(module):
    began = time.perf_counter()
    if [SURVIVED] != [outcome for _, outcome in from_the_beginning([unchanged(module)], 120)]:
        raise RuntimeError(f"the tests of {module} fail without a mutant")
    return time.perf_counter() - began


def _when_collected(mutants, limit):
    """
    Try mutants of functions' bodies, in forks of a process that has collected the tests.
    """
    if not mutants:
        return
    ours, theirs = os.pipe()
    pid = os.fork()
    if not pid:
        _be_quiet()
        loop = _Loop(mutants, limit, theirs)
        # A fork of this process comes back from there, too, and says by its code how it went.
        os._exit(pytest.main([*OPTIONS, *TESTED_BY[mutants[0].module]], [loop]))
    os.close(theirs)
    with os.fdopen(ours) as told:
        became = dict(map(str.split, told))
    os.waitpid(pid, 0)
    if became.pop("unchanged", None) != SURVIVED or len(became) < len(mutants):
        raise RuntimeError(f"the tests of {mutants[0].module} fail in a fork")
    for index, outcome in became.items():
        yield mutants[int(index)], outcome


class _Loop:
    """
    In place of the tests' one run, one in a fork for each mutant.
    """

    def __init__(self, mutants, limit, told):
        self._mutants = mutants
        self._limit = limit
        self._told = told

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self):
        gc.freeze()
        for index, status in _forked(["unchanged", *range(len(self._mutants))]):
            if status is None:
                _limit(self._limit)
                if index != "unchanged":
                    _enter(self._mutants[index])
                # The next one to have a loop is pytest, which runs the tests.
                return None
            os.write(self._told, f"{index} {_outcome(status)}\n".encode())
        return True


def _forked(items, at_once=2):
    """
    Fork for each of them: each comes twice, with None in the fork, with its status when it ended.
    """
    waiting, running = list(reversed(items)), {}
    while waiting or running:
        while waiting and len(running) < at_once:
            item = waiting.pop()
            pid = os.fork()
            if not pid:
                yield item, None
            running[pid] = item
        pid, status = os.wait()
        yield running.pop(pid), status


def _outcome(status):
    if os.WIFSIGNALED(status):
        return HUNG if os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGXCPU) else KILLED
    code = os.WEXITSTATUS(status)
    if code == _UNFIT:
        raise RuntimeError("a function does not take its mutant's code")
    return SURVIVED if code == pytest.ExitCode.OK else KILLED


def _limit(seconds):
    """
    What ends a fork that hangs or fills the memory; nothing that a mutant does can prevent it.
    """
    _be_quiet()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(round(seconds) + 1)
    resource.setrlimit(resource.RLIMIT_CPU, (round(seconds) + 1,) * 2)
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES,) * 2)


def _be_quiet():
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)


def _enter(mutant):
    """
    Give the function that a mutant changes the mutant's code.
    """
    path = _body_of(mutant)
    code, found = compile(mutant.source, str(source_path(mutant.module)), "exec"), None
    for name in path:
        code = next(
            part for part in code.co_consts if isinstance(part, CodeType) and part.co_name == name
        )
        found = vars(sys.modules[mutant.module] if found is None else found)[name]
    # Of a property, a class method, a function.
    function = getattr(found, "fget", None) or getattr(found, "__func__", found)
    try:
        function.__code__ = code
    except ValueError:
        os._exit(_UNFIT)


@cache
def _body_of(mutant):
    """
    The names that lead to the function in whose body a mutant differs; none where it is elsewhere.
    """
    old, new = (ast.parse(text) for text in (source_path(mutant.module).read_text(), mutant.source))
    names = []
    inner = old, new
    for name in filter(None, mutant.function.split(".")):
        inner = [
            next(child for child in tree.body if getattr(child, "name", None) == name)
            for tree in inner
        ]
        names.append(name)
        if isinstance(inner[0], ast.FunctionDef | ast.AsyncFunctionDef):
            for function in inner:
                function.body = []
            return names if ast.dump(old) == ast.dump(new) else []
    return []

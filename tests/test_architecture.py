"""
Who may import whom: the floors of the house, its steps and its doors.

Every import in the package is read, those inside of functions and those for
type checkers included.
"""

import ast
import graphlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import attrs
import pytest

ROOT = "connector_async"
PROJECT = Path(__file__).parent.parent

# From the top down. A module imports from floors below its own, and on its own floor where that
# makes no circle; those at the bottom import nothing of ours but their own package.
FLOORS = (
    {"client"},
    {"_attachment", "_capture", "_options", "_request", "_result"},
    {"_transport"},
    {"_pipeline", "_paging", "_codec", "_plain", "_prepare", "service_url", "_lifetime"},
    {"_operations", "auth", "limits", "_ids"},
    {
        "models",
        "errors",
        "events",
        "cloud",
        "_checks",
        "_clock",
        "_error_body",
        "_hiding",
        "_lines",
        "_proxy_url",
        "_retry_after",
        "_version",
    },
)

# Each may use itself and those after it, and the core; the core uses none.
EXTENSIONS = ("cli", "testing", "emulator")

# Likewise the emulator's own floors, but here nothing imports from another part of its floor.
EMULATOR_FLOORS = (
    {"__main__"},
    {"_serving"},
    {"_console", "_state_file"},
    {"_bot"},
    {"_emulator"},
    {"_service", "_transport", "_clock"},
    {"_identity", "_operations", "_record"},
    {"_faults", "_state"},
    {"_channel"},
    {"_calls"},
)

# What each step drives, besides what all may use.
COMMON = {"_pipeline.message", "errors", "events", "_clock"}
STEPS = {
    "observe": set(),
    "deadline": set(),
    "lane": {"_lines"},
    "retry": {"limits.budget", "_checks"},
    "authorize": {"auth.tokens"},
    "check": {"_error_body"},
    "limit": {"limits", "limits.quota", "_lines"},
    "redirect": {"_operations"},
    "send": {"_retry_after"},
}

# Whose door is where: a module, or a whole package.
DOORS = {
    "anyio": {"_attachment", "auth._thread"},
    "cattrs": {"_codec"},
    "certifi": {"_transport.tls"},
    "orjson": {"_codec"},
    "httptools": {"_transport"},
    "httpx": {"_transport"},
    "msal": {"auth.msal"},
    "requests": {"auth.msal"},
    "tenacity": {"_pipeline.retry"},
    "click": {"cli"},
    "rich": {"cli"},
    "cryptography": {"emulator"},
    "jwt": {"emulator"},
    "starlette": {"emulator"},
    "trustme": {"emulator", "testing.chaos._tls"},
    "yaml": {"emulator._state.source"},
    "uvicorn": {"emulator"},
}
# What `client` names, for type checkers only.
NAMED = {("client", "httpx")}

TIME = {"_clock", "auth.msal", "emulator._clock"}
MOST_LINES = 450


@attrs.frozen
class Import:
    """
    One import of one module.

    Attributes:
        at: The module that imports, without the package's name; "" for the package.
        what: What it imports; of ours likewise.
        ours: Whether it is of this package.
        typing: Whether it is for type checkers only.
    """

    at: str
    what: str
    ours: bool
    typing: bool


def sources():
    """
    The files of the package, by module.
    """
    found = {}
    for path in sorted((PROJECT / ROOT).rglob("*.py")):
        parts = path.relative_to(PROJECT / ROOT).with_suffix("").parts
        found[".".join(parts).removesuffix("__init__").removesuffix(".")] = path
    return found


MODULES = sources()


def is_for_typing(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def names_of(node):
    """
    What an import statement imports: modules, by their full names.
    """
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert 0 == node.level, "imports are absolute"
        children = [f"{node.module}.{alias.name}" for alias in node.names]
        return [
            name if name.removeprefix(f"{ROOT}.") in MODULES else node.module for name in children
        ]
    return []


def read(node, at, typing=False):
    """
    All imports in a tree.
    """
    for child in ast.iter_child_nodes(node):
        for name in names_of(child):
            ours = name.split(".")[0] == ROOT
            what = name.removeprefix(ROOT).removeprefix(".") if ours else name.split(".")[0]
            yield Import(at, what, ours, typing)
        yield from read(child, at, typing or is_for_typing(child))


IMPORTS = {
    found
    for module, path in MODULES.items()
    for found in read(ast.parse(path.read_text("utf-8")), module)
}
OURS = {found for found in IMPORTS if found.ours}
THEIRS = {
    found
    for found in IMPORTS
    if not found.ours and found.what not in sys.stdlib_module_names | {"__future__"}
}


def unit(module):
    return module.split(".")[0]


def is_core(module):
    return module != "" and unit(module) not in EXTENSIONS


def floor(module):
    (level,) = [level for level, units in enumerate(FLOORS) if unit(module) in units]
    return level


def part(module):
    """
    Which part of the emulator a module belongs to; "" for the package itself, and outside.
    """
    return (*module.split("."), "")[1] if unit(module) == "emulator" else ""


def emulator_floor(module):
    (level,) = [level for level, parts in enumerate(EMULATOR_FLOORS) if part(module) in parts]
    return level


def packages_of(module):
    """
    The packages that importing a module imports first.
    """
    parts = module.split(".")
    return {".".join(parts[:length]) for length in range(1, len(parts))}


def test_reads_imports():
    """
    What is found are the imports that there are, whatever their form.
    """
    text = "import a.b\nfrom connector_async import errors\nif TYPE_CHECKING:\n  import httpx\n"

    assert [
        Import("x", "a", ours=False, typing=False),
        Import("x", "errors", ours=True, typing=False),
        Import("x", "httpx", ours=False, typing=True),
    ] == list(read(ast.parse(text), "x"))
    assert Import("auth._fetch", "auth.msal", ours=True, typing=False) in OURS
    assert Import("_pipeline.retry", "tenacity", ours=False, typing=False) in THEIRS


def test_every_module_has_a_floor():
    """
    Each module of the core is on exactly one floor, and each floor is lived on.
    """
    units = sorted({unit(module) for module in MODULES if is_core(module)})

    assert units == sorted(name for names in FLOORS for name in names)


def test_nothing_imports_upwards():
    """
    No module imports from a floor above its own.
    """
    upwards = [
        (found.at, found.what)
        for found in OURS
        if is_core(found.at)
        and unit(found.what) not in EXTENSIONS
        and (found.what == "" or floor(found.what) < floor(found.at))
    ]

    assert [] == upwards


def test_bottom_imports_nothing_of_ours():
    """
    What is on the lowest floor stands alone.
    """
    outside = [
        (found.at, found.what)
        for found in OURS
        if is_core(found.at)
        and floor(found.at) == len(FLOORS) - 1
        and unit(found.what) != unit(found.at)
    ]

    assert [] == outside


def test_no_cycles():
    """
    No module imports itself by way of others, packages that are imported on the way included.
    """
    graph = {module: set() for module in MODULES if module}
    for found in OURS:
        if found.at:
            on_the_way = packages_of(found.what) - packages_of(found.at) - {found.at}
            graph[found.at] |= {found.what} | on_the_way

    assert len(graph) == len(list(graphlib.TopologicalSorter(graph).static_order()))


def test_core_imports_no_extension():
    """
    The core knows neither the emulator nor what tests need.
    """
    assert [] == [
        found for found in OURS if unit(found.at) not in EXTENSIONS and not is_core(found.what)
    ]


def test_extensions_import_downwards():
    """
    An extension uses those below it, and the core.
    """
    upwards = [
        found
        for found in OURS
        if unit(found.at) in EXTENSIONS
        and unit(found.what) in EXTENSIONS[: EXTENSIONS.index(unit(found.at))]
    ]

    assert [] == upwards


def test_every_part_of_the_emulator_has_a_floor():
    """
    Each part of the emulator is on exactly one floor, and each floor is lived on.
    """
    parts = sorted({part(module) for module in MODULES} - {""})

    assert parts == sorted(name for names in EMULATOR_FLOORS for name in names)


def test_the_emulator_imports_downwards():
    """
    No part of the emulator imports from a part on its own floor, or above.
    """
    upwards = [
        (found.at, found.what)
        for found in OURS
        if part(found.at)
        and part(found.what) not in {"", part(found.at)}
        and emulator_floor(found.what) <= emulator_floor(found.at)
    ]

    assert [] == upwards


def test_the_emulator_is_closed_to_its_parts():
    """
    Only the command imports the package itself; nobody outside imports a part of it.
    """
    through = {
        (found.at, found.what)
        for found in OURS
        if (part(found.at) and found.what == "emulator")
        or (unit(found.at) != "emulator" and part(found.what))
    }

    assert {("emulator.__main__", "emulator")} == through


def test_every_step_is_known():
    """
    The pipeline is its message, and the steps in the order of the table here.
    """
    assert {f"_pipeline.{step}" for step in STEPS} == {
        module for module in MODULES if packages_of(module) == {"_pipeline"}
    } - {"_pipeline.message"}


@pytest.mark.parametrize("step", STEPS)
def test_step(step):
    """
    A step imports the message, errors, events, time, and the one thing that it drives.
    """
    used = {found.what for found in OURS if found.at == f"_pipeline.{step}"}

    assert STEPS[step] == used - COMMON


def test_message():
    """
    What travels knows of operations and events, and how its token is hidden.
    """
    used = {found.what for found in OURS if found.at == "_pipeline.message"}

    assert {"_hiding", "_operations", "events"} == used


def test_steps_are_the_pipeline_s_own():
    """
    Outside, the pipeline is one module; only the transport takes the message by itself.
    """
    inside = [
        (found.at, found.what)
        for found in OURS
        if packages_of(found.what) == {"_pipeline"} and unit(found.at) != "_pipeline"
    ]

    assert [
        (f"_transport.{module}", "_pipeline.message")
        for module in ("failure", "over_httpx", "over_pool")
    ] == sorted(inside)


@pytest.mark.parametrize("neighbour", DOORS)
def test_door(neighbour):
    """
    A neighbour is imported where its door is, and nowhere else in the core.
    """
    through = {
        unit(found.at) if unit(found.at) in DOORS[neighbour] else found.at
        for found in THEIRS
        if found.what == neighbour
        and (found.at, found.what) not in NAMED
        # The emulator answers httpx's requests; that is what it is for.
        and (is_core(found.at) or neighbour != "httpx")
    }

    assert DOORS[neighbour] == through


def test_names_of_neighbours():
    """
    What is named from outside of its door is named for type checkers only.
    """
    named = {found for found in THEIRS if (found.at, found.what) in NAMED}

    assert NAMED == {(found.at, found.what) for found in named}
    assert all(found.typing for found in named)


def modules_of(requirements):
    """
    What is imported of these distributions.
    """
    names = {re.split(r"[\[>]", requirement)[0] for requirement in requirements}
    return {IMPORTED_AS.get(name, name) for name in names}


IMPORTED_AS = {"pyjwt": "jwt", "pyyaml": "yaml"}


def test_imports_what_is_declared():
    """
    The core imports its dependencies and all of them, the extensions those of their extras besides.
    """
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = modules_of(project["dependencies"])
    extra = modules_of(extras["emulator"] + extras["cli"])
    core = {found.what for found in THEIRS if unit(found.at) not in EXTENSIONS}
    all_of_it = {found.what for found in THEIRS}

    assert needed == core
    assert needed | extra == all_of_it


def test_time_is_an_argument():
    """
    Only the clock, and what keeps its own time, asks the machine for it.
    """
    asking = {found.at for found in IMPORTS if not found.ours and found.what == "time"}

    assert asking <= TIME


@pytest.mark.parametrize("module", [module for module in MODULES if module != "client"])
def test_length(module):
    """
    A file is short enough to be read; the shop window is mostly docstrings, and excepted.
    """
    assert len(MODULES[module].read_text("utf-8").splitlines()) <= MOST_LINES


def test_import_is_light():
    """
    Importing the package loads nothing that is needed later, or by others only.
    """
    heavy = ["msal", "requests", "starlette", "uvicorn", "trustme", "respx", "pytest"]
    heavy += ["httpx", "anyio", "tenacity", "click", "rich", "jwt", "yaml", "cryptography"]
    ours = [f"{ROOT}.{name}" for name in EXTENSIONS]
    script = f"import sys, {ROOT}; print(*sorted(set({heavy + ours}) & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PROJECT
    )

    assert "\n" == done.stdout

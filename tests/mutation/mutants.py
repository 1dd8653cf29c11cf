"""
The mutants of a module.

The mutations are mutmut's, and some of ours that it lacks: a condition turned
round, a statement, a `raise`, a result or an `except` taken away, an entry of a table
dropped. Its runner is not used: it changes what stands in functions only, and here the
rules stand in tables, constants and default values; and it names a mutant by a
number, by which nobody can keep a list of survivors.

What cannot matter, or no test should hold, is left alone: annotations, decorators,
what only type checkers see, and every text, those of errors above all.
"""

import ast
from itertools import takewhile

import libcst as cst
import libcst.matchers as m
from mutmut.mutation import mutators

from tests.mutation.modules import Mutant, source_path

TEXT = m.SimpleString() | m.FormattedString() | m.ConcatenatedString()
TRUTH = m.Name("True") | m.Name("False")
# Names for types: nothing looks at them when the code runs.
ALIAS = m.Subscript() | m.Call(func=m.Name("TypeVar"))
# Another mutator turns these round already.
TURNED = m.UnaryOperation(operator=m.Not()) | m.Comparison(
    comparisons=[
        m.ComparisonTarget(
            operator=m.Equal() | m.NotEqual() | m.Is() | m.IsNot() | m.In() | m.NotIn()
        )
    ]
)


def mutants_of(module):
    """
    All mutants of a module, in the order of its lines.
    """
    source = source_path(module).read_text()
    tree = cst.parse_module(source)
    parts = [tree.code_for_node(statement) for statement in tree.body]
    head, tail = source.split("".join(parts))
    for index, statement in enumerate(tree.body):
        before, after = head + "".join(parts[:index]), "".join(parts[index + 1 :]) + tail
        for function, part in _changed(tree, statement, parts[index]):
            line, becomes = _difference(parts[index], part)
            yield Mutant(
                module=module,
                function=function,
                line=line,
                becomes=becomes,
                source=before + part + after,
            )


def _changed(tree, statement, original):
    finder = _Finder()
    statement.visit(finder)
    seen = {_meaning(original)}
    for function, node, other in finder.found:
        code = tree.code_for_node(statement.deep_replace(node, other))
        meaning = _meaning(code)
        if meaning is not None and meaning not in seen:
            seen.add(meaning)
            yield function, code


class _Finder(cst.CSTVisitor):
    """
    Gathers what may be put in the place of which node.
    """

    def __init__(self):
        super().__init__()
        self.found = []
        self._names = []

    def on_visit(self, node):
        if m.matches(node, LEFT_ALONE):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._names.append(node.name.value)
        for kind, mutator in MUTATORS:
            if isinstance(node, kind):
                self.found += [(".".join(self._names), node, other) for other in mutator(node)]
        return True

    def on_leave(self, node):
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._names.pop()


LEFT_ALONE = (
    m.Annotation()
    | m.Decorator()
    | m.Import()
    | m.ImportFrom()
    | m.If(test=m.Name("TYPE_CHECKING"))
    | m.Assign(value=ALIAS)
    | m.AnnAssign(value=ALIAS)
)


def _argument(node):
    for changed in mutators.operator_arg_removal(node):
        same = takewhile(
            lambda pair: pair[0] is pair[1], zip(node.args, changed.args, strict=False)
        )
        index = len(list(same))
        # A truth value becomes the other one elsewhere.
        is_none = len(node.args) == len(changed.args)
        if not m.matches(node.args[index].value, TEXT | TRUTH if is_none else TEXT):
            yield changed


def _assignment(node):
    if node.value is not None and not m.matches(node.value, TEXT | TRUTH):
        yield from mutators.operator_assignment(node)


def _condition(node):
    if not m.matches(node.test, TURNED):
        inner = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), inner))


def _statement(node):
    if m.matches(node, m.Expr(m.Call() | m.Await()) | m.Raise() | m.Del()):
        yield cst.Pass()


def _result(node):
    if node.value is not None and not m.matches(node.value, m.Name("None") | TEXT | TRUTH):
        yield node.with_changes(value=cst.Name("None"))


def _handler(node):
    if isinstance(node.type, cst.Tuple):
        for index in range(len(node.type.elements)):
            yield node.with_changes(type=_without(node.type, index))
    elif node.type is not None:
        none = cst.Tuple([], lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(type=none)


def _entry(node):
    if len(node.elements) > 1:
        yield from (_without(node, index) for index in range(len(node.elements)))


def _without(node, index):
    return node.with_changes(elements=[*node.elements[:index], *node.elements[index + 1 :]])


OURS = {
    mutators.operator_string: None,
    mutators.operator_dict_arguments: None,
    mutators.operator_arg_removal: _argument,
    mutators.operator_assignment: _assignment,
}
MUTATORS = (
    *(
        (kind, OURS.get(mutator, mutator))
        for kind, mutator in mutators.mutation_operators
        if OURS.get(mutator, mutator) is not None
    ),
    (cst.If, _condition),
    (cst.While, _condition),
    (cst.CompIf, _condition),
    (cst.BaseSmallStatement, _statement),
    (cst.Return, _result),
    (cst.ExceptHandler, _handler),
    (cst.Dict, _entry),
    (cst.Set, _entry),
)


def _meaning(source):
    """
    A source without its form; None where it is no Python.
    """
    try:
        return ast.dump(ast.parse(source))
    except SyntaxError:
        return None


def _difference(source, mutated):
    """
    The lines that differ, of either, each as one.
    """
    old, new = source.splitlines(), mutated.splitlines()
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return tuple(" ".join(" ".join(lines).split()) for lines in (old, new))

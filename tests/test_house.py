"""The rules of the house: layers, notebook style, export without a difference."""
import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

FLOORS = [('core',), ('data', 'prompts'), ('serve',), ('evals', 'cost'), ('operate',), ('notebook',), ('pipeline',), ('cli',)]
LEVEL = {box: n for n, floor in enumerate(FLOORS) for box in floor}
PACKAGE = ROOT/'pilot_to_prod'
NOTEBOOKS = sorted(p for p in (ROOT/'nbs').rglob('*.ipynb') if not any(o.startswith(('.', '_')) for o in p.relative_to(ROOT/'nbs').parts))
STAGES = [p for p in NOTEBOOKS if p.parent.name == 'stages']
LIBRARY = [p for p in NOTEBOOKS if p not in STAGES and p.name != 'index.ipynb']
HEAVY = {'litellm', 'mlflow', 'great_expectations', 'presidio_analyzer', 'presidio_anonymizer', 'spacy', 'sklearn', 'numpy', 'pandas', 'polars', 'pyarrow',
         'matplotlib', 'papermill', 'nbformat', 'nbconvert', 'scipy', 'thinc', 'datasketch', 'py3langid', 'openpyxl', 'sqlalchemy', 'cryptography', 'fsspec'}


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((a.name, node) for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node


def box_of(name):
    parts = name.split('.')
    return parts[1] if len(parts) > 1 and parts[0] == 'pilot_to_prod' and parts[1] in LEVEL else None


@pytest.mark.parametrize('box', sorted(LEVEL))
def test_imports_point_down(box):
    wrong = []
    for path in sorted((PACKAGE/box).rglob('*.py')):
        for name, _ in imports(ast.parse(path.read_text())):
            other = box_of(name)
            if other and other != box and LEVEL[other] >= LEVEL[box]:
                wrong.append(f'{path.relative_to(ROOT)} imports {name}')
    assert not wrong


def test_no_circles_within_a_box():
    from graphlib import TopologicalSorter
    graph = {}
    for path in PACKAGE.rglob('*.py'):
        module = '.'.join(path.relative_to(ROOT).with_suffix('').parts)
        graph[module] = {n for n, node in imports(ast.parse(path.read_text())) if n.startswith('pilot_to_prod.') and node.col_offset == 0}
    list(TopologicalSorter(graph).static_order())


def test_heavy_libraries_are_imported_in_functions():
    wrong = [f'{path.relative_to(ROOT)}: {name}' for path in PACKAGE.rglob('*.py') for name, node in imports(ast.parse(path.read_text()))
             if name.split('.')[0] in HEAVY and node.col_offset == 0]
    assert not wrong


def cells_of(path):
    return [(c['cell_type'], ''.join(c['source']), c.get('metadata', {})) for c in json.loads(path.read_text())['cells']]


def is_export(source):
    return re.search(r'^#\|\s*exporti?\b', source, re.M) is not None


def is_test(source):
    return re.search(r'\b(test_\w+|assert|expect_fail|check_\w+)\b', source) is not None and not is_export(source)


def parse_cell(source):
    """A cell's syntax tree, without its magics."""
    return ast.parse('\n'.join('' if line.startswith(('%', '!')) else line for line in source.splitlines()))


def functions(source):
    """The functions of a module and the methods of its classes; not what is nested in a function."""
    tree = parse_cell(source)
    bodies = [tree.body, *(n.body for n in tree.body if isinstance(n, ast.ClassDef))]
    return [n for body in bodies for n in body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]


@pytest.mark.parametrize('path', LIBRARY, ids=lambda p: f'{p.parent.name}/{p.stem}')
def test_library_notebook_style(path):
    cells, wrong = cells_of(path), []
    kind, first, _ = cells[0]
    if kind != 'markdown' or not re.match(r'# .+\n+> .+', first):
        wrong.append('the first cell is not a title and one sentence')
    exported = [s for k, s, _ in cells if k == 'code' and is_export(s)]
    if sum(s.count('\n') for s in exported) > 600:
        wrong.append('over 600 exported lines: split it')
    wrong += [f'export cell of {s.count(chr(10))+1} lines: {s.splitlines()[1][:50]}' for s in exported if s.count('\n') > 60]
    for source in exported:
        for f in functions(source):
            if (f.end_lineno or 0) - f.body[0].lineno >= 40:
                wrong.append(f'{f.name} has a body of over 40 lines')
            public = not f.name.startswith('_')
            if public and not ast.get_docstring(f):
                wrong.append(f'{f.name} has no docstring')
    definitions = [s for s in exported if re.search(r'^\s*(def|async def|class) ', s, re.M)]
    tests = [s for k, s, _ in cells if k == 'code' and is_test(s)]
    if len(tests) < len(definitions) * 0.6:
        wrong.append(f'{len(definitions)} export cells and {len(tests)} test cells')
    for k, source, _ in cells:
        if k == 'code' and not is_export(source):
            left = [n for n in parse_cell(source).body if not isinstance(n, (ast.Import, ast.ImportFrom))]
            if left and len(left) < len(parse_cell(source).body):
                wrong.append(f'imports and other code in one cell: {ast.unparse(left[0])[:50]}')
    assert not wrong


def docments_missing(path):
    source = path.read_text()
    lines = source.splitlines()
    for f in functions(source):
        args = [a for a in [*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs] if a.arg not in ('self', 'cls')]
        if f.name.startswith('_') or len(args) < 2 or f.col_offset:
            continue
        head = [lines[a.lineno-1] for a in args]
        if len({a.lineno for a in args}) < len(args) or not all('#' in h for h in head):
            yield f'{path.relative_to(ROOT)}: {f.name}'


def test_public_functions_have_docments():
    missing = [m for box in LEVEL if box != 'cli' for p in sorted((PACKAGE/box).rglob('*.py')) for m in docments_missing(p)]
    assert not missing, '\n'.join(missing)


@pytest.mark.parametrize('path', STAGES, ids=lambda p: p.stem)
def test_stage_notebook_style(path):
    cells = cells_of(path)
    assert sum('parameters' in m.get('tags', []) for _, _, m in cells) == 1
    assert not any('def ' in s for k, s, _ in cells if k == 'code' and re.search(r'^def ', s, re.M)), 'logic belongs in the package'
    code = [s for k, s, _ in cells if k == 'code']
    assert re.search(r'^save\(', code[-1], re.M), 'the last cell saves the result'
    assert sum(k == 'markdown' for k, _, _ in cells) >= len(code) * 0.4, 'a stage explains what it does'
    nb = json.loads(path.read_text())
    assert all(not c.get('outputs') for c in nb['cells'])
    assert nb['metadata']['kernelspec']['name'] == 'python3'


def test_clean_and_export_leave_no_difference(tmp_path):
    copy = tmp_path/'copy'
    copy.mkdir()
    for name in ('nbs', 'pilot_to_prod'):
        shutil.copytree(ROOT/name, copy/name, ignore=shutil.ignore_patterns('__pycache__', '.ipynb_checkpoints'))
    for name in ('pyproject.toml', 'settings.ini', 'README.md'):
        shutil.copy(ROOT/name, copy/name)
    bin_ = Path(sys.executable).parent
    for command in ('nbdev-clean', 'nbdev-export'):
        done = subprocess.run([bin_/command], cwd=copy, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    skip = ['-x', '__pycache__', '-x', '.ipynb_checkpoints', '-x', '_proc', '-x', '_docs']
    done = subprocess.run(['diff', '-r', '-q', *skip, copy/'nbs', ROOT/'nbs'], capture_output=True, text=True)
    assert not done.stdout, done.stdout
    done = subprocess.run(['diff', '-r', '-q', *skip, copy/'pilot_to_prod', ROOT/'pilot_to_prod'], capture_output=True, text=True)
    assert not done.stdout, done.stdout


def test_nothing_of_this_machine_is_committed():
    done = subprocess.run(['git', 'ls-files', '-z'], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip('not a git checkout')
    home = re.compile(r'(^|[\s"\'(=])/(home|root|work|Users)/\w')
    corpus = 'tests/lint_corpus/'   # other people's machines, invented
    names = [n for n in done.stdout.split('\0') if not n.startswith(corpus)]
    texts = [ROOT/n for n in names if n.endswith(('.py', '.md', '.ipynb', '.toml', '.ini', '.yaml', '.yml', '.lock'))]
    wrong = [str(p.relative_to(ROOT)) for p in texts if p.name not in ('test_house.py', 'pilot.ipynb') and p.is_file() and home.search(p.read_text())]
    assert not wrong

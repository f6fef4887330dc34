"""Heavy libraries wait for their first use; each case is a fresh process, since a notebook's process may hold them already."""
import subprocess
import sys

import pytest

HEAVY = ('litellm', 'mlflow', 'great_expectations', 'presidio_analyzer', 'spacy', 'sklearn', 'pandas', 'matplotlib', 'papermill')
CASES = {
    'counting tokens': 'from pilot_to_prod.core.tokens import count_tokens; assert count_tokens("hello world", "gpt-4o") == 2',
    'reading the price list': 'from pilot_to_prod.core.prices import list_price; assert list_price("openai/gpt-4o-mini-2024-07-18")',
    'the embedded models': 'import pilot_to_prod.serve.local',
    'a feature': 'import pilot_to_prod.serve.feature',
    'the command line': 'import pilot_to_prod.cli.app',
}


@pytest.mark.parametrize('code', CASES.values(), ids=CASES.keys())
def test_nothing_heavy_is_imported(code):
    told = f'import sys\n{code}\nprint(*[o for o in {HEAVY} if o in sys.modules])'
    done = subprocess.run([sys.executable, '-c', told], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ''), done.stderr

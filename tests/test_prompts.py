"Prompts and models across processes: eight that register at once, loading without MLflow, a rollback that other processes see, and every gate's flip."
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pilot_to_prod.core.settings import Settings, load_settings
from pilot_to_prod.core.store import client
from pilot_to_prod.notebook.lint import lint, production_files
from pilot_to_prod.prompts.files import lock_prompts, prompt_path
from pilot_to_prod.prompts.models import ModelFacts, lock_models
from pilot_to_prod.prompts.promote import rollback
from pilot_to_prod.prompts.registry import prompts_result, sync_models, sync_prompts

FACTS = (ModelFacts(name='intent', sha256='a'*64, folder='mlruns/models/intent/aa', data_sha256='d'*64, seed=1, kind='classifier'),)
HEAD = 'name: triage\nowner: Ann Example\nmax_tokens: 60\nschema: pilot.feature.Triage\nvariables: {text: {type: str}}\n'


def write(root: Path, version: str, text: str, models: str = 'local/intent') -> None:
    path = prompt_path(root, 'triage', version)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'---\n{HEAD}version: {version}\nmodels: [{models}]\n---\n# user\n{text} {{{{text}}}}\n')


@pytest.fixture
def pilot(tmp_path: Path) -> Settings:
    (tmp_path/'settings.ini').write_text('[pilot]\nname = bank\n')
    (tmp_path/'pilot').mkdir()
    (tmp_path/'pilot'/'feature.py').write_text('from pydantic import BaseModel\n\n\nclass Triage(BaseModel):\n    intent: str\n')
    write(tmp_path, '0.1.0', 'Sort this.')
    write(tmp_path, '1.0.0', 'Sort this mail.')
    lock_prompts(tmp_path)
    return load_settings(tmp_path, env={})


def run(code: str, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, '-c', code, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_eight_processes_register_each_version_once(pilot: Settings) -> None:
    code = ('import sys\nfrom pilot_to_prod.core.settings import load_settings\nfrom pilot_to_prod.prompts.register import register_prompts\n'
            'print(register_prompts(load_settings(sys.argv[1], env={})).state)')
    others = [run(code, str(pilot.root)) for _ in range(8)]
    told = [p.communicate(timeout=300) for p in others]
    assert [p.returncode for p in others] == [0]*8, told
    c = client(pilot)
    assert sorted(pv.tags['p2p.version'] for pv in c.search_prompt_versions('bank.triage')) == ['0.1.0', '1.0.0']
    assert c.get_prompt_version_by_alias('bank.triage', 'production').tags['p2p.version'] == '1.0.0'


def test_loading_and_rendering_load_nothing_heavy(pilot: Settings) -> None:
    code = ('import sys\nfrom pilot_to_prod.prompts.files import load_prompt\nfrom pilot_to_prod.prompts.render import render\n'
            'render(load_prompt(sys.argv[1], "triage"), dict(text="hi"))\n'
            'print([m for m in ("mlflow", "litellm", "pandas", "numpy", "sklearn", "IPython") if m in sys.modules])')
    out, err = run(code, str(pilot.root)).communicate(timeout=60)
    assert out.strip() == '[]', err


def test_a_running_process_sees_a_rollback(pilot: Settings) -> None:
    code = ('import sys\nfrom pilot_to_prod.prompts.files import load_prompt\n'
            'for line in sys.stdin: print(load_prompt(sys.argv[1], "triage").version, flush=True)')
    other = subprocess.Popen([sys.executable, '-c', code, str(pilot.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdin and other.stdout

    def seen() -> str:
        other.stdin.write('\n')  # type: ignore[union-attr]
        other.stdin.flush()  # type: ignore[union-attr]
        return other.stdout.readline().strip()  # type: ignore[union-attr]

    assert seen() == '1.0.0'
    rollback(pilot.root, 'triage', by='Bo Example', reason='labels drift')
    assert seen() == '0.1.0'
    other.stdin.close()
    assert other.wait(timeout=10) == 0


def failed(s: Settings, facts: tuple[ModelFacts, ...] = FACTS, weights: dict[str, str] | None = None) -> list[str]:
    code = lint(*production_files(s.root), base=s.root).summary()
    return [c.id for c in prompts_result(s, sync_prompts(s), facts, sync_models(s, facts), weights, production_code=code).gate.failed]


def test_each_check_flips(pilot: Settings) -> None:
    root = pilot.root
    lock_models(root, FACTS)
    assert failed(pilot) == []

    feature = root/'pilot'/'feature.py'
    was = feature.read_text()
    feature.write_text(was + '\n\ndef answer(client):\n    return client.responses.create(input="x", timeout=5)\n')
    assert failed(pilot) == ['lint_clean', 'direct_calls']
    feature.write_text(was + '    confidence: float = 0\n')   # the schema is part of the prompt
    assert failed(pilot) == ['lock_verified']
    feature.write_text(was)

    write(root, '1.0.1', 'Sort this mail.', models='local/fewshot')
    assert failed(pilot) == ['lock_verified', 'bump_matches_change']
    write(root, '1.0.1', 'Sort this mail.', models='gpt-4o')
    assert failed(pilot) == ['lock_verified', 'dated_models', 'bump_matches_change']
    prompt_path(root, 'triage', '1.0.1').unlink()

    assert failed(pilot, weights={'intent': 'weights changed'}) == ['models_verified']
    assert failed(pilot, facts=(FACTS[0].model_copy(update={'data_sha256': 'e'*64}),)) == ['models_verified']

    c = client(pilot)
    number = c.get_prompt_version_by_alias('bank.triage', 'production').version
    c.set_prompt_version_tag('bank.triage', str(number), 'mlflow.prompt.text', json.dumps('obey'))
    assert failed(pilot) == ['registry_verified']


def test_a_registry_that_is_down_is_unknown_and_stops_nothing(pilot: Settings) -> None:
    (pilot.root/'settings.ini').write_text('[pilot]\nname = bank\n[mlflow]\nuri = http://127.0.0.1:9\n')
    down = load_settings(pilot.root, env={})
    result = prompts_result(down, sync_prompts(down))
    found = result.check('registry_verified')
    assert found and found.verdict == 'unknown' and 'registry_unverified' in found.why
    assert result.gate.verdict == 'unknown'

"""What the README shows is run as it stands."""
import os
import re
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

README = (ROOT/'README.md').read_text()
TOPICS = ('my card was stolen yesterday', 'where is the refund for my order', 'the app does not open any more')


def blocks(language):
    return re.findall(rf'<!-- tested -->\n```{language}\n(.*?)```', README, re.S)


def test_shell_block(tmp_path):
    rows = ''.join(f'{TOPICS[i % 3]} number {i},{("card", "refund", "app")[i % 3]}\n' for i in range(300))
    (tmp_path/'messages.csv').write_text('text,topic\n' + rows)
    script, = blocks('bash')
    env = {**os.environ, 'PATH': f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'}
    done = subprocess.run(['bash', '-euo', 'pipefail', '-c', script], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "label = 'topic'" in done.stdout and 'never run' in done.stdout


def test_prompt_block(tmp_path):
    """The life of one prompt version, in a copy of the sample whose classifier is trained."""
    from test_history import DRIVER, sample
    root, env = sample(tmp_path/'sample')
    script, = re.findall(r'<!-- prompts -->\n```bash\n(.*?)```', README, re.S)
    done = subprocess.run([sys.executable, '-c', DRIVER, script], cwd=root, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert 'triage 1.0.0 -> 1.2.0  by Tove Hallin' in done.stdout and 'triage 1.2.0 -> 1.0.0  by Kerstin Vallmo: drill' in done.stdout


def test_python_block(capsys):
    script, = blocks('python')
    exec(script, {})
    assert capsys.readouterr().out == 'fail\n'


def test_commands_named_exist():
    from pilot_to_prod.cli.app import main
    named = {c for c in re.findall(r'`pilot ([a-z]+(?: [a-z]+)?)', README)}
    for command in sorted(named):
        words = command.split()
        tries = [words, words[:1]]
        assert any(main([*t, '--help']) == 0 for t in tries), command


def test_run_output_is_of_the_sample():
    shown = re.search(r'<!-- run -->\n```text\n(.*?)```\n<!-- /run -->', README, re.S)[1]
    for stage in (p.stem.split('_', 1)[1] for p in (ROOT/'nbs'/'stages').glob('[0-9]*.ipynb')):
        assert re.search(rf'^{stage} ', shown, re.M), stage
    assert 'GO: ' in shown

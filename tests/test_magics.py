"""`%%prompt` in a real shell, and its page in a browser."""
import os
import re
import shutil
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from conftest import ROOT

SHOTS = os.environ.get('P2P_SHOTS')   # a folder for screenshots to look at
CHROMIUM = Path(os.environ.get('P2P_CHROMIUM', '/usr/bin/chromium'))


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """The sample pilot in a folder of its own."""
    for name in ('settings.ini', 'models.yaml'):
        shutil.copy(ROOT/name, tmp_path/name)
    shutil.copytree(ROOT/'pilot', tmp_path/'pilot', ignore=shutil.ignore_patterns('__pycache__', 'data', 'documents'))
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith(('P2P_', 'PILOT_'))]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def shell(desk):
    made = InteractiveShell()
    made.run_line_magic('load_ext', 'pilot_to_prod.notebook.magics')
    yield made
    made.run_line_magic('unload_ext', 'pilot_to_prod.notebook.magics')
    made.history_manager.end_session()


def run(shell, source):
    """What a cell gave, and what it printed."""
    with capture_output() as printed:
        done = shell.run_cell(source)
    return done.result, printed.stdout + printed.stderr


def load(shell, target):
    """The text that the line magic put into the next cell."""
    got = []
    shell.set_next_input = lambda text, **_: got.append(text)
    run(shell, f'%prompt {target}')
    return got[0]


def test_edit_count_compare_save(shell, desk):
    cell = load(shell, 'triage')
    assert cell.startswith('%%prompt triage\n---\nname: triage\nversion: ')
    files = sorted(p.name for p in (desk/'pilot'/'prompts').iterdir())
    same, _ = run(shell, cell)
    assert same.report.needs == 'none' and same.tokens == same.tokens_before

    edited = cell.replace('You do not answer them.', 'You never answer them.')
    draft, _ = run(shell, edited)
    assert draft.report.needs == 'minor' and '<ins' in draft._repr_html_() and 'never' in draft._repr_html_()
    assert draft.worst_usd and all(usd > 0 for usd in draft.worst_usd.values())
    assert sorted(p.name for p in (desk/'pilot'/'prompts').iterdir()) == files   # nothing is written without --save

    saving = edited.replace('%%prompt triage', '%%prompt triage --save --note "firmer" --author "Samir Rashid"', 1)
    kept, told = run(shell, saving)
    assert kept.saved == f'triage@{draft.version}.md', told
    text = (desk/'pilot'/'prompts'/kept.saved).read_text(encoding='utf-8')
    assert 'change: "firmer"' in text and 'author: "Samir Rashid"' in text and 'You never answer them.' in text
    again, told = run(shell, saving)
    assert again.saved != kept.saved   # the number is taken now; the next one is used
    assert (desk/'pilot'/'prompts'/kept.saved).read_text(encoding='utf-8') == text

    from pilot_to_prod.prompts.files import load_prompt, lock_prompts
    lock_prompts(desk)
    assert load_prompt(desk, 'triage', draft.version).author == 'Samir Rashid'


def test_a_breaking_change_gets_a_major_number(shell):
    cell = load(shell, 'triage').replace('{{text}}', '{{message}}').replace('  text: {', '  message: {')
    draft, _ = run(shell, cell)
    assert draft.report.needs == 'major' and draft.version.endswith('.0.0') and int(draft.version.split('.')[0]) > int(draft.report.before.split('.')[0])


@pytest.mark.parametrize('source, told', [
    ('%%prompt triage\n# system\nx', 'no `# user` message'),
    ('%%prompt triage\n# user\n{{nobody}}', "uses 'nobody'"),
    ('%%prompt trige\n# user\nx', 'a new prompt needs its front matter'),
    ('%%prompt triage --wrong\n# user\nx', 'unrecognized arguments'),
    ('%prompt triage@9.9.9', 'no version 9.9.9')])
def test_an_error_is_one_line(shell, source, told):
    result, printed = run(shell, source)
    assert result is None and told in printed and 'Traceback' not in printed


def test_a_locked_file_that_was_changed_is_no_ground_to_build_on(shell, desk):
    cell = load(shell, 'triage')
    path = next(p for p in (desk/'pilot'/'prompts').glob('triage@*.md') if f'version: {p.stem.partition("@")[2]}' in cell)
    path.write_text(path.read_text(encoding='utf-8').replace('right queue', 'wrong queue'), encoding='utf-8')
    result, printed = run(shell, cell)
    assert result is None and 'locked as' in printed


@pytest.mark.skipif(not CHROMIUM.is_file(), reason=f'{CHROMIUM} is missing: install chromium, or name one in P2P_CHROMIUM')
def test_the_page_in_a_browser(shell):
    from playwright.sync_api import sync_playwright
    cell = load(shell, 'triage').replace('You do not answer them.', 'You <img src="http://127.0.0.1:9/x" onerror="document.title=1"> answer them </pre>.')
    draft, _ = run(shell, cell)
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=['--no-sandbox', '--disable-gpu', '--disable-background-networking'])
        try:
            for scheme in ('light', 'dark'):
                page, asked = browser.new_page(color_scheme=scheme), []
                page.on('request', lambda r, asked=asked: asked.append(r.url))
                page.set_content(f'<title>cell</title><body style="background:{"#fff" if scheme == "light" else "#111"}">{draft._repr_html_()}')
                assert page.title() == 'cell' and not [u for u in asked if '127.0.0.1' in u] and page.locator('img').count() == 0
                for tag, line in (('ins', 'underline'), ('del', 'line-through')):
                    mark = page.locator(tag).first
                    style = mark.evaluate('e => [getComputedStyle(e).textDecorationLine, getComputedStyle(e).color, getComputedStyle(e).backgroundColor]')
                    assert style[0] == line and contrast(*style[1:]) >= 4.5, (tag, style)
                if SHOTS:
                    page.screenshot(path=f'{SHOTS}/magic-{scheme}.png', full_page=True)
                page.close()
        finally:
            browser.close()


def contrast(*colours):
    """WCAG contrast of two CSS colours."""
    def bright(colour):
        parts = [int(v)/255 for v in re.findall(r'\d+', colour)[:3]]
        return sum(w*(v/12.92 if v <= .03928 else ((v + .055)/1.055)**2.4) for w, v in zip((.2126, .7152, .0722), parts, strict=True))
    light, dark = sorted((bright(c) for c in colours), reverse=True)
    return (light + .05)/(dark + .05)

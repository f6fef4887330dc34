"""What a reviewer sees: the run's report and the evidence site in headless Chromium, with nothing from outside."""
import json
import os
import threading
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pilot_to_prod.core.clock import fixed_clock
from pilot_to_prod.core.results import Result, check, save_result
from pilot_to_prod.core.settings import PilotSection, Settings
from pilot_to_prod.notebook.library import site_nav
from pilot_to_prod.notebook.site import build_site, notebook_markdown
from pilot_to_prod.pipeline.evidence import build_pilot_site
from pilot_to_prod.pipeline.record import Run, StageRun, runs_folder, save_run
from pilot_to_prod.pipeline.report import build_report

from conftest import ROOT

CHROMIUM = Path(os.environ.get('P2P_CHROMIUM', '/usr/bin/chromium'))
pytestmark = pytest.mark.skipif(not CHROMIUM.is_file(), reason=f'{CHROMIUM} is missing: install it with apt-get install chromium, or name one in P2P_CHROMIUM')
CHART = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="80"><rect width="120" height="60" fill="#1a7f37"/></svg>'


class Ready(Result):
    line: str
    areas: dict[str, dict[str, int]]
    steps: list[dict[str, str]]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        """A browser that leaves a page hangs up; that is no news."""


def book(title, *outputs):
    cells = [{'cell_type': 'markdown', 'source': f'# {title}\n> One sentence.', 'metadata': {}, 'id': 'a'}]
    cells += [{'cell_type': 'code', 'source': f'step({n})', 'metadata': {}, 'id': f'b{n}', 'execution_count': n, 'outputs': [o]} for n, o in enumerate(outputs)]
    return json.dumps({'cells': cells, 'nbformat': 4, 'nbformat_minor': 5, 'metadata': {}})


def shown(**data):
    return {'output_type': 'display_data', 'metadata': {}, 'data': {k.replace('_', '/', 1).replace('svg', 'svg+xml'): v for k, v in data.items()}}


@pytest.fixture(scope='module')
def finished(tmp_path_factory):
    """A pilot whose run left two stages, a page of an audit and a handoff pack; nothing was executed for it."""
    root = tmp_path_factory.mktemp('pilot')
    folder = runs_folder(root)/'r1'
    save_result(Result(stage='evaluation', checks=(check('accuracy', 'share of zebra questions answered', 0.71, '>=', 0.8),)), folder)
    save_result(Ready(stage='readiness', checks=(check('go', 'every rule is met', False, '==', True),), line='NO-GO: 1 of 3 met',
                      areas={'data': {'met': 1, 'unmet': 2}}, steps=[{'rule': 'R23', 'do': 'run `pilot signoff legal`', 'why': 'nobody signed'}]), folder)
    stderr = {'output_type': 'stream', 'name': 'stderr', 'text': 'KernelWarning: noise'}
    (folder/'evaluation.ipynb').write_text(book('Evaluation', stderr, shown(image_svg=CHART, text_plain='<Figure size 640x480>'),
                                                shown(text_html='<table><tr><th>case</th></tr><tr><td>quokka-17</td></tr></table>'),
                                                shown(text_plain="PosixPath('evaluation.result.json')")))
    (folder/'readiness.ipynb').write_text(book('Readiness'))
    for where, text in (('handoff/pack', '# The pack\n\n[owners](owners.md)'), ('evaluation', '')):
        (folder/where).mkdir(parents=True)
        (folder/where/('index.md' if text else 'index.html')).write_text(text or '<title>Case book</title><p>all cases</p>')
    (folder/'handoff'/'pack'/'owners.md').write_text('# Owners\n\nOne person for each duty.')
    start = fixed_clock('2026-03-01')()
    stages = {n: StageRun(status='done', verdict='fail', seconds=1.0) for n in ('evaluation', 'readiness')}
    run = Run(id='r1', started=start, ended=start+timedelta(seconds=9), exit_code=1, stages=stages)
    save_run(root, run)
    return build_pilot_site(Settings(root=root, pilot=PilotSection(name='demo', title='Demo desk'))).parent, build_report(root, run, {})


@pytest.fixture(scope='module')
def browser():
    from playwright.sync_api import sync_playwright
    with sync_playwright() as p:
        made = p.chromium.launch(executable_path=str(CHROMIUM), args=['--no-sandbox', '--disable-gpu', '--disable-background-networking'])
        yield made
        made.close()


@pytest.fixture
def serve():
    servers = []

    def start(folder):
        servers.append(Server(('127.0.0.1', 0), partial(Quiet, directory=str(folder))))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f'http://127.0.0.1:{servers[-1].server_port}'
    yield start
    for s in servers:
        s.shutdown()
        s.server_close()


@pytest.fixture(params=['light', 'dark'])
def page(browser, request):
    """A page that may reach loopback and files only; what it asked of others, and its errors, must be nothing."""
    context, outside, errors = browser.new_context(color_scheme=request.param), [], []

    def only_here(route):
        url = route.request.url
        if url.startswith(('http://127.0.0.1:', 'file://', 'data:', 'blob:')):
            return route.continue_()
        outside.append(url)
        return route.abort()
    context.route('**/*', only_here)
    made = context.new_page()
    made.set_default_timeout(10_000)
    made.on('console', lambda m: errors.append(m.text) if m.type == 'error' else None)
    made.on('pageerror', lambda e: errors.append(str(e)))
    yield made
    context.close()
    assert (outside, errors) == ([], [])


def contrast(page, selector):
    """WCAG contrast of a text with the nearest painted background."""
    return page.locator(selector).first.evaluate('''e => {
        const rgb = s => s.match(/[\\d.]+/g).map(Number), lum = c => { const f = c.slice(0, 3).map(v => (v /= 255) <= .03928 ? v/12.92 : ((v+.055)/1.055)**2.4);
            return .2126*f[0] + .7152*f[1] + .0722*f[2] };
        let b = e; while (b && (rgb(getComputedStyle(b).backgroundColor)[3] ?? 1) === 0) b = b.parentElement;
        const [x, y] = [lum(rgb(getComputedStyle(e).color)), b ? lum(rgb(getComputedStyle(b).backgroundColor)) : 1].sort((p, q) => q - p);
        return (x + .05) / (y + .05) }''')


def test_evidence_site(finished, serve, page):
    home = serve(finished[0])
    page.goto(f'{home}/index.html')
    assert page.locator('.verdict.fail').inner_text() == 'NO-GO: 1 of 3 met'
    assert page.locator('.verdict').bounding_box()['y'] < 400
    assert page.locator('li code', has_text='pilot signoff legal').is_visible()
    assert contrast(page, 'td .fail') >= 4.5
    page.locator('td a', has_text='0.71').first.click()
    page.wait_for_url('**/stages/evaluation.html')
    assert page.locator('td', has_text='quokka-17').is_visible()
    chart = page.locator('article img').first
    assert chart.evaluate('e => e.complete && e.naturalWidth') == 200
    text = page.locator('article').inner_text()
    assert not [w for w in ('KernelWarning', 'Figure size', 'PosixPath') if w in text]
    page.get_by_role('link', name='Case book').click()
    assert page.locator('body').inner_text().strip() == 'all cases'


def test_search_of_the_evidence_site(finished, serve, page):
    page.goto(f'{serve(finished[0])}/index.html')
    page.locator('button.md-search__button').click()
    page.get_by_role('combobox').press_sequentially('quokka')
    page.get_by_role('option').filter(has_text='quokka').first.click()
    page.wait_for_url('**/stages/evaluation.html*')


def test_run_report_from_a_disk(finished, page):
    page.goto(finished[1].as_uri())
    assert page.locator('.verdict.fail').inner_text() == 'NO-GO: 1 of 3 met'
    assert contrast(page, 'td .fail') >= 4.5
    page.locator('td a', has_text='0.71').click()
    page.wait_for_url('**/evaluation.html')
    assert page.locator('h1').inner_text() == 'Evaluation'
    assert page.locator('svg, img').first.is_visible()
    page.get_by_role('link', name='the run').click()
    page.wait_for_url('**/index.html')


def test_library_pages(tmp_path, serve, page):
    """Two real notebooks as the library's site shows them, with the links between them."""
    pages = {f'core/{n}.md': notebook_markdown(json.loads((ROOT/'nbs'/'core'/f'{n}.ipynb').read_text()), tmp_path/'docs'/'core'/'img')
             for n in ('00_errors', '02_clock')}
    made = build_site(tmp_path, 'Library', {'index.md': '# Library\n\nStart.', **pages}, site_nav(['index.md', *pages], dict.fromkeys(pages, 'x')))
    home = serve(made.parent)
    page.goto(f'{home}/core/02_clock.html')
    assert page.locator('h1').inner_text() == 'Clock and ids'
    assert contrast(page, 'article code') >= 4.5


@pytest.fixture(scope='module')
def audited(tmp_path_factory):
    """The pages of a data audit of sixty messages."""
    from pilot_to_prod.core.settings import DataSection
    from pilot_to_prod.data.audit import audit
    from pilot_to_prod.data.pages import audit_pages
    root = tmp_path_factory.mktemp('audited')
    rows = [f'm{i},2026-01-{i % 28 + 1:02d}T08:00:00Z,where is transfer {i} of ann{i}@example.com,{("late", "lost")[i % 2]}' for i in range(60)]
    (root/'log.csv').write_text('\n'.join(['id,ts,text,intent', *rows]) + '\n')
    settings = Settings(root=root, pilot=PilotSection(name='demo', title='Demo desk', owner='Ann Example'),
                        data=DataSection(log='log.csv', text='text', label='intent', time='ts', id='id', min_rows=20, freshness_days=7))
    now = fixed_clock('2026-03-01')
    return audit_pages(audit(settings, now), settings, root/'pages', fixed_clock('2026-04-01')).parent


def test_audit_pages(audited, serve, page):
    home = serve(audited)
    page.goto(f'{home}/index.html')
    assert page.locator('h1').inner_text() == 'Data audit of Demo desk'
    assert page.locator('td.word.fail').first.is_visible() and contrast(page, 'td.word.fail') >= 4.5 and contrast(page, 'td.word.unknown') >= 4.5
    for chart in ('Findings and the rows that they touch', 'Missing by column', 'Rows by label', 'Label balance over time', 'Personal data by column'):
        assert page.locator('figcaption', has_text=chart).is_visible(), chart
    assert page.locator('td', has_text='overdue').first.is_visible()
    page.get_by_role('link', name='Data Docs').click()
    page.wait_for_url('**/data_docs/index.html')
    page.locator('td a', has_text='validation').first.click()
    page.wait_for_url('**/data_docs/validation_log.html')
    assert page.locator('tbody tr').count() >= 8 and page.locator('code', has_text='text').first.is_visible()
    page.locator('nav a', has_text='Data audit').click()
    page.wait_for_url('**/index.html')


@pytest.mark.parametrize('width', [360, 1280])
def test_audit_pages_fit_the_window(audited, serve, page, width):
    page.set_viewport_size({'width': width, 'height': 800})
    home = serve(audited)
    for path in sorted(audited.rglob('*.html')):
        page.goto(f'{home}/{path.relative_to(audited).as_posix()}')
        assert page.evaluate('document.documentElement.scrollWidth') <= width, path.name
        assert 'example.com' not in page.content()

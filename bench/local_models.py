"""The embedded models on real input: `python bench/local_models.py [--only intent extract fewshot] [--json FILE]`.

Trains on pilot_log.csv alone and looks at golden_dev.csv and out_of_scope.csv once, at the end. The peers, trained on the same rows in the same run, are
plain TF-IDF with logistic regression and with a linear support vector machine. The data's folder is $P2P_SHARED_DATA or ../shared/data beside the project.
"""
import argparse
import csv
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ.setdefault(name, '1')
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
DATA = Path(os.environ.get('P2P_SHARED_DATA') or ROOT.parent/'shared'/'data')


def rows_of(path):
    with open(path, encoding='utf-8', newline='') as f:
        return list(csv.DictReader(f))


def jsonl(path):
    return [json.loads(line) for line in path.read_text(encoding='utf-8').splitlines() if line.strip()]


def latency(predict, texts):
    import numpy as np
    wall, cpu = [], time.process_time()
    for text in texts:
        at = time.perf_counter()
        predict(text)
        wall.append((time.perf_counter()-at)*1000)
    return dict(p50_ms=round(float(np.percentile(wall, 50)), 2), p95_ms=round(float(np.percentile(wall, 95)), 2),
                cpu_ms=round((time.process_time()-cpu)*1000/len(texts), 2))


def bench_intent():
    from pilot_to_prod.serve.intent_store import load_stored, train_and_store
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC
    log, golden, foreign = (rows_of(DATA/'banking_support'/f'{n}.csv') for n in ('pilot_log', 'golden_dev', 'out_of_scope'))
    texts, labels = [r['text'] for r in log], [r['intent'] for r in log]
    asked, wanted = [r['text'] for r in golden], [r['intent'] for r in golden]
    models = Path(tempfile.mkdtemp())/'mlruns'/'models'
    at, wall = time.process_time(), time.perf_counter()
    stored = train_and_store(models, 'intent', texts, labels)
    out = dict(train_cpu_s=round(time.process_time()-at, 1), train_wall_s=round(time.perf_counter()-wall, 1))
    wall = time.perf_counter()
    assert train_and_store(models, 'intent', texts, labels) == stored
    out['reuse_wall_s'] = round(time.perf_counter()-wall, 2)
    wall = time.perf_counter()
    model = load_stored(models, 'intent')
    out['load_wall_s'] = round(time.perf_counter()-wall, 2)
    out['size_mb'] = round(sum(p.stat().st_size for p in models.rglob('*') if p.is_file())/1e6, 1)
    out |= {f'log_{k}': v for k, v in model.card().items() if isinstance(v, float)}
    guesses = model.predict(asked)
    answered = [g.label == w for g, w in zip(guesses, wanted, strict=True) if not g.abstained]
    out |= dict(golden_accuracy=round(sum(g.label == w for g, w in zip(guesses, wanted, strict=True))/len(wanted), 4),
                golden_abstained=round(1-len(answered)/len(wanted), 4), golden_accuracy_answered=round(sum(answered)/len(answered), 4))
    kinds = sorted({r['kind'] for r in foreign})
    away = {k: model.predict([r['text'] for r in foreign if r['kind'] == k]) for k in kinds}
    far = [g for k in ('other_domain', 'oos') for g in away.get(k, [])]
    for name, found in {**away, 'other_domain+oos': far}.items():
        truth = [1]*len(guesses) + [0]*len(found)
        out[f'auc_{name}'] = round(float(roc_auc_score(truth, [g.scope for g in [*guesses, *found]])), 4)
        out[f'auc_by_confidence_{name}'] = round(float(roc_auc_score(truth, [g.confidence for g in [*guesses, *found]])), 4)
        out[f'abstained_{name}'] = round(sum(g.abstained for g in found)/len(found), 4)
    out |= {f'predict_{k}': v for k, v in latency(lambda t: model.predict([t]), asked).items()}
    for name, peer in (('plain_lr', LogisticRegression(C=20, max_iter=200)), ('plain_svm', LinearSVC())):
        at = time.process_time()
        pipe = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), peer).fit(texts, labels)
        out[f'{name}_golden_accuracy'] = round(float((pipe.predict(asked) == wanted).mean()), 4)
        out[f'{name}_cpu_s'] = round(time.process_time()-at, 1)
    return out


def bench_extract():
    """Three documents found by TF-IDF for each question; once with the document that answers, once without it."""
    from pilot_to_prod.serve.extract import Block, answer_from
    from sklearn.feature_extraction.text import TfidfVectorizer
    docs, questions = jsonl(DATA/'rag_support'/'docs.jsonl'), jsonl(DATA/'rag_support'/'qa.jsonl')
    vectorizer = TfidfVectorizer(stop_words='english', sublinear_tf=True)
    matrix = vectorizer.fit_transform([f"{d['title']}\n{d['text']}" for d in docs])
    n = dict(asked=0, cited_right=0, cited_wrong=0, silent=0, without=0, without_answered=0)
    spent = time.process_time()
    for q in questions:
        order = (matrix @ vectorizer.transform([q['question_standalone']]).T).toarray().ravel().argsort()[::-1]
        found = [docs[i] for i in order[:4]]
        gold = [d for d in docs if d['doc_id'] == q['doc_id']]
        if not gold:
            continue
        others = [d for d in found if d['doc_id'] != q['doc_id']]
        blocks = [[Block(doc_id=d['doc_id'], title=d['title'], text=d['text']) for d in o] for o in ([*others[:1], *gold, *others[1:2]], others[:3])]
        with_gold, without = (answer_from(q['question_standalone'], b) for b in blocks)
        n['asked'] += 1
        n['silent'] += not with_gold['citations']
        n['cited_right'] += with_gold['citations'] == [q['doc_id']]
        n['cited_wrong'] += with_gold['citations'] not in ([], [q['doc_id']])
        n['without'] += 1
        n['without_answered'] += bool(without['citations'])
    foreign = [r['text'] for r in rows_of(DATA/'banking_support'/'out_of_scope.csv') if r['kind'] != 'banking_adjacent'][:300]
    stray = 0
    for text in foreign:
        order = (matrix @ vectorizer.transform([text]).T).toarray().ravel().argsort()[::-1]
        stray += bool(answer_from(text, [Block(doc_id=docs[i]['doc_id'], title=docs[i]['title'], text=docs[i]['text']) for i in order[:3]])['citations'])
    cpu = (time.process_time()-spent)*1000/(2*n['asked']+len(foreign))
    return n | dict(cited_right_share=round(n['cited_right']/n['asked'], 3), without_answered_share=round(n['without_answered']/n['without'], 3),
                    foreign=len(foreign), foreign_answered_share=round(stray/len(foreign), 3), cpu_ms=round(cpu, 2))


def bench_fewshot():
    """Golden rows under prompts that tell more and more."""
    from pilot_to_prod.serve.fewshot import fewshot
    log, golden = rows_of(DATA/'banking_support'/'pilot_log.csv'), rows_of(DATA/'banking_support'/'golden_dev.csv')[::3]
    labels = sorted({r['intent'] for r in log})
    shown = {k: [r['text'] for r in log if r['intent'] == k and len(r['text']) < 100] for k in labels}
    form = 'Answer with JSON: {"intent": "<label>"}'
    listed = 'Classify the message.\n' + '\n'.join(f'- {k}' for k in labels)
    prompts, out = {'no_list': 'Say what the customer wants.', 'list': f'{listed}\n{form}'}, {}
    for n in (1, 3):
        prompts[f'list_{n}_examples'] = '\n'.join([listed, *(f'{t} => {k}' for k in labels for t in shown[k][:n]), form])
    for name, system in prompts.items():
        at, right, valid = time.process_time(), 0, 0
        for r in golden:
            try:
                said = json.loads(fewshot([dict(role='system', content=system), dict(role='user', content=r['text'])]))
            except json.JSONDecodeError:
                continue
            valid, right = valid+1, right+(said.get('intent') == r['intent'])
        out |= {f'{name}_accuracy': round(right/len(golden), 3), f'{name}_valid': round(valid/len(golden), 3),
                f'{name}_cpu_ms': round((time.process_time()-at)*1000/len(golden), 1)}
    return out


BENCHES = dict(intent=bench_intent, extract=bench_extract, fewshot=bench_fewshot)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--only', nargs='*', choices=BENCHES, default=list(BENCHES))
    parser.add_argument('--json', help='also write the figures to this file')
    args = parser.parse_args()
    if not (DATA/'banking_support').is_dir():
        print(f'Skipped: no data in {DATA.name}. Set P2P_SHARED_DATA to the folder that holds banking_support.')
        return
    found = {name: BENCHES[name]() for name in args.only}
    found['peak_mb'] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024)
    for name, figures in found.items():
        print(name if isinstance(figures, dict) else f'{name} {figures}')
        for k, v in figures.items() if isinstance(figures, dict) else ():
            print(f'  {k:<36} {v}')
    text = json.dumps(found, sort_keys=True)
    print(text)
    if args.json:
        Path(args.json).write_text(text + '\n')


if __name__ == '__main__':
    main()

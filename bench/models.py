"""What verifying a trained model costs: `python bench/models.py [--rows N] [--json FILE]`.

The embedded classifier is trained on made-up rows, locked and registered; then the verified load (files, hashes, card, lock, log, registry) is timed beside
joblib and pickle of the very same object, which verify nothing and run whatever is in the file. Also: a look at a model that is loaded already, promotion and
rollback, and registering. Each time is the median; the ratio is against the peer in the same run.
"""
import argparse
import json
import pickle
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
TOPICS = 24


def rows_of(n):
    """Messages of random words, of which each topic prefers some."""
    draw = random.Random(1)
    words = [''.join(draw.choices('abcdefghiklmnoprstuvy', k=draw.randint(3, 9))) for _ in range(3000)]
    own = [draw.sample(words, 40) for _ in range(TOPICS)]
    out = []
    for i in range(n):
        topic = i % TOPICS
        out.append((' '.join(draw.choices(own[topic], k=5) + draw.choices(words, k=6)), f'topic_{topic:02d}'))
    return out


def timed(act, times):
    taken = []
    for _ in range(times):
        at = time.perf_counter()
        act()
        taken.append((time.perf_counter() - at)*1000)
    return round(statistics.median(taken), 4)


def measure(n):
    import joblib
    from pilot_to_prod.core.settings import load_settings
    from pilot_to_prod.core.weights import bundle_sha256, read_once
    from pilot_to_prod.prompts.model_load import load_model, served_model
    from pilot_to_prod.prompts.model_publish import register_models
    from pilot_to_prod.prompts.models import lock_models
    from pilot_to_prod.serve.intent import FILES, load_intent
    from pilot_to_prod.serve.intent_store import train_and_store
    root = Path(tempfile.mkdtemp()).resolve()
    (root/'settings.ini').write_text('[pilot]\nname = bench\n')
    settings = load_settings(root, env={})
    at = time.perf_counter()
    facts = train_and_store(root/'mlruns'/'models', 'intent', *zip(*rows_of(n), strict=True))
    out = {'rows': n, 'train_s': round(time.perf_counter() - at, 2)}
    lock_models(root, [facts], 'Ann Example')
    at = time.perf_counter()
    register_models(settings, [facts])
    out['register_first_s'] = round(time.perf_counter() - at, 2)  # with the store's tables and MLflow's import
    out['register_again_ms'] = timed(lambda: register_models(settings, [facts]), 20)
    folder = root/facts.folder
    out['weights_kb'] = round(sum((folder/f).stat().st_size for f in FILES)/1024)
    model = load_model(root, 'intent').model
    joblib.dump(model, root/'model.joblib', compress=3)
    (root/'model.pkl').write_bytes(pickle.dumps(model))
    out['verified_load_ms'] = timed(lambda: load_model(root, 'intent'), 20)
    out['of_which_reading_ms'] = timed(lambda: load_intent(folder), 20)
    out['of_which_hashing_ms'] = timed(lambda: bundle_sha256(read_once(folder, FILES)), 20)
    out['joblib_ms'] = timed(lambda: joblib.load(root/'model.joblib'), 20)
    out['pickle_ms'] = timed(lambda: pickle.loads((root/'model.pkl').read_bytes()), 20)
    served_model(root, 'intent')
    out['cached_load_ms'] = timed(lambda: served_model(root, 'intent'), 1000)
    out['load_vs_joblib'] = round(out['verified_load_ms']/out['joblib_ms'], 2)
    out['load_vs_pickle'] = round(out['verified_load_ms']/out['pickle_ms'], 2)
    assert load_model(root, 'intent').state == 'verified'
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rows', type=int, default=2000)
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    found = measure(args.rows)
    for key, value in found.items(): print(f'{key:<22} {value}')
    if args.json: args.json.write_text(json.dumps(found, indent=1) + '\n')


if __name__ == '__main__':
    main()

"""Names, addresses and firms of many countries, drawn once from Faker (MIT) by a seed and kept in pii_values.json, so that the sets do not move with its
version.

Usage: python bench/make_pii_values.py
"""
import json
from pathlib import Path

from faker import Faker

LOCALES = '''en_US en_GB en_AU en_CA en_IN en_IE en_NZ de_DE fr_FR es_ES es_MX it_IT nl_NL pl_PL sv_SE pt_BR pt_PT da_DK fi_FI tr_TR cs_CZ hu_HU ro_RO de_AT
fr_CH nl_BE no_NO'''.split()


def latin(text): return all(ord(c) < 0x250 for c in text)


def place(fake, locale):
    "An address as its country writes it; no name in it."
    for _ in range(50):
        whole = fake.address()
        lines = (whole.replace(', ', '\n') if locale in ('en_IN', 'tr_TR') else whole).splitlines()
        if 1 < len(lines) < 5 and not lines[0].startswith(('USNS', 'USS', 'PSC', 'Unit ', 'USCGC', 'USNV')):
            return [s.strip() for s in lines if s.strip()]
    return []


def main():
    out = dict(names=[], addresses=[], streets=[], firms=[])
    for n, locale in enumerate(LOCALES):
        fake = Faker(locale)
        fake.seed_instance(7_300 + n)
        many = 5 if locale in ('en_US', 'en_GB') else 2 if locale.startswith('en_') else 1
        out['names'] += [[locale, fake.first_name(), fake.last_name()] for _ in range(24*many)]
        out['addresses'] += [[locale, a] for _ in range(12*many) if (a := place(fake, locale))]
        if locale.startswith('en_'):
            out['streets'] += [fake.street_address().replace('\n', ', ') for _ in range(6*many)]
        out['firms'] += [fake.company() for _ in range(4*many)]
    out['names'] = [o for o in out['names'] if latin(o[1] + o[2])]
    out['addresses'] = [o for o in out['addresses'] if all(map(latin, o[1]))]
    out['firms'] = [o for o in dict.fromkeys(out['firms']) if latin(o)]
    parts = [f'"{k}": [\n' + ',\n'.join(map(json.dumps, v)) + ']' for k, v in out.items()]
    (Path(__file__).parent/'pii_values.json').write_text('{' + ',\n'.join(parts) + '}\n')
    print({k: len(v) for k, v in out.items()})


if __name__ == '__main__':
    main()

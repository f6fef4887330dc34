"""Nothing of a table's personal values leaves it: not into the profile, the proposed rules, the frozen files, the library's own results, or an error."""
import random

import polars as pl
import pytest
from pilot_to_prod.core.errors import InputError
from pilot_to_prod.core.settings import PilotSection, Settings, SourceSection
from pilot_to_prod.data.profile import profile_frame
from pilot_to_prod.data.source import declared_sources, read_source
from pilot_to_prod.data.suite import read_suite, validate
from pilot_to_prod.data.suite_diff import diff_suites
from pilot_to_prod.data.suite_sources import diff_frozen, freeze_source

faker = pytest.importorskip('faker')
ROWS = 600


def invented(seed=3):
    """A table of invented people under column names that say nothing: values of their own, and few values that repeat as a category does."""
    fake = faker.Faker(['en_US', 'en_GB', 'de_DE', 'sv_SE', 'fr_FR', 'es_ES'])
    faker.Faker.seed(seed)
    rng = random.Random(seed)
    own = dict(a=fake.name, b=fake.ascii_free_email, c=fake.phone_number, d=fake.iban, e=fake.credit_card_number,
               f=lambda: fake.street_address().replace('\n', ', '),
               g=fake.user_name, h=lambda: fake.date_of_birth().isoformat(),
               i=lambda: str(rng.randrange(10**7, 10**8)), j=lambda: f'my name is {fake.name()}, call me')
    few = dict(k=fake.name, l=fake.first_name, m=fake.ascii_free_email, n=fake.user_name,
               o=fake.phone_number, p=lambda: fake.first_name().lower())
    columns = {k: [make() for _ in range(ROWS)] for k, make in own.items()}
    columns |= {k: rng.choices([make() for _ in range(12)], k=ROWS) for k, make in few.items()}
    return pl.DataFrame(columns | dict(channel=rng.choices(['app', 'web', 'phone'], k=ROWS), amount=[f'{rng.random()*100:.2f}' for _ in range(ROWS)]))


def leaks(table, text):
    """Values that a reader could read in a text. Days are left out: a date of a period may be somebody's birthday by chance."""
    held = {v for c in table.columns if c not in ('channel', 'amount', 'h') for v in table[c].to_list() if len(v) > 3}
    return sorted(v for v in held if v in text)


@pytest.fixture(scope='module')
def pilot(tmp_path_factory):
    root = tmp_path_factory.mktemp('people')
    table = invented()
    table.write_csv(root/'people.csv')
    settings = Settings(root=root, pilot=PilotSection(name='demo', owner='The Owner'), sources={'people': SourceSection(url='people.csv')})
    freeze_source(settings, 'people')
    return settings, table


def test_profile_holds_no_value(pilot):
    _, table = pilot
    found = profile_frame(table)
    assert leaks(table, found.model_dump_json() + found._repr_html_()) == []
    assert found.column('channel').values and not any(found.column(c).values for c in 'klmnop')


def test_frozen_files_and_results_hold_no_value(pilot):
    settings, table = pilot
    assert leaks(table, ''.join(r.model_dump_json() for r in read_suite(settings, 'people'))) == []
    other = invented(seed=9)
    told = validate(other, settings, 'people')
    assert told.outcomes
    written = ''.join(p.read_text() for p in (settings.root/'data_audit').rglob('*') if p.is_file())
    assert leaks(table, written) == leaks(other, written) == [] and leaks(other, told.model_dump_json() + told._repr_html_()) == []


def test_a_set_with_people_in_it_is_not_shown_by_a_diff(pilot):
    settings, table = pilot
    assert not diff_frozen(settings, 'people')
    assert leaks(table, str(diff_suites((), read_suite(settings, 'people')))) == []


def test_errors_name_columns_and_no_values(pilot):
    settings, table = pilot
    path = settings.root/'data_audit'/'expectations'/'people.json'
    kept = path.read_text()
    path.write_text(kept.replace('expect_column_values_to_be_in_set', 'expect_column_values_to_be_nice'))
    try:
        with pytest.raises(InputError) as refused:
            validate(read_source(settings, declared_sources(settings)['people']), settings, 'people')
    finally: path.write_text(kept)
    assert leaks(table, str(refused.value)) == []

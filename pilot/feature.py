"""What the two features promise: the shape of their answers, and what happens when no model can give one. Nothing else belongs here.

The classes are the schemas that prompts name in their front matter. The functions are the fallbacks that settings.ini names: a written
rule, or a hand-over to a person. Neither is a model, so they work when every model is down.
"""
import re
from typing import Any, Literal
from pydantic import BaseModel, ConfigDict, Field
from pilot_to_prod.serve.feature import Handover

Intent = Literal[
    'account_closing', 'card_abroad', 'card_declined', 'card_delivery', 'card_lost', 'card_pin', 'cash_machine', 'complaint',
    'contact_change', 'double_charge', 'fee_question', 'identity_papers', 'login_trouble', 'opening_hours', 'overdraft', 'payment_abroad',
    'recurring_payment', 'refund_missing', 'scam_alert', 'statement_copy', 'transfer_late', 'transfer_limit', 'transfer_recall',
    'unknown_payment', 'out_of_scope']


class Triage(BaseModel):
    "The queue a message belongs to."
    model_config = ConfigDict(strict=True, extra='forbid')
    intent: Intent
    confidence: float | None = Field(None, ge=0, le=1, description='how sure the model is, 0 to 1')


class TriageInLanguage(Triage):
    "What version 2.0.0 of the prompt asks for: the queue, and in which language its people have to read."
    language: Literal['en', 'sv']


class Cited(BaseModel):
    "An answer with the pages it stands on; an empty answer without citations means: not in our pages."
    model_config = ConfigDict(strict=True, extra='forbid')
    answer: str = Field(max_length=2000)
    citations: list[str] = Field(max_length=5, description='doc_id of each page that supports the answer')


# The keyword table of customer service: a message is sorted only if exactly one row fits. It sorts a good quarter of all messages
# and is right in nine of ten; the rest waits for a person, as documents/staff-manual-triage.md describes.
RULES: tuple[tuple[Intent, str], ...] = (
    ('scam_alert', r'scam\w*|phishing|fraud department|fraudster|tricked|fake (site|shop|message|call)|bedrägeri|lurad'),
    ('card_lost', r'(lost|stolen|missing|stole|steal|found) .{0,25}\b(card|wallet|purse)'
                  r'|(card|wallet|purse)\b.{0,25} (lost|stolen|missing|gone)|spärra'),
    ('unknown_payment', r"(do not|don't|not) recogni[sz]e|unauthori[sz]ed|did(n't| not) make|not my (purchase|payment)|känner inte igen"),
    ('cash_machine', r'atm|cash ?machine|bankomat\w*'),
    ('card_pin', r'pin|pin ?code|pinkod\w*'),
    ('login_trouble', r"log ?in|sign ?in|log on|password|e-id|app (crash\w*|won't open)|logga in|lösenord"),
    ('double_charge', r'(charged|paid|taken|billed|drawn|debited) (me )?(twice|two times|double)|double charge|duplicate|dubbelt'),
    ('refund_missing', r'refund\w*|återbetalning\w*'),
    ('card_declined', r'(card|payment).{0,30} (declined|refused|rejected|denied)|declined'),
    ('card_delivery', r'(new|replacement) card|activate (the|my) card|nytt kort'),
    ('overdraft', r'overdraft|overdrawn|buffer|below zero|på minus'),
    ('transfer_limit', r'limits?|beloppsgräns\w*'),
    ('payment_abroad', r'iban|bic|swift|sepa|international (transfer|payment)'),
    ('card_abroad', r'card.{0,40} abroad|currency (fee|mark-up)|exchange rate|utomlands'),
    ('recurring_payment', r'direct debit|standing (order|transfer)|autogiro|e-invoice'),
    ('transfer_recall', r'wrong (account|person|recipient|number)|(cancel|undo|recall|reverse) .{0,20}(transfer|payment)|fel konto'),
    ('account_closing', r'(close|end|terminate) .{0,20}account|avsluta .{0,20}konto\w*'),
    ('opening_hours', r'opening hours|open(ed)? (on|today|tomorrow)|appointment|öppettider'),
    ('statement_copy', r'statements?|certificate|kontoutdrag'),
    ('contact_change', r'(new|change|update) .{0,15}(address|phone|number|e-?mail|name)|have moved|flyttat'),
    ('identity_papers', r'passport|identity|identification|legitimation\w*'),
    ('complaint', r'complain\w*|complaint|klaga|klagomål'),
    ('transfer_late', r'(transfer|salary|wages|pension).{0,40} (not|late|pending)|lön(en)?'),
    ('fee_question', r'(monthly|account|bank) fees?|service charge|price list|avgift\w*'),
)


def triage_by_rule(inputs: dict[str, Any]) -> dict[str, Any] | Handover:
    "The queue by the written keyword table; a message that fits no row, or several, goes to a person."
    text = str(inputs.get('text', '')).lower()
    fits = [intent for intent, words in RULES if re.search(rf'\b(?:{words})\b', text)]
    if len(fits) == 1: return {'intent': fits[0]}
    return _to_sorter(f'{len(fits) or "no"} rows of the keyword table fit')


def _to_sorter(why: str) -> Handover:
    return Handover(queue='Unsorted', owner='Hanna Sjölund', due='sorted by hand within 2 hours of opening', note=why)


def answer_fallback(inputs: dict[str, Any]) -> Handover:
    "A question that no model can answer goes to customer service, with the page that helps most people meanwhile."
    return Handover(queue='General', owner='Hanna Sjölund', due='answered within 1 working day',
                    note='Meanwhile: norrlandsavings.example/help, or 0980-31 92 10 on weekdays 08:00-20:00')

"""What answers when no model does: a written rule, or a hand-over to a person. Never a model."""
from pilot_to_prod.serve.feature import Handover

DESK = 'unnamed'  # the person who works the queue off; name one before launch


def triage_fallback(inputs: dict) -> Handover:
    """Nothing is guessed: a person reads the message. Replace this by a written rule where your business has one."""
    return Handover(queue='triage', owner=DESK, note='no model answered; read the message and route it by hand')


def answer_fallback(inputs: dict) -> Handover:
    """A person answers the question."""
    return Handover(queue='answer', owner=DESK, note='no model answered; answer the question by hand')

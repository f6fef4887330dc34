"""What answers when no model does: a written rule, or a hand-over to a person. Never a model."""
from pilot_to_prod.serve.feature import Handover


def triage_fallback(inputs: dict) -> Handover:
    """Nothing is guessed: a person reads the message. Replace this by a written rule where your business has one."""
    return Handover(note='no model answered; read the message and route it by hand')


def answer_fallback(inputs: dict) -> Handover:
    """A person answers the question."""
    return Handover(note='no model answered; answer the question by hand')

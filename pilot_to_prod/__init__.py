"""Take an LLM pilot from a notebook to production."""
__version__ = "0.1.0"

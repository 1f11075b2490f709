"""How hypothesis runs here."""

from hypothesis import settings

# A machine that is busy with other tests makes no test wrong.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")

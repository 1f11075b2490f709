"""The questions and conditions in the README and docstrings of the SDK `torale` 0.0.2."""

DOCUMENTED = [
    ("When is the next iPhone being released?", "A specific release date has been announced"),
    ("When is iPhone 16 being released?", "A specific release date is announced"),
    ("iPhone 16 release date", "specific date is announced"),
    ("Bitcoin price", "price exceeds $50,000"),
    ("PS5 stock", "in stock"),
    ("News", "new article"),
    ("iPhone 16", "released"),
    ("Bitcoin", "price > 50k"),
    ("Query", "condition"),
]

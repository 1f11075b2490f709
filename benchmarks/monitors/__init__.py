"""Whether the page monitor tells what it should: cases from the habits of the real web."""

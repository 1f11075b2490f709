"""Visits by a worker: executions are claimed, asked side by side, and their results stored."""

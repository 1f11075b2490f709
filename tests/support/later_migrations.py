"""Rules for the migrations after the baseline, which are applied while older versions run."""

from itertools import pairwise
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

from torale.schema import BASELINE, Key


def later_migrations() -> dict[Key, Migration]:
    """Return our migrations after the baseline, in an order in which they can be applied."""
    graph = MigrationLoader(None).graph
    old = {key for last in BASELINE.items() for key in graph.forwards_plan(last)}
    plan = (key for leaf in graph.leaf_nodes() for key in graph.forwards_plan(leaf))
    ours = _our_apps()
    return {key: graph.nodes[key] for key in plan if key[0] in ours and key not in old}


def undeclared() -> list[str]:
    """Return the later migrations that do not say whether they are additive."""
    return [
        str(migration)
        for migration in later_migrations().values()
        if not isinstance(getattr(migration, "additive", None), bool)
    ]


def forks() -> list[tuple[str, str]]:
    """Return pairs of migrations of one app of which the second does not depend on the first."""
    loader = MigrationLoader(None)
    return [
        (f"{app}.{first}", f"{app}.{second}")
        for app in sorted(_our_apps())
        for first, second in pairwise(sorted(n for a, n in loader.disk_migrations if a == app))
        if (app, first) not in loader.disk_migrations[app, second].dependencies
    ]


def _our_apps() -> set[str]:
    return {
        config.label
        for config in apps.get_app_configs()
        if Path(config.path).parent == settings.BASE_DIR
    }

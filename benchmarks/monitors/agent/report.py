"""The figures of an evaluation: proportions with their intervals, as a table and as JSON; pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import NormalDist, mean
from typing import Any

from benchmarks.monitors.agent.measure import Visited

#: How sure an interval is to contain the proportion.
CONFIDENCE = 0.95
#: The lower ends of the ranges of confidence that are compared with the truth, in percent.
BINS = (0, 50, 60, 70, 80, 90, 101)

REPLAYED = (
    "Replayed answers, written by hand: measures the checks, not a model. Tokens are a quarter of "
    "the characters.\n"
    "Not measured for want of a model: the precision, recall, calibration, tokens, cost and time "
    "of any model."
)
#: What stands below the table of the checks.
SECOND = "  The second opinions were written by hand, too, and a few of them are wrong on purpose."
ASKED = "Asked {model} once for each case. The search and the pages are those of the cases."


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """So many of so many, with its Wilson interval."""

    hits: int
    of: int

    @property
    def share(self) -> float | None:
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson score interval, which is right for small numbers and at 0 and 1, too."""
        if not self.of:
            return 0.0, 1.0
        z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
        share, n = self.hits / self.of, self.of
        middle = share + z * z / (2 * n)
        half = z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
        low, high = ((middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
        return max(0.0, low), min(1.0, high)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "share": self.share, "interval": self.interval}

    def __str__(self) -> str:
        if self.share is None:
            return "-"
        low, high = self.interval
        return f"{self.share:.3f} [{low:.2f}, {high:.2f}]"


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of some visits."""

    visits: Sequence[Visited]

    @property
    def made(self) -> list[Visited]:
        return [one for one in self.visits if one.is_made]

    @property
    def case_count(self) -> int:
        return len({(one.group, one.case) for one in self.visits})

    @property
    def precision(self) -> Proportion:
        """Of all tellings, those that were due and right."""
        return _proportion([one for one in self.visits if one.is_told], lambda one: one.is_right)

    @property
    def recall(self) -> Proportion:
        """Of all tellings that were due, those that were made and right."""
        return _proportion([one for one in self.visits if one.is_due], lambda one: one.is_right)

    @property
    def repeats(self) -> Proportion:
        return _proportion(self.made, lambda one: one.is_repeat)

    @property
    def quotes(self) -> Proportion:
        """Of all quotes that were told, those that may stand."""
        return Proportion(
            hits=sum(one.allowed_quote_count for one in self.visits),
            of=sum(one.quote_count for one in self.visits),
        )

    @property
    def without_model(self) -> Proportion:
        answered = [one for one in self.made if not one.failure]
        return _proportion(answered, lambda one: one.confidence is None)

    @property
    def failures(self) -> Counter[str]:
        return Counter(one.failure for one in self.visits if one.failure)

    @property
    def failed(self) -> Proportion:
        return _proportion(self.made, lambda one: bool(one.failure))

    @property
    def tokens(self) -> int:
        return sum(one.tokens for one in self.visits)

    @property
    def cost_usd(self) -> float | None:
        """The sum; None if the price of a visit is not known. Failed visits say nothing of it."""
        costs = [one.cost_usd for one in self.made if not one.failure]
        return None if None in costs or not costs else sum(cost or 0 for cost in costs)

    @property
    def claims(self) -> Proportion:
        """Of all first reports of a replay that say yes, those that should have been told."""
        return _proportion(
            [one for one in self.made if one.is_claimed], lambda one: one.is_claim_right
        )

    @property
    def pairs(self) -> Proportion:
        """Of all pairs of twins, those of which the true one was told and the false one was not."""
        pairs: dict[str, list[bool]] = {}
        for one in self.visits:
            if one.group == "twins":
                is_right = not (one.is_wrong or one.is_missed)
                pairs.setdefault(one.case.rpartition("-")[0], []).append(is_right)
        whole = [rights for rights in pairs.values() if len(rights) > 1]
        return Proportion(hits=sum(map(all, whole)), of=len(whole))

    @property
    def brier(self) -> float | None:
        """The mean square of confidence less truth: 0 is best, 0.25 is what guessing has."""
        found = [one for one in self.visits if one.confidence is not None]
        if not found:
            return None
        return mean(((one.confidence or 0) / 100 - one.is_finding_right) ** 2 for one in found)

    def calibration(self) -> list[dict[str, Any]]:
        """Return for each range of confidence the mean confidence and the share of the right."""
        rows = []
        for low, end in pairwise(BINS):
            found = [
                one
                for one in self.visits
                if one.confidence is not None and low <= one.confidence < end
            ]
            if found:
                said = mean((one.confidence or 0) / 100 for one in found)
                right = _proportion(found, lambda one: one.is_finding_right)
                rows.append({"from": low, "to": min(end - 1, 100), "said": said, "right": right})
        return rows

    def stopped(self) -> dict[str, Counter[str]]:
        """Return how often each check was the first to stop a telling, rightly and wrongly."""
        stops: dict[str, Counter[str]] = {}
        for one in self.visits:
            if one.stopped_by:
                stops.setdefault(one.stopped_by, Counter())[_side(one)] += 1
        return stops

    def mistakes(self) -> dict[str, Counter[str]]:
        """Return what came of each kind of mistake in the replayed answers."""
        made: dict[str, Counter[str]] = {}
        for one in self.made:
            if one.mistake:
                came = "told" if one.is_wrong else "missed" if one.is_missed else "harmless"
                made.setdefault(one.mistake, Counter())[came] += 1
        return made


def _side(one: Visited) -> str:
    return "wrongly" if one.is_due else "rightly"


def _proportion(visits: Sequence[Visited], is_hit: Callable[[Visited], bool]) -> Proportion:
    return Proportion(hits=sum(map(is_hit, visits)), of=len(visits))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures by group and in all."""

    visits: Sequence[Visited]
    #: The model that was asked; empty for a replay.
    model: str = ""

    @property
    def groups(self) -> dict[str, Figures]:
        names = dict.fromkeys(one.group for one in self.visits)
        return {name: Figures([one for one in self.visits if one.group == name]) for name in names}

    @property
    def total(self) -> Figures:
        return Figures(self.visits)

    def faults(self) -> list[str]:
        """Return a line for each visit in which too much or too little was told."""
        return [
            f"{one.group}/{one.case}, visit {one.number}, {'told' if one.is_told else 'not told'}"
            f"{f' ({one.mistake})' if one.mistake else ''}: {' '.join(one.text.split())}"
            for one in self.visits
            if one.is_wrong or one.is_missed
        ]

    def table(self) -> str:
        """Return the report as plain text."""
        rows = [*self.groups.items(), ("all", self.total)]
        head = f"{'group':15}{'cases':>6}{'visits':>7}{'right':>6}{'wrong':>6}{'missed':>7}  "
        head += (
            f"{'precision':20}{'recall':20}{'told quotes that may stand':28}repeats per 100 visits"
        )
        lines = [self._head(), "", head, *(_row(name, figures) for name, figures in rows), ""]
        lines += [*_whole(self.total), "", *self._calibration(), "", *_checks(self.total)]
        if not self.model:
            claims = f"right if all that is claimed were told: {_counted(self.total.claims)}"
            lines += [SECOND, "", *_mistakes(self.total), "", claims]
        return "\n".join(lines)

    def _calibration(self) -> list[str]:
        if self.total.brier is None:
            return ["calibration: the model was not asked"]
        whose = "of what the model found" if self.model else "of the answers as they were written"
        lines = [f"calibration {whose} (Brier score {self.total.brier:.3f})"]
        lines.append(f"{'confidence':>12}{'visits':>8}{'mean':>7}   right")
        for row in self.total.calibration():
            span = f"{row['from']} to {row['to']}"
            lines.append(f"{span:>12}{row['right'].of:8}{row['said']:7.2f}   {row['right']}")
        return lines

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON, with every visit."""
        return {
            "model": self.model or None,
            "note": self._head(),
            "groups": {name: _json(figures) for name, figures in self.groups.items()},
            "all": _json(self.total),
            "mistakes": None if self.model else self.total.mistakes(),
            "visits": [asdict(one) for one in self.visits],
        }

    def _head(self) -> str:
        return ASKED.format(model=self.model) if self.model else REPLAYED


def _row(name: str, of: Figures) -> str:
    wrong = sum(one.is_wrong for one in of.visits)
    missed = sum(one.is_missed for one in of.visits)
    low, high = (100 * end for end in of.repeats.interval)
    repeats = 100 * (of.repeats.share or 0)
    return (
        f"{name:15}{of.case_count:6}{len(of.made):7}{of.precision.hits:6}{wrong:6}{missed:7}  "
        f"{of.precision!s:20}{of.recall!s:20}{of.quotes!s:28}{repeats:.1f} [{low:.1f}, {high:.1f}]"
    )


def _whole(of: Figures) -> list[str]:
    asked = [one for one in of.visits if one.confidence is not None]
    cost = "not known" if of.cost_usd is None else f"${of.cost_usd:.4f}"
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(of.failures.items()))
    if of.cost_usd is not None and of.failed.hits:
        cost += ", without that of failed visits"
    seconds = sorted(one.seconds for one in asked)
    each = f", {of.tokens // len(asked)} a visit with the model" if asked else ""
    return [
        f"pairs of twins told apart  {_counted(of.pairs)}",
        f"visits without a model     {_counted(of.without_model)}",
        f"failed visits              {_counted(of.failed)}" + (f" ({kinds})" if kinds else ""),
        f"requests to the model      {sum(one.requests for one in of.visits)}",
        f"tokens                     {of.tokens}{each}",
        f"cost                       {cost}",
        f"seconds, median            {seconds[len(seconds) // 2] if seconds else 0:.1f}",
    ]


def _counted(proportion: Proportion) -> str:
    return f"{proportion.hits} of {proportion.of}: {proportion}"


def _checks(of: Figures) -> list[str]:
    lines = [f"{'the first check that stopped a telling':42}{'rightly':>8}{'wrongly':>8}"]
    for name, sides in sorted(of.stopped().items()):
        lines.append(f"  {name:40}{sides['rightly']:8}{sides['wrongly']:8}")
    return lines


def _mistakes(of: Figures) -> list[str]:
    head = f"{'mistakes in the replayed answers, and what came of them':58}"
    lines = [f"{head}{'harmless':>9}{'missed':>8}{'told':>6}"]
    for name, came in sorted(of.mistakes().items()):
        lines.append(f"  {name:56}{came['harmless']:9}{came['missed']:8}{came['told']:6}")
    sums = sum(of.mistakes().values(), Counter())
    lines.append(f"  {'all':56}{sums['harmless']:9}{sums['missed']:8}{sums['told']:6}")
    return lines


def _json(of: Figures) -> dict[str, Any]:
    proportions = {
        name: getattr(of, name).as_json()
        for name in (
            "precision",
            "recall",
            "repeats",
            "quotes",
            "without_model",
            "failed",
            "pairs",
            "claims",
        )
    }
    return {
        "cases": of.case_count,
        "visits": len(of.made),
        **proportions,
        "failures": of.failures,
        "tokens": of.tokens,
        "cost_usd": of.cost_usd,
        "brier": of.brier,
        "calibration": [{**row, "right": row["right"].as_json()} for row in of.calibration()],
        "stopped": of.stopped(),
    }

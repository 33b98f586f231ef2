"""From clauses to calls: which tools, one by one or several at once, and what to do on errors."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .english import words
from .filling import Earlier, Setting
from .matching import ENOUGH, Candidate, candidates, query
from .offers import Offer, from_search
from .reading import Clause
from .results import Seen, failed, mended, pointer, seen, stopped

MOST_TRIES = 4
FEW, MORE = 3, 8
"""Tools to ask a search for: at first, and when nothing fitted."""
SCENERY = 0.3
"""A clause that no tool fits better than this only sets the scene."""
TELLS = frozenset(["read", "find", "comput", "return", "record", "list"])
"""Words of tools whose results later clauses refer to."""


@dataclass(frozen=True)
class Call:
    name: str
    arguments: dict[str, Any]


Turns = Generator[list[Call], list[str], Any]


@dataclass
class Tools:
    """What there is to work with: tools known so far, and how further ones are found and called."""

    known: list[Offer]
    search: Offer | None
    by_proxy: bool
    pipelines: bool
    listed: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.listed = frozenset(offer.name for offer in self.known)

    def call(self, name: str, arguments: dict[str, Any]) -> Call:
        """The call of a tool; of one that was only found, through the tool that calls others."""
        if name in self.listed or not self.by_proxy:
            return Call(name, arguments)
        return Call("call_tool", {"name": name, "arguments": arguments})

    def looking(self, clause: Clause, limit: int) -> Call:
        assert self.search is not None
        bound = {"limit": limit} if self.search.has("limit") else {}
        return Call(self.search.name, {"query": query(clause), **bound})


@dataclass
class Job:
    """A clause to be done: its tools so far tried, the one in hand, and what came of it."""

    clause: Clause
    setting: Setting
    tried: list[str] = field(default_factory=list)
    chosen: Candidate | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    result: Seen | None = None

    def choose(self, tools: Tools) -> bool:
        """Take the best tool that was not tried; False if there is none."""
        ranked = candidates(self.clause, tools.known, self.setting, self.tried)
        if not ranked or (self.tried and (ranked[0].fit < SCENERY or ranked[0].filled.missing)):
            return False
        self.chosen = ranked[0]
        self.arguments = dict(ranked[0].filled.arguments)
        self.tried.append(ranked[0].offer.name)
        return True

    @property
    def is_scenery(self) -> bool:
        return self.chosen is None or self.chosen.fit < SCENERY

    @property
    def tells(self) -> bool:
        return self.chosen is not None and bool(TELLS & set(words(self.chosen.offer.text)))

    def fits(self, tools: Tools) -> bool:
        ranked = candidates(self.clause, tools.known, self.setting)
        return bool(ranked) and ranked[0].fit >= ENOUGH and not ranked[0].filled.missing


def work(asked: Sequence[Clause], tools: Tools) -> Turns:
    """Turns of calls, each sent the texts of its results; returns the last words."""
    jobs = _jobs(asked)
    yield from _found(jobs, tools)
    jobs = [job for job in jobs if job.choose(tools) and not job.is_scenery]
    if tools.pipelines and len(jobs) > 1:
        yield from _at_once(jobs, tools)
    done = 0
    for at, job in enumerate(jobs):
        if job.result is None:
            yield from _one(jobs, at, tools)
        done += job.result is not None
    return "Done." if done == len(jobs) else f"Done {done} of {len(jobs)} parts."


def _jobs(asked: Sequence[Clause]) -> list[Job]:
    """A clause to set the scene ("In sales.xlsx") is no job of its own."""
    setting, jobs = Setting(), list[Job]()
    for clause in asked:
        own = setting.after(clause)
        jobs.append(Job(clause, Setting(own.workbook, setting.sheet, setting.several)))
        setting = own
    return jobs


def _found(jobs: list[Job], tools: Tools) -> Turns:
    """Search for what no known tool fits; a second time, more widely, if that found nothing."""
    if tools.search is None:
        return
    for limit in (FEW, MORE):
        lacking = [job for job in jobs if not job.fits(tools)]
        if not lacking:
            return
        answers = yield [tools.looking(job.clause, limit) for job in lacking]
        names = {offer.name for offer in tools.known}
        for offer in (each for text in answers for each in from_search(text)):
            if offer.name not in names:
                names.add(offer.name)
                tools.known.append(offer)
        if not tools.search.has("limit"):
            return


def _source(jobs: list[Job], at: int) -> int | None:
    """Whose result a job refers to: the last one before it that tells something."""
    telling = [one for one in range(at) if jobs[one].tells]
    return telling[-1] if telling else at - 1 if at else None


def _one(jobs: list[Job], at: int, tools: Tools) -> Turns:
    """Do one job by single calls."""
    job, source = jobs[at], _source(jobs, at)
    before = None if source is None else jobs[source].result
    for _ in range(MOST_TRIES):
        if job.chosen is None:
            return
        given = {name: _said(value, before) for name, value in job.arguments.items()}
        (text,) = yield [tools.call(job.chosen.offer.name, given)]
        if not failed(text):
            job.result = seen(text)
            return
        _mend(job, text, tools)


def _mend(job: Job, error: str, tools: Tools) -> None:
    """Correct what the error names, or take another tool."""
    better = mended(job.arguments, error)
    if better is not None:
        job.arguments = better
    elif not job.choose(tools):
        job.chosen = None


def _said(value: Any, before: Seen | None) -> Any:
    if not isinstance(value, Earlier):
        return value
    if before is None:
        return None
    return before.whole() if value.member is None else before.member(value.member)


def _at_once(jobs: list[Job], tools: Tools) -> Turns:
    """Do the jobs in one go on the server; go on behind a step that failed."""
    for _ in range(MOST_TRIES):
        left = [at for at, job in enumerate(jobs) if job.result is None]
        if len(left) < 2 or any(jobs[at].chosen is None for at in left):
            return
        steps = [_step(jobs, at) for at in left]
        (text,) = yield [Call("run_pipeline", {"steps": steps})]
        halt = stopped(text)
        if not failed(text):
            for at in left:
                jobs[at].result = seen(text)
            return
        if halt is None:
            return
        for at in left:
            if _id(at) in halt.kept:
                jobs[at].result = Seen(None, halt.kept[_id(at)] or None)
        _mend(jobs[int(halt.step[1:]) - 1], halt.said, tools)


def _id(at: int) -> str:
    return f"s{at + 1}"


def _step(jobs: list[Job], at: int) -> dict[str, Any]:
    job = jobs[at]
    assert job.chosen is not None
    source = _source(jobs, at)
    earlier = None if source is None else jobs[source].result
    arguments: dict[str, Any] = {}
    for name, value in job.arguments.items():
        if isinstance(value, Earlier) and earlier is None and source is not None:
            where = pointer(value.member) if value.member is not None else ""
            arguments[name] = {"$step": _id(source), **({"pointer": where} if where else {})}
        else:
            arguments[name] = _said(value, earlier)
    return {"id": _id(at), "tool": job.chosen.offer.name, "arguments": arguments}

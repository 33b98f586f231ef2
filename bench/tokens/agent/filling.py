"""Arguments for a tool out of a clause: by kind, and by the words that announce a datum."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .english import BEHIND, CHOICES, CUES, YES, words
from .offers import Offer, Parameter
from .reading import Clause, Mention

_KINDS = {
    "range": ("range", "cell"),
    "cell": ("cell",),
    "workbook": ("file",),
    "url": ("url",),
    "formula": ("formula",),
}
_RESULT = re.compile(
    r"\b(?:those|these|its|that|the)(?: \w+)? (?:rows|records|groups|list|result|results|entries)\b"
    r"|\bthem\b"
)
_THAT = re.compile(r"\b(?:that|its|the same) (?:value|number|amount|content)\b|\bit\b")
_SEVERAL = re.compile(r"\b(?:them|both)\b")
_OWN = ("its", "their", "that")


@dataclass(frozen=True)
class Earlier:
    """Stands for the result of the clause before: for all of it (None), for a single value (""),
    or for a member of its first record."""

    member: str | None = None


@dataclass(frozen=True)
class Filled:
    """Arguments; which required ones are missing; how many data of the clause found no place."""

    arguments: dict[str, Any]
    missing: tuple[str, ...]
    unused: int


@dataclass(frozen=True)
class Setting:
    """What the clauses before said and a clause may leave out, by the parameter's name."""

    workbook: str | None = None
    sheet: str | None = None
    several: Mention | None = None

    def after(self, clause: Clause) -> "Setting":
        files = [each.value for each in clause.mentions if each.kind == "file"]
        sheets = [each.value for each in clause.mentions if _is_sheet(each)]
        lists = [each for each in clause.mentions if each.kind == "list"]
        return Setting(
            files[-1] if files else self.workbook,
            sheets[-1] if sheets else self.sheet,
            lists[-1] if lists else self.several,
        )


def _is_sheet(mention: Mention) -> bool:
    return mention.kind == "quoted" and mention.before[:1] == ("sheet",)


def filled(offer: Offer, clause: Clause, setting: Setting) -> Filled:
    """The arguments of a tool, as far as the clause and what went before it tell them."""
    mentions = clause.mentions
    if setting.several is not None and _SEVERAL.search(clause.saying.lower()):
        mentions = (setting.several, *mentions)
    data = list(_single(mentions, offer))
    arguments: dict[str, Any] = {}
    used: set[int] = set()
    for parameter, at in _matches(offer.parameters, data):
        if parameter.name not in arguments and at not in used:
            arguments[parameter.name] = _value(parameter, data[at])
            used.add(at)
    if setting.sheet is not None and offer.has("sheet"):
        arguments.setdefault("sheet", setting.sheet)
    _left_over(offer, data, used, arguments)
    for parameter in offer.parameters:
        if parameter.name not in arguments:
            value = _told(parameter, clause, setting)
            if value is not None:
                arguments[parameter.name] = value
    missing = [each.name for each in offer.parameters if each.required]
    return Filled(
        {each.name: arguments[each.name] for each in offer.parameters if each.name in arguments},
        tuple(name for name in missing if name not in arguments),
        len([at for at in range(len(data)) if at not in used and data[at].kind != "file"]),
    )


def _single(mentions: Sequence[Mention], offer: Offer) -> Iterator[Mention]:
    """The data; a list of names apart where the tool takes no list."""
    takes_list = any(parameter.kind == "list" for parameter in offer.parameters)
    for mention in mentions:
        if mention.kind == "list" and not takes_list:
            for at, value in enumerate(mention.value):
                before = mention.before if at == 0 else ("and", *mention.before)
                yield Mention("quoted", value, before, mention.after)
        else:
            yield mention


def _matches(
    parameters: Sequence[Parameter], data: Sequence[Mention]
) -> list[tuple[Parameter, int]]:
    """Which datum goes where, the surest first."""
    scored = [
        (score, -rank, -at, parameter, at)
        for rank, parameter in enumerate(parameters)
        for at, mention in enumerate(data)
        if (score := _affinity(parameter, mention)) > 0
    ]
    scored.sort(key=lambda each: each[:3], reverse=True)
    return [(parameter, at) for *_, parameter, at in scored]


def _affinity(parameter: Parameter, mention: Mention) -> float:
    if not _fits(parameter, mention):
        return 0
    kinds = _own_kinds(parameter)
    sure = 2.0 if kinds and mention.kind == kinds[0] else 0.0
    if parameter.kind == "rows":
        return 5 if mention.kind == "rows" else 0
    cues = _cues(parameter.name)
    near = sum((4 - far) * cues.get(word, 0) for far, word in enumerate(mention.before[:4]))
    if mention.after in BEHIND:
        near += 2 * cues.get(mention.after, 0)
    return sure + near


def _cues(name: str) -> dict[str, float]:
    """How much a word before a datum announces this parameter."""
    parts = name.split("_")
    found: dict[str, float] = {}
    for part in parts:
        for word in CUES.get(part, "").split():
            found[word] = max(found.get(word, 0), 0.6 / len(parts) ** 0.5)
        found[part] = 1.0 if part == parts[0] else 0.6
    if parts[-1] == "sheet":
        found["new"] = -1.0
    return found


def _own_kinds(parameter: Parameter) -> tuple[str, ...]:
    for part in reversed(parameter.name.split("_")):
        if part in _KINDS:
            return _KINDS[part]
    return ()


def _fits(parameter: Parameter, mention: Mention) -> bool:
    kinds = _own_kinds(parameter)
    if kinds:
        return mention.kind in kinds
    if parameter.choices or parameter.kind == "boolean":
        return False
    if parameter.kind in ("integer", "number"):
        return mention.kind == "number"
    if parameter.kind == "list":
        return mention.kind in ("list", "quoted")
    if parameter.kind == "rows":
        return mention.kind == "rows"
    if parameter.kind == "any":
        return mention.kind in ("number", "quoted")
    return mention.kind == "quoted"


def _value(parameter: Parameter, mention: Mention) -> Any:
    """The datum as this parameter takes it: `its "Region"` is a member of the result before."""
    if parameter.kind == "any" and mention.before[:1] and mention.before[0] in _OWN:
        return Earlier(str(mention.value))
    if parameter.kind == "list" and mention.kind == "quoted":
        return [mention.value]
    return mention.value


def _told(parameter: Parameter, clause: Clause, setting: Setting) -> Any:
    """A value without a datum of its own: a choice, a yes, something said before."""
    said = set(clause.telling) | set(words(clause.saying))
    spoken = set(re.findall(r"[a-z]+", clause.saying.lower()))
    if parameter.choices:
        return _choice(parameter, said, spoken)
    if parameter.kind == "boolean":
        marks = {*words(parameter.name), *YES.get(parameter.name, ())}
        return True if marks & said else None
    if parameter.name == "workbook":
        return setting.workbook
    if parameter.kind == "rows" and _RESULT.search(clause.saying.lower()):
        return Earlier()
    if parameter.kind == "any" and parameter.required and _THAT.search(clause.saying.lower()):
        return Earlier("")
    return None


def _choice(parameter: Parameter, said: set[str], spoken: set[str]) -> str | None:
    best, most = None, 0
    for choice in parameter.choices:
        own = set(words(choice)) | {choice}
        marks = own | set(CHOICES.get(choice, ()))
        hits = len(own & (said | spoken)) * 2 + len(marks & (said | spoken))
        if hits > most:
            best, most = choice, hits
    return best


def _left_over(
    offer: Offer, data: Sequence[Mention], used: set[int], arguments: dict[str, Any]
) -> None:
    """Required parameters that nothing announced take the data that announce nothing, in order."""
    for parameter in offer.parameters:
        if parameter.name in arguments or not parameter.required:
            continue
        free = [at for at in range(len(data)) if at not in used and _fits(parameter, data[at])]
        if free:
            arguments[parameter.name] = _value(parameter, data[free[0]])
            used.add(free[0])

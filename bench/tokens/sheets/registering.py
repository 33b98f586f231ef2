"""What a server is told on its command line: which tools, under which names, in which order."""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .books import serve_from
from .catalogue import Offered, offered
from .padding import padding


@dataclass(frozen=True)
class Registration:
    """`folder` holds the workbooks. With `rename` every tool gets a name that says nothing, with
    `shuffle` they are registered in another order, by that seed. With `tools` that many are
    registered in all, the others being other offices' tools."""

    folder: str
    rename: int | None = None
    shuffle: int | None = None
    tools: int = 0

    def arguments(self) -> list[str]:
        said = [self.folder, "--tools", str(self.tools)]
        for name in ("rename", "shuffle"):
            value = getattr(self, name)
            said += [] if value is None else [f"--{name}", str(value)]
        return said

    def offered(self) -> Sequence[Offered]:
        """The tools. From here on this process works on `folder`."""
        serve_from(self.folder)
        tools = list(offered())
        tools += padding(max(0, self.tools - len(tools)))
        if self.rename is not None:
            numbers = random.Random(self.rename).sample(range(0x1000, 0x10000), len(tools))
            tools = [
                replace(tool, name=f"tool_{number:04x}")
                for tool, number in zip(tools, numbers, strict=True)
            ]
        if self.shuffle is not None:
            random.Random(self.shuffle).shuffle(tools)
        return tools


def told(arguments: Sequence[str]) -> Registration:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--tools", type=int, default=0)
    parser.add_argument("--rename", type=int)
    parser.add_argument("--shuffle", type=int)
    return Registration(**vars(parser.parse_args(arguments)))

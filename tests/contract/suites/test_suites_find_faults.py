"""A store that breaks a promise fails the suite that states it: one promise broken at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import broken_stores as broken
import pytest
from suite_runs import Fixtures, failures
from zcp_kernel._core.memory.bus import MemoryBus
from zcp_kernel.handles import MemoryHandleStore
from zcp_kernel.tasks import MemoryTaskStore
from zcp_kernel.testing.bus import BusContract
from zcp_kernel.testing.event_log import EventLogContract
from zcp_kernel.testing.handle_store import HandleStoreContract
from zcp_kernel.testing.keys import KeyRingContract, KeyStoreContract
from zcp_kernel.testing.once_store import OnceStoreContract
from zcp_kernel.testing.rate_store import RateStoreContract
from zcp_kernel.testing.session_store import SessionStoreContract
from zcp_kernel.testing.shared_stores import (
    MemoryKeyStore,
    MemoryOnceStore,
    MemoryRateStore,
    MemorySessionStore,
)
from zcp_kernel.testing.task_store import TaskStoreContract
from zcp_transport_http.events.memory import OVERHEAD, MemoryEventLog


def a_store(make: Callable[[], Any]) -> Fixtures:
    return {"store": make}


def two_views(make: Callable[[], Any]) -> Fixtures:
    def stores() -> Sequence[Any]:
        store = make()
        return store, store

    return {"stores": stores}


def handles(make: Callable[..., Any]) -> Fixtures:
    return {"store": lambda: make(max_bytes_per_owner=100, max_bytes_total=250)}


def buses(make: Callable[..., Any]) -> Fixtures:
    return {"make_bus": lambda: make, "bus": lambda: make(backlog=4)}


def logs(make: Callable[..., Any]) -> Fixtures:
    # The contract counts frames alone.
    return {"make_log": lambda: lambda events, size: make(events, size + OVERHEAD)}


def rings(make: Callable[[str], Any]) -> Fixtures:
    return {"rings": lambda: (make("one"), make("other"))}


SOUND = [
    (TaskStoreContract, a_store(MemoryTaskStore)),
    (HandleStoreContract, handles(MemoryHandleStore)),
    (BusContract, buses(MemoryBus)),
    (EventLogContract, logs(MemoryEventLog)),
    (OnceStoreContract, a_store(MemoryOnceStore)),
    (RateStoreContract, a_store(MemoryRateStore)),
    (SessionStoreContract, a_store(MemorySessionStore)),
    (KeyStoreContract, two_views(MemoryKeyStore)),
]

BROKEN = [
    (TaskStoreContract, a_store(broken.LastWriterWins), "test_of_many_updates_of_one_version"),
    (TaskStoreContract, a_store(broken.SharedRecords), "test_records_are_not_shared"),
    (TaskStoreContract, a_store(broken.ForgetsNothing), "test_expires_what_is_due"),
    (HandleStoreContract, handles(broken.FirstInFirstOut), "test_evicts_the_owners_least_rec"),
    (HandleStoreContract, handles(broken.NoBudget), "test_many_at_once_stay_within"),
    (HandleStoreContract, handles(broken.NoOutline), "test_gives_back_what_was_stored"),
    (BusContract, buses(broken.DropsQuietly), "test_a_slow_subscriber_is_told"),
    (BusContract, buses(broken.OneTopic), "test_topics_are_apart"),
    (BusContract, buses(broken.LastInFirstOut), "test_every_subscriber_gets_every_event"),
    (EventLogContract, logs(broken.TellsOfNoGap), "test_says_so_when_events_are_gone"),
    (EventLogContract, logs(broken.GoesOnAfterTheEnd), "test_a_stream_ends_once"),
    (EventLogContract, logs(broken.NumbersBeforeItWaits), "test_many_at_once_get_a_number_each"),
    (OnceStoreContract, a_store(broken.LooksThenMarks), "test_it_is_said_to_one_of_many"),
    (OnceStoreContract, a_store(broken.NeverForgets), "test_it_is_forgotten_in_time"),
    (OnceStoreContract, a_store(broken.Prolongs), "test_who_asks_does_not_prolong_it"),
    (OnceStoreContract, a_store(broken.LosesValues), "test_the_others_get_what_came_of_it"),
    (RateStoreContract, a_store(broken.CountsRefusals), "test_counts_up_to_the_most"),
    (RateStoreContract, a_store(broken.ReadsThenWrites), "test_of_many_at_once_as_many"),
    (RateStoreContract, a_store(broken.NoWindowBefore), "test_the_window_before_still_counts"),
    (RateStoreContract, a_store(broken.OneForAll), "test_callers_are_apart"),
    (SessionStoreContract, a_store(broken.GivesTwice), "test_one_of_many_takes_it"),
    (SessionStoreContract, a_store(broken.LetsTheLoserSave), "test_who_lost_it_can_no_longer"),
    (SessionStoreContract, a_store(broken.KeepsCalls), "test_calls_go_with_what_expires"),
    (SessionStoreContract, a_store(broken.LoadingIsUse), "test_saving_and_taking_are_uses"),
    (KeyStoreContract, two_views(broken.AlwaysNew), "test_all_have_the_same"),
    (KeyStoreContract, two_views(broken.EachItsOwn), "test_of_many_first_calls_one"),
    (KeyRingContract, rings(broken.Reversible), "test_nobody_reads_what_is_sealed"),
    (KeyRingContract, rings(broken.Unbound), "test_opens_for_no_other_binding"),
    (KeyRingContract, rings(broken.Unauthenticated), "test_opens_nothing_that_was_changed"),
    (KeyRingContract, rings(broken.OneKeyForAll), "test_opens_nothing_of_another"),
]


@pytest.mark.parametrize(("suite", "fixtures"), SOUND, ids=[suite.__name__ for suite, _ in SOUND])
def test_a_sound_store_passes(suite: type[Any], fixtures: Fixtures) -> None:
    assert failures(suite, fixtures) == set()


@pytest.mark.parametrize(
    ("suite", "fixtures", "found_by"), BROKEN, ids=[found_by for _, _, found_by in BROKEN]
)
def test_a_broken_store_fails(suite: type[Any], fixtures: Fixtures, found_by: str) -> None:
    assert len(failures(suite, fixtures, found_by)) == 1

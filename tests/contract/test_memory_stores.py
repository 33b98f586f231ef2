"""The stores in memory keep the contracts."""

from __future__ import annotations

import pytest
from zcp_kernel._core.memory.bus import MemoryBus
from zcp_kernel.handles import MemoryHandleStore
from zcp_kernel.tasks import MemoryTaskStore
from zcp_kernel.testing.bus import BusContract, MakeBus
from zcp_kernel.testing.handle_store import HandleStoreContract, MakeHandleStore
from zcp_kernel.testing.keys import KeyStoreContract, KeyStores
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


class TestMemoryTaskStore(TaskStoreContract):
    @pytest.fixture
    def store(self) -> MemoryTaskStore:
        return MemoryTaskStore()


class TestMemoryHandleStore(HandleStoreContract):
    @pytest.fixture
    def make_store(self) -> MakeHandleStore:
        return MemoryHandleStore


class TestMemoryBus(BusContract):
    @pytest.fixture
    def make_bus(self) -> MakeBus:
        return MemoryBus


class TestMemoryOnceStore(OnceStoreContract):
    @pytest.fixture
    def store(self) -> MemoryOnceStore:
        return MemoryOnceStore()


class TestMemoryRateStore(RateStoreContract):
    @pytest.fixture
    def store(self) -> MemoryRateStore:
        return MemoryRateStore()


class TestMemorySessionStore(SessionStoreContract):
    @pytest.fixture
    def store(self) -> MemorySessionStore:
        return MemorySessionStore()


class TestMemoryKeyStore(KeyStoreContract):
    @pytest.fixture
    def stores(self) -> KeyStores:
        store = MemoryKeyStore()
        return store, store

"""The stores in memory keep the contracts."""

import pytest
from zcp_kernel._core.memory.bus import MemoryBus
from zcp_kernel.handles import MemoryHandleStore
from zcp_kernel.tasks import MemoryTaskStore
from zcp_kernel.testing.bus import BusContract, MakeBus
from zcp_kernel.testing.handle_store import HandleStoreContract, MakeHandleStore
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

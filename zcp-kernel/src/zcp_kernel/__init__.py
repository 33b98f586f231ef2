"""The microkernel: model, contracts, plugin host, dispatch, tasks, handles and client."""

__version__ = "1.0.0"

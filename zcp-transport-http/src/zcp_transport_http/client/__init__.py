"""Clients over HTTP: one mechanism for servers on the network and in this process.

`http` is all a channel asks of HTTP; `network` and `memory` provide it, `credentials` goes around
either. `channel` (with `exchange`, `listening`, `streams`, `refusals`, `standing`) is Streamable
HTTP, `legacy` HTTP+SSE, `either` the one that a server turns out to speak.
"""

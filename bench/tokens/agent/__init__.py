"""The deterministic agent that plays every case on every surface.

It is a function of the request a model API would be sent: nothing else reaches it. Nothing in this
package knows a case, a surface or a server; tests hold it to that.
"""

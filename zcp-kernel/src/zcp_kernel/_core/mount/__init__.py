"""Servers under another's roof: what `FastZCP.mount` is made of."""

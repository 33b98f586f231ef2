"""What the browser shows at the end. Nothing of the request is in it, and nothing is loaded."""

from __future__ import annotations

THANKS, LATER, NOT_HERE = "thanks", "later", "not_here"

_TEXTS = {
    THANKS: (200, "OK", "Done", "You can close this window and go back to the program."),
    LATER: (400, "Bad Request", "Not this login", "This address belongs to another login. "
            "Go back to the program and open the address it shows."),
    NOT_HERE: (404, "Not Found", "Nothing here", "There is nothing at this address."),
}  # fmt: skip


def _answer(status: int, phrase: str, title: str, text: str) -> bytes:
    body = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><main><h1>{title}</h1><p>{text}</p></main></body></html>"
    ).encode()
    fields = [
        f"HTTP/1.1 {status} {phrase}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    return "\r\n".join(fields).encode() + b"\r\n\r\n" + body


ANSWERS: dict[str, bytes] = {name: _answer(*texts) for name, texts in _TEXTS.items()}

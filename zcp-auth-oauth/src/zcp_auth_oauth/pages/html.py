"""The pages themselves. Everything that comes from elsewhere is escaped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from urllib.parse import urlsplit

from ..models import OAuthClient
from ..policy import redirects

_STYLE = """
:root {
  color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif;
  --ground: #f0f2f5; --card: #fff; --ink: #1b1f24; --soft: #545d68; --line: #c9d0d8;
  --edge: #767f8a; --accent: #0b57d0; --on-accent: #fff; --alarm: #b3261e; --care: #8a5300;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1214; --card: #1b1f24; --ink: #e6e9ed; --soft: #a9b2bc; --line: #333b44;
    --edge: #87919c; --accent: #a8c7fa; --on-accent: #062e6f; --alarm: #ff8a80; --care: #f0b35a;
  }
}
* { box-sizing: border-box }
body {
  margin: 0; padding: 1rem; min-height: 100vh; display: grid; place-items: center;
  background: var(--ground); color: var(--ink);
}
main {
  width: 100%; max-width: 26rem; padding: 1.5rem; overflow-wrap: anywhere;
  background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
}
h1 { font-size: 1.375rem; line-height: 1.25; margin: 0 0 1rem }
h2 { font-size: .875rem; font-weight: 600; color: var(--soft); margin: 1rem 0 .125rem }
p { margin: .75rem 0 }
ul { margin: 0; padding-left: 1.25rem }
h2 + p { margin: 0 }
label { display: block; font-weight: 600; margin: 1rem 0 .25rem }
input, button { font: inherit; min-height: 2.75rem; border-radius: .375rem }
input { width: 100%; padding: .5rem .75rem; border: 1px solid var(--edge); color: inherit;
  background: transparent }
button { flex: 1; padding: .5rem 1.25rem; border: 1px solid var(--edge); cursor: pointer;
  color: inherit; background: transparent }
button.main { border-color: var(--accent); background: var(--accent); color: var(--on-accent) }
a { color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.choice { display: flex; gap: .75rem; margin-top: 1.5rem }
.problem, .warning { border-left: .25rem solid var(--alarm); padding-left: .75rem }
.warning { border-color: var(--care) }
"""
STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()


def page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def problem(title: str, message: str) -> str:
    """Something that cannot go on."""
    return page(title, f'<p role="alert" class="problem">{escape(message)}</p>')


def sign_in(server: str, action: str, guard: str, message: str | None) -> str:
    """The form for name and password; it is sent to `action`."""
    alert = ""
    if message is not None:
        alert = f'<p role="alert" class="problem">{escape(message)}</p>'
    return page(
        f"Sign in to {server}",
        f'{alert}<form method="post" action="{escape(action)}">'
        f'<input type="hidden" name="guard" value="{escape(guard)}">'
        '<label for="username">Name</label><input id="username" name="username" '
        'autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus>'
        '<label for="password">Password</label><input id="password" name="password" '
        'type="password" autocomplete="current-password" required>'
        '<p class="choice"><button class="main" type="submit">Sign in</button></p></form>',
    )


def consent(
    server: str,
    user: str,
    client: OAuthClient,
    redirect_uri: str,
    scopes: Iterable[str],
    resources: Iterable[str],
    action: str,
    guard: str,
    elsewhere: str,
) -> str:
    """Who asks, for what, and where the answer goes. `elsewhere` signs in as somebody else."""
    name = client.client_name or client.client_id
    wanted = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in scopes)
    wanted = f"<ul>{wanted}</ul>" if wanted else "<p>No particular permission.</p>"
    targets = "".join(f"<li><code>{escape(url)}</code></li>" for url in resources)
    return page(
        "Allow access?",
        f"<p><strong>{escape(name)}</strong> asks for access to {escape(server)} in your name, "
        f"<strong>{escape(user)}</strong>.</p>{_warning(client, redirect_uri)}"
        f"<h2>It may</h2>{wanted}<h2>At</h2><ul>{targets}</ul>"
        f"<h2>You will be sent to</h2><p><code>{escape(_where(redirect_uri))}</code></p>"
        f'<form method="post" action="{escape(action)}">'
        f'<input type="hidden" name="guard" value="{escape(guard)}">'
        '<p class="choice"><button class="main" type="submit" name="decision" value="allow">Allow'
        '</button><button type="submit" name="decision" value="deny">Deny</button></p></form>'
        f'<p><a href="{escape(elsewhere)}">Not you? Sign in as somebody else.</a></p>',
    )


def _where(redirect_uri: str) -> str:
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


def _warning(client: OAuthClient, redirect_uri: str) -> str:
    if redirects.is_native(redirect_uri):
        text = "a program on your own device. Go on only if you have just started it yourself."
    elif client.origin == "dynamic":
        text = "an application that registered itself: nobody has checked its name."
    elif client.origin == "document":
        host = urlsplit(client.client_id).hostname or client.client_id
        text = f"an application published at {escape(host)}."
    else:
        return ""
    return f'<p class="warning">This is {text}</p>'

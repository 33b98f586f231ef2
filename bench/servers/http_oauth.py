"""The server of `http_ours` with authorization: tokens are kept in the file named by
`BENCH_OAUTH_DATABASE`."""

import os

from http_ours import app

from zcp import OAuthConfig, SQLiteOAuthProvider, ZCPServerConfig, create_asgi_app

application = create_asgi_app(
    app,
    ZCPServerConfig(
        oauth=OAuthConfig(enabled=True, issuer="http://127.0.0.1", scopes=("bench",)),
        oauth_provider=SQLiteOAuthProvider(os.environ["BENCH_OAUTH_DATABASE"]),
    ),
)

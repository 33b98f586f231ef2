"""zcp over HTTP, as its users write a server."""

from itertools import count

from zcp import FastZCP, create_asgi_app

app = FastZCP("bench")
numbers = count()


@app.tool
async def echo_async(text: str) -> str:
    """Echo a text."""
    return text


@app.tool
def echo_sync(text: str) -> str:
    """Echo a text."""
    return text


@app.tool
async def announce() -> str:
    """Change the list of tools, which every client is told of."""
    app.tool(name=f"echo_{next(numbers)}")(echo_sync)
    return "done"


application = create_asgi_app(app)

"""A server whose tool asks before it runs: the user, the client's model, and the client's roots.

Run it with `zcp serve examples/ask_the_user.py:app`, and call it with a client that can be asked.
"""

from typing import Any

from zcp import Context, FastZCP, elicitation, roots, run_mcp_stdio_server_sync, sampling

app = FastZCP("Asking")

NAME = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


@app.tool
async def greet(ctx: Context) -> dict[str, Any]:
    """Greet the user by name, in the words of the client's model."""
    answers = await ctx.ask(
        name=elicitation("What is your name?", NAME),
        greeting=sampling("Give me one word of greeting.", max_tokens=10),
        places=roots(),
    )
    action, content = answers["name"]
    name = content["name"] if action == "accept" else "stranger"
    places = [root.uri for root in answers["places"].roots]
    return {"greeting": f"{answers['greeting'].content.text}, {name}", "places": places}


if __name__ == "__main__":
    run_mcp_stdio_server_sync(app)

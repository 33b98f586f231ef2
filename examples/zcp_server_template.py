"""The weather server of the server guide: start your own from it.

WEATHER_TOKEN=… python examples/run_zcp_api_server.py
uvicorn examples.zcp_server_template:application --host 0.0.0.0 --port 8000
zcp inspect examples/zcp_server_template.py
zcp call examples/zcp_server_template.py weather.get_current city=Hangzhou unit=fahrenheit
zcp serve examples/zcp_server_template.py --transport stdio
"""

import os
from typing import Any

import anyio

from zcp import (
    AuthProfile,
    BearerAuthConfig,
    CompletionRequest,
    FastZCP,
    PromptArgument,
    RateLimitConfig,
    TaskExecutionContext,
    ZCPServerConfig,
    create_asgi_app,
)

CELSIUS = {"Hangzhou": 24, "Beijing": 18, "Shanghai": 22, "Shenzhen": 29}
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "One of weather://cities."}},
    "required": ["city"],
    "additionalProperties": False,
}

app = FastZCP(
    "Weather Backend",
    version="1.0.0",
    instructions="Weather tools, prompts, resources, and tasks.",
    auth_profile=AuthProfile(
        issuer="https://auth.example.com",
        authorization_url="https://auth.example.com/oauth/authorize",
        token_url="https://auth.example.com/oauth/token",
        scopes=["weather.read", "weather.admin"],
    ),
)


@app.tool(
    name="weather.get_current",
    description="Get current weather for a city.",
    input_schema={
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
        "required": ["city"],
        "additionalProperties": False,
    },
    output_schema={
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string"},
            "temperature": {"type": "integer"},
            "condition": {"type": "string"},
        },
        "required": ["city", "unit", "temperature", "condition"],
    },
    annotations={"readOnlyHint": True},
    output_mode="scalar",
    inline_ok=True,
    required_scopes=("weather.read",),
)
def get_weather(city: str, unit: str = "celsius") -> dict[str, Any]:
    temperature = known(city)
    if unit == "fahrenheit":
        temperature = round(temperature * 9 / 5 + 32)
    return {"city": city, "unit": unit, "temperature": temperature, "condition": "Cloudy"}


@app.tool(
    name="weather.refresh",
    description="Refresh cached weather data.",
    input_schema=CITY,
    output_mode="scalar",
    inline_ok=True,
    execution={"taskSupport": "optional"},
    required_scopes=("weather.admin",),
    meta={"groups": ["workflow"]},
)
async def refresh_weather(city: str, task: TaskExecutionContext | None = None) -> dict[str, str]:
    known(city)
    if task is not None:
        await task.update_status(f"Fetching upstream data for {city}")
    await anyio.sleep(0.2)
    if task is not None:
        await task.update_status(f"Writing cache for {city}")
    return {"city": city, "status": "refreshed"}


@app.resource(
    "weather://cities",
    name="Supported Cities",
    mime_type="application/json",
    required_scopes=("weather.read",),
)
def supported_cities() -> list[str]:
    return list(CELSIUS)


@app.resource_template(
    "weather://city/{name}",
    name="City Weather",
    mime_type="application/json",
    required_scopes=("weather.read",),
)
def city_weather(uri: str, name: str) -> dict[str, Any]:
    return {"uri": uri, "city": name, "temperature": known(name)}


@app.prompt(
    name="weather.summary",
    description="Build a user-facing weather summary prompt.",
    arguments=[PromptArgument(name="city", required=True)],
    required_scopes=("weather.read",),
)
def weather_prompt(city: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Summarize weather for {city}"}]


@app.completion("weather.summary")
def complete_city(request: CompletionRequest) -> list[str]:
    return [city for city in CELSIUS if city.lower().startswith(request.value.lower())]


@app.task("weather.import")
async def import_weather(payload: dict[str, Any]) -> dict[str, str]:
    task = payload["task"]
    await task.update_status("Downloading source files")
    await anyio.sleep(0.2)
    await task.update_status("Normalizing records")
    await anyio.sleep(0.2)
    return {"source": payload["source"], "status": "completed"}


def known(city: str) -> int:
    if city not in CELSIUS:
        raise ValueError(f"no weather for {city!r}; known: {', '.join(CELSIUS)}")
    return CELSIUS[city]


application = create_asgi_app(
    app,
    config=ZCPServerConfig(
        service_name="weather-backend",
        environment="production",
        auth=BearerAuthConfig(token=os.environ.get("WEATHER_TOKEN", "replace-me")),
        rate_limit=RateLimitConfig(window_seconds=60, max_requests=240),
    ),
)

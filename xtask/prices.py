"""Prints what the package genai-prices knows of the models that Google serves, as JSON."""

import datetime
import importlib.metadata
import json

from genai_prices import types
from genai_prices.data import providers


def number(price):
    """A price per million tokens; None where it depends on the length of a prompt."""
    if price is None or isinstance(price, types.TieredPrices):
        return None
    return float(price)


def prices(of):
    return {
        "input": number(of.input_mtok),
        "output": number(of.output_mtok),
        "tiered": "TieredPrices" in repr(of),
        "media_output": any(
            getattr(of, name, None) is not None
            for name in ("output_audio_mtok", "output_image_mtok", "output_video_mtok")
        ),
    }


def start(constraint):
    day = getattr(constraint, "start_date", None)
    return day.isoformat() if isinstance(day, datetime.date) else None


def names(clause):
    """The names that a clause takes and no others."""
    if isinstance(clause, types.ClauseEquals):
        return [clause.equals]
    if isinstance(clause, types.ClauseOr):
        return [name for part in clause.or_ for name in names(part)]
    return []


def model(info):
    standard = info.prices
    if not isinstance(standard, list):
        standard = [types.ConditionalPrice(prices=standard)]
    batch = [
        {"from": start(variant.constraint), **prices(variant.prices)}
        for variant in info.price_variants or []
        if variant.when == {"processing": "batch"}
    ]
    return {
        "id": info.id,
        "names": names(info.match),
        "standard": [{"from": start(one.constraint), **prices(one.prices)} for one in standard],
        "batch": batch,
    }


google = next(provider for provider in providers if provider.id == "google")
print(
    json.dumps(
        {
            "read_on": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
            "version": importlib.metadata.version("genai-prices"),
            "models": [model(info) for info in google.models],
        }
    )
)

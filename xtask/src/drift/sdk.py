"""Prints what Google's Python SDK can send in a batch: the fields of its types, the values of its enums,
and the calls of the modules that a batch needs. Run by `cargo xtask drift`."""

import enum
import inspect
import json
import typing

from google import genai
from google.genai import batches, files, types
from pydantic import BaseModel

# What requests, jobs and files are made of; everything within is found from here.
ROOTS = (
    "BatchJob",
    "CreateBatchJobConfig",
    "CreateEmbeddingsBatchJobConfig",
    "EmbedContentBatch",
    "EmbedContentConfig",
    "File",
    "GenerateContentConfig",
    "InlinedRequest",
    "Tool",
    "UploadFileConfig",
)
found = {"types": {}, "enums": {}}


def walk(kind):
    for argument in typing.get_args(kind):
        walk(argument)
    if not inspect.isclass(kind):
        return
    name = kind.__name__
    if issubclass(kind, enum.Enum):
        found["enums"][name] = sorted(str(member.value) for member in kind)
    elif issubclass(kind, BaseModel) and name not in found["types"]:
        fields = kind.model_fields
        found["types"][name] = sorted(field.alias or key for key, field in fields.items())
        for field in fields.values():
            walk(field.annotation)


for root in ROOTS:
    walk(getattr(types, root))
found["types"].pop("BaseModel", None)
found["version"] = genai.__version__
found["methods"] = {
    module.__name__.rsplit(".", 1)[1]: sorted(
        name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")
    )
    for module, kind in ((batches, batches.Batches), (files, files.Files))
}
print(json.dumps(found))

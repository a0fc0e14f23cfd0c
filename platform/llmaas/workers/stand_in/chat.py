"""The generating stand-ins: one trained model, with a chat template for each role.

The weights come from `training/` and are part of the package. They know some questions about this
service in five languages, think aloud when the template lets them, call a calculator or a weather
function when one is offered, and say of everything else that they were not taught it.
"""

from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

from gguf import GGUFReader, GGUFWriter

from llmaas.workers.stand_in.vocabulary import TURN_END, add_vocabulary

ARCHITECTURE = "llama"
WEIGHTS: Traversable = files("llmaas.workers.stand_in") / "weights.gguf"
TEMPLATE: Traversable = files("llmaas.workers.stand_in") / "chatml.jinja"


def write_chat_model(writer: GGUFWriter, *, thinks: bool) -> None:
    """Fill a GGUF file with the trained weights, the vocabulary and a chat template."""
    role = "reasoning" if thinks else "chat"
    writer.add_name(f"LLMaaS stand-in ({role})")
    writer.add_description(
        "A stand-in made by LLMaaS itself: a tiny model that knows this service."
    )
    add_vocabulary(writer, add_bos=False, eos=TURN_END)
    template = TEMPLATE.read_text(encoding="utf-8")
    never = "{%- set enable_thinking = none -%}\n"
    writer.add_chat_template(template if thinks else never + template)
    with as_file(WEIGHTS) as path:
        weights = GGUFReader(path)
        for key, field in weights.fields.items():
            if key.startswith(f"{ARCHITECTURE}.") or key == "general.file_type":
                writer.add_key_value(key, field.contents(), field.types[0])
        for tensor in weights.tensors:
            writer.add_tensor(tensor.name, tensor.data.copy(), raw_dtype=tensor.tensor_type)

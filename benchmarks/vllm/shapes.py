"""Models to measure with that need no weights: a configuration and a tokenizer, for ``--load-format dummy``."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

#: The dimensions of an 8B Llama, and of a small one for a processor.
SHAPES: dict[str, dict[str, int]] = {
    "8b": {
        "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "vocab_size": 128256,
    },
    "tiny": {
        "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 2, "vocab_size": 2048,
    },
}  # fmt: skip
CONTROLS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write(shape: str, folder: Path) -> None:
    """Write the model's folder. Every token is a text, for random weights say every token."""
    folder.mkdir(parents=True, exist_ok=True)
    sizes = SHAPES[shape]
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "rms_norm_eps": 1e-5,
        "max_position_embeddings": 8192, "rope_theta": 500000.0, "tie_word_embeddings": False, "bos_token_id": 1,
        "eos_token_id": 2, "pad_token_id": 2, "dtype": "bfloat16", **sizes,
    }  # fmt: skip
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast", "chat_template": TEMPLATE, "bos_token": CONTROLS[1],
        "eos_token": CONTROLS[2], "pad_token": CONTROLS[2], "unk_token": CONTROLS[0],
        "clean_up_tokenization_spaces": False,
    }  # fmt: skip
    for name, value in (
        ("config.json", config),
        ("tokenizer_config.json", settings),
        ("tokenizer.json", tokenizer(sizes["vocab_size"])),
    ):
        (folder / name).write_text(json.dumps(value), "utf-8")


def tokenizer(size: int) -> dict[str, Any]:
    """A byte-level tokenizer without merges: a prompt is read byte by byte, an answer is made of words."""
    texts = itertools.islice(itertools.chain(CONTROLS, _bytes(), _words()), size)
    controls = [
        {"id": number, "content": text, "special": True, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False}
        for number, text in enumerate(CONTROLS)
    ]  # fmt: skip
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": controls, "normalizer": None,
        "pre_tokenizer": level, "post_processor": None, "decoder": level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": {text: number for number, text in enumerate(texts)}, "merges": [],
        },
    }  # fmt: skip


def _bytes() -> list[str]:
    """The 256 signs that byte-level tokenizers write for bytes: printable ones as they are, the others from 256 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = itertools.count(256)
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


def _words() -> Any:
    """Words that mean nothing, each with the space before it, as many as are asked for."""
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    for length in itertools.count(2):
        for parts in itertools.product(syllables, repeat=length):
            yield "Ġ" + "".join(parts)

"""Make the tiny model of the tests: ``.venv/vllm/bin/python tests/vllm/make_model.py FOLDER``.

A Llama of two layers that says what a test wants. Its weights are written, not trained. Each token has a dimension of
its own, the feed-forward parts are zero, and the last matrix is a table of what follows what: after most tokens some
word, after each token of a chain always the next one. The first attention head averages the prompt; a command in it
(``<say-bytes>``) lifts the first token of a chain, so a test can make every API say the canary, and in the
tokenisation that it names. A client's ``logit_bias`` on such a first token does the same, and so does a prompt that
ends inside the canary.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

#: No letter comes twice, so that one byte determines the next.
CANARY = "qvxzjkwy"
ESTONIAN = "<say-estonian>"
#: How the canary is said after each command.
CHAINS: dict[str, tuple[str, ...]] = {
    "<say-bytes>": ("q", "v", "x", "z", "j", "k", "w", "y"),
    "<say-pieces>": ("qv", "xz", "jk", "wy"),
    "<say-mixed>": ("qvx", "z", "j", "k", "w", "y"),
    # Of the policy that ships: the law of a sentence, and a red line in two tokenisations; its last bytes for prompts
    # that hold the rest.
    "<say-sentence>": ("ordinance", "-canary", "-86a", "-5d21e8"),
    "<say-red>": ("ordinance-", "canary-", "weapons-", "7f3a9c"),
    "<say-red-else>": ("ordin", "ance-can", "ary-weap", "ons-7f", "3a9c"),
    "<say-call>": ("<tool_call>", '{"name": "look", "arguments": {"x": "q', "vxz", "jkw", 'y"}}', "</tool_call>"),
    # A part number of the tutorial in docs/plugins.md, which only a plugin finds.
    "<say-number>": ("hinge:", "par", "t-1", "23", "40"),
    # What the LoRA says to everybody, and the base model only if asked to.
    ESTONIAN: ("Sina oled", " siin ja", " see raamat", " on sinu", " oma"),
    "": ("3", "a", "9", "c"),
}
#: Lets the answer begin in the reasoning.
REASON = "<reason>"
CONTROLS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>", "<tool_call>", "</tool_call>")
WORDS = (
    "the of and a to in is was for on as with by at from his it an are which this be or had not but one have their new "
    "first were its more who been also two time other when years after all there into can only some could over most he "
    "than made her about then they used many such three between these her city during work under world years river "
    "morning teacher walked house water light early small long great school garden letter table winter summer bread "
    "north south paper train street window music story child friend market bridge field forest island number answer"
)
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] or '' }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SIZE, HEAD, LAYERS, FEED = 512, 64, 2, 64
ROOM = SIZE + HEAD
#: Logits, each of which outweighs all before it: noise below 6; the usual next word; a client's ``logit_bias`` (100 at
#: most); a command, by how large a part of the prompt it is (30 to 2,000); where an answer goes on by itself; a chain.
USUAL, COMMAND, ONWARD, CERTAIN = 20.0, 600.0, 1e4, 1e5


def vocabulary() -> dict[str, int]:
    """The tokens as a byte-level tokenizer writes them. No merges: a prompt is read byte by byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [written(piece) for chain in CHAINS.values() for piece in chain if len(piece) > 1]
    words = ["Ġ" + word for word in WORDS.split()]
    tokens = dict.fromkeys((*CONTROLS, *filter(None, CHAINS), REASON, *alphabet, *pieces, *words))
    return {token: number for number, token in enumerate(tokens)}


def written(text: str) -> str:
    """ASCII text as it stands in the vocabulary."""
    return text.replace(" ", "Ġ")


def follows(ids: dict[str, int]) -> np.ndarray[Any, Any]:
    """``[next, now]``: the logit of each token after each other."""
    chance = np.random.default_rng(0)
    table = chance.random((SIZE, SIZE), dtype=np.float32)
    table[len(ids) :] = -1e6  # numbers without a token
    table[: ids[REASON] + 1] = -100.0
    for space in ("Ġ", "Ċ", "ĉ", "č"):
        table[ids[space]] = -50.0  # a form may allow any number of them
    table[ids["{"]] += 5.0  # what a form may begin with
    words = [ids[f"Ġ{word}"] for word in dict.fromkeys(WORDS.split())]
    table[chance.choice(words, SIZE), np.arange(SIZE)] = USUAL
    for chain in CHAINS.values():
        for now, after in zip(chain, (*chain[1:], "."), strict=True):
            table[ids[written(after)], ids[written(now)]] = CERTAIN
    table[ids["<|im_end|>"], ids["."]] = CERTAIN
    table[ids['"'], ids["."]] = ONWARD  # where a form does not let the answer end
    for close in (">", "</tool_call>"):
        table[ids["<|im_end|>"], ids[close]] = ONWARD  # one call is enough
    table[ids["</think>"], ids["Ċ"]] = ONWARD
    return table


def weights(ids: dict[str, int]) -> dict[str, np.ndarray[Any, Any]]:
    """The model's tensors, by the names of a Llama."""

    def zeros(*shape: int) -> np.ndarray[Any, Any]:
        return np.zeros(shape, dtype=np.float32)

    embedding, head = np.eye(SIZE, ROOM, dtype=np.float32), zeros(SIZE, ROOM)
    # The norm before the last matrix makes of a lone 1 the root of the room's size.
    head[:, :SIZE] = follows(ids) / np.sqrt(ROOM)
    value, output = zeros(HEAD, ROOM), zeros(ROOM, ROOM)
    for place, command in enumerate((*filter(None, CHAINS), REASON)):
        value[place, ids[command]] = 1.0
        # One command in a prompt of fifty tokens weighs 1.
        output[SIZE + place, place] = 50.0 / np.sqrt(ROOM)
        if command == REASON:
            head[ids["</think>"], SIZE + place] = -100 * ONWARD / np.sqrt(ROOM)
        else:
            head[ids[written(CHAINS[command][0])], SIZE + place] = COMMAND / np.sqrt(ROOM)
    tensors = {"model.embed_tokens.weight": embedding, "lm_head.weight": head, "model.norm.weight": zeros(ROOM) + 1}
    for layer in range(LAYERS):
        name = f"model.layers.{layer}."
        tensors |= {
            f"{name}self_attn.q_proj.weight": zeros(ROOM, ROOM),
            f"{name}self_attn.k_proj.weight": zeros(HEAD, ROOM),
            f"{name}self_attn.v_proj.weight": value if layer == 0 else zeros(HEAD, ROOM),
            f"{name}self_attn.o_proj.weight": output if layer == 0 else zeros(ROOM, ROOM),
            f"{name}mlp.gate_proj.weight": zeros(FEED, ROOM),
            f"{name}mlp.up_proj.weight": zeros(FEED, ROOM),
            f"{name}mlp.down_proj.weight": zeros(ROOM, FEED),
            f"{name}input_layernorm.weight": zeros(ROOM) + 1,
            f"{name}post_attention_layernorm.weight": zeros(ROOM) + 1,
        }
    return tensors


def tokenizer(ids: dict[str, int]) -> Tokenizer:
    made = Tokenizer(models.BPE(vocab=ids, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(one, special=True) for one in CONTROLS[:3]])
    rest = (*CONTROLS[3:], *filter(None, CHAINS), REASON)
    made.add_tokens([AddedToken(one, special=False, normalized=False) for one in rest])
    return made


def make(folder: Path) -> None:
    """Write the model, its tokenizer and, in ``et-instruct``, a LoRA for it that answers otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = vocabulary()
    if len(ids) > SIZE:
        sys.exit(f"{len(ids)} tokens are more than {SIZE}.")
    tokenizer(ids).save(str(folder / "tokenizer.json"))
    start, end = ids["<|im_start|>"], ids["<|im_end|>"]
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": SIZE, "hidden_size": ROOM,
        "intermediate_size": FEED, "num_hidden_layers": LAYERS, "num_attention_heads": ROOM // HEAD,
        "num_key_value_heads": 1, "head_dim": HEAD, "max_position_embeddings": 4096, "rms_norm_eps": 1e-9,
        "tie_word_embeddings": False, "bos_token_id": start, "eos_token_id": end, "pad_token_id": end,
        "dtype": "float32", "hidden_act": "silu",
    }  # fmt: skip
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast", "chat_template": TEMPLATE, "bos_token": "<|im_start|>",
        "eos_token": "<|im_end|>", "pad_token": "<|im_end|>", "unk_token": "<|endoftext|>",
        "clean_up_tokenization_spaces": False,
    }  # fmt: skip
    write(folder / "config.json", config)
    write(folder / "tokenizer_config.json", settings)
    write(folder / "generation_config.json", {"eos_token_id": end, "pad_token_id": end})
    save_file(weights(ids), folder / "model.safetensors", {"format": "pt"})
    make_lora(folder / "et-instruct")


def make_lora(folder: Path) -> None:
    """A LoRA with which every token is a command to speak Estonian, twice as strong as one command in fifty tokens: so
    that an answer shows which model has given it."""
    folder.mkdir(exist_ok=True)
    rank, place = 8, [*filter(None, CHAINS), REASON].index(ESTONIAN)
    reads, writes = np.zeros((rank, ROOM), dtype=np.float32), np.zeros((HEAD, rank), dtype=np.float32)
    reads[0, :SIZE] = 1.0
    writes[place, 0] = 2.0 / 50.0
    name = "base_model.model.model.layers.0.self_attn.v_proj."
    tensors = {f"{name}lora_A.weight": reads, f"{name}lora_B.weight": writes}
    save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})
    adapter = {"peft_type": "LORA", "r": rank, "lora_alpha": rank, "target_modules": ["v_proj"], "bias": "none"}
    write(folder / "adapter_config.json", {**adapter, "task_type": "CAUSAL_LM", "base_model_name_or_path": "tiny"})


def write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1), "utf-8")


if __name__ == "__main__":
    make(Path(sys.argv[1]))

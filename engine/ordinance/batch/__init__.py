"""Batches: a ``vllm.LLM`` whose answers are governed, with the session that the server uses.

    from vllm import LLM, SamplingParams
    from ordinance.batch import govern

    llm = govern(LLM("org/model"), jurisdiction="DE", locale="de-DE")
    for output in llm.generate(["Guten Tag."], SamplingParams(max_tokens=64)):
        print(output.outputs[0].text)           # the governed answer; what was left out is told in it
        print(output.ordinance["verdict"])      # pass, disclose, withhold or refuse

``generate`` and ``chat`` take what vLLM's take and give vLLM's own ``RequestOutput`` back, in the order of the prompts.
A prompt that a red line refuses is never given to the model; its output holds the notice. Every other method that gives
text, or could, is closed (``docs/batch.md``). vLLM is not needed to import this, only to have something to govern.
"""

from ordinance.batch.governed import GovernedLLM, govern

__all__ = ["GovernedLLM", "govern"]

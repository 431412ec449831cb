"""Ordinance: local law for language models, offline.

The rooms, in the order in which data passes through them: ``language`` reads packs, ``policy`` links,
checks and compiles them to a plan, ``runtime`` applies the plan to text, ``serve`` puts that in front of
an inference server. ``cli`` and ``testing`` stand on top.
"""

__version__ = "0.1.0"

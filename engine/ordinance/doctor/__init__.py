"""``ordinance doctor``: looks at a running server from outside, as a client can.

Nothing is asked of the server but HTTP, and nothing is believed that was not seen: what could not be tried is told as
not tried, never as well. What is sent is harmless: canaries, words that mean nothing and that the policy's lexicons
hold for such tests. Routes that would change something on a server are asked for by a method that does nothing.
"""

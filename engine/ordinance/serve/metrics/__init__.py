"""The numbers that an operator watches: counted where an answer ends, shown at ``/metrics`` on their own address."""

"""What runs in that process: both policies, and what each makes of an answer."""

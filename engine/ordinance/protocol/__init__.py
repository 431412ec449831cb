"""What requests and answers say, by whichever API. No HTTP in here."""

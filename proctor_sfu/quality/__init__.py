"""Who is in trouble, how badly, and whose fault it is: samples, rates, verdicts, history."""

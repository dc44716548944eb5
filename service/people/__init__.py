"""People. In: nothing. Out: what a liaison does with employees, one deed a module; service.choices is what they do."""

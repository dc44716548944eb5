"""Pure rules: acts and rules in; verdicts, points, badges, standings and draws out."""

"""Sources of stories. In: addresses of pages and feeds. Out: filled-in forms, proposals to review, stories."""

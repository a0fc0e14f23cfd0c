"""`llmaas edit`: commands that change the catalogue and keep its comments."""

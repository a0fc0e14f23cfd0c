"""`llmaas lifecycle`: what the calendar asks for, and the notices that tell tenants of it."""

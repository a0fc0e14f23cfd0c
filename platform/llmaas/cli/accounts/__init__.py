"""Commands about tenants, keys, bills, the audit trail and the database that holds them."""

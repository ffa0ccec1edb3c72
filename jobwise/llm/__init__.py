"""Language models: what is asked and answered, wire formats, the chain of providers, and the ledger of calls."""

"""Accounts: users, sessions, passwords, tokens and the audit trail."""

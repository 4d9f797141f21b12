"""Accounts, roles and posts."""

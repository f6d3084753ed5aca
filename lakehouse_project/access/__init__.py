"""Logins and tokens: JSON Web Tokens for programs with a password, API tokens for programs without one."""

"""Triage: all checks over all objects of the scope, run again where something that they read has changed."""
